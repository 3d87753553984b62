package collector_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/smartlead"
)

// Each failure changes campaign_up and one counter, and neither the values nor another campaign.
func TestFailureLeavesValuesAlone(t *testing.T) {
	type failureCase struct {
		name   string
		err    error
		reason smartlead.Reason
	}
	var table []failureCase
	for _, reason := range smartlead.Reasons() {
		table = append(table,
			failureCase{string(reason), failure(reason), reason},
			failureCase{string(reason) + ", wrapped", fmt.Errorf("couldn't: %w", failure(reason)), reason})
	}
	table = append(table, failureCase{"a query that is refused before it is sent", errors.New("smartlead: no such page size"), smartlead.ErrBadRequest})

	for _, tc := range table {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := newAPI()
				api.Answer(1, answer{Sent: 5})
				api.Answer(2, answer{Sent: 6})
				e := start(t, settings(account("default", api, 1, 2), account("other", newAPI(), 3)))
				e.scrape()
				succeeded := time.Now()

				time.Sleep(ttl)
				api.Answer(1, answer{Err: tc.err})
				want := page{
					sent(1): 5, up(1): 0, lastSuccess(1): seconds(succeeded),
					sent(2): 6, up(2): 1,
					sent(3): 1, up(3): 1,
				}
				if tc.reason == smartlead.ErrUnauthorized { // which concerns all, so that nothing is asked for 2
					want[up(2)] = 0
				}
				for _, reason := range smartlead.Reasons() {
					want[failures("default", string(reason))] = 0
					want[failures("other", string(reason))] = 0
				}
				want[failures("default", string(tc.reason))] = 1
				e.scrape().Want(t, "first failure", want)
				e.scrape().Want(t, "just after it", want)
				if tc.reason == smartlead.ErrUnauthorized { // the account's back-off has a test of its own
					return
				}

				time.Sleep(maxBackoff)
				want[failures("default", string(tc.reason))] = 2
				e.scrape().Want(t, "second failure", want)

				time.Sleep(maxBackoff)
				api.Answer(1, answer{Sent: 7})
				want[sent(1)], want[up(1)], want[lastSuccess(1)] = 7, 1, seconds(time.Now())
				e.scrape().Want(t, "recovery", want)
			})
		})
	}
}

func TestRefreshDurationAndRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI()
		e := start(t, settings(account("default", api, 1)))
		for _, step := range []struct {
			when     string
			answer   answer
			seconds  float64
			requests float64
		}{
			{"one page", answer{Takes: 250 * time.Millisecond, Statistics: &smartlead.Statistics{Requests: 1}}, 0.25, 1},
			{"many pages", answer{Takes: 90 * time.Second, Statistics: &smartlead.Statistics{Requests: 17}}, 90, 17},
			{"a failure after four tries", answer{Takes: 7 * time.Second, Statistics: &smartlead.Statistics{Requests: 4}, Err: failure(smartlead.ErrServer)}, 7, 4},
			{"a failure without any request", answer{Statistics: &smartlead.Statistics{}, Err: failure(smartlead.ErrUnauthorized)}, 0, 0},
		} {
			time.Sleep(maxBackoff)
			api.Answer(1, step.answer)
			e.scrape().Want(t, step.when, page{duration(1): step.seconds, requests(1): step.requests})
		}
	})
}

// What isn't finished says nothing of the newest finished refresh.
func TestRefreshUnderWayChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI()
		api.Answer(1, answer{Takes: 2 * time.Second})
		e := start(t, settings(account("default", api, 1)))
		e.scrape()
		want := page{up(1): 1, duration(1): 2, requests(1): 1, lastSuccess(1): seconds(time.Now())}
		time.Sleep(ttl)
		api.Answer(1, answer{Takes: time.Minute, Err: failure(smartlead.ErrServer)})
		e.scrapeFor(59*time.Second).Want(t, "while the second refresh runs", want)
	})
}
