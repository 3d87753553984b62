package collector_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/collector"
	"smartlead_exporter/smartlead"
)

// campaignStatus is what is looked at of a collector.Snapshot.
type campaignStatus struct {
	ID           int64
	Name, Status string
	State        collector.State
	LastSuccess  time.Time
	NextRefresh  time.Time
	Queue        int
	Refreshing   bool
	Duration     time.Duration
	Requests     int
	Error        string
	Reason       smartlead.Reason
}

// accountStatus is what is looked at of a collector.AccountSnapshot.
type accountStatus struct {
	Name            string
	Campaigns       []campaignStatus
	Queued, Running int
	ListLastSuccess time.Time
	Omitted         int
}

func statuses(e *exporter) (all []accountStatus) {
	for _, a := range e.store.Snapshot() {
		account := accountStatus{
			Name: a.Name, Queued: a.Queued, Running: a.Running, ListLastSuccess: a.ListLastSuccess, Omitted: a.Omitted,
		}
		for _, c := range a.Campaigns {
			status := campaignStatus{
				ID: c.Query.CampaignID, Name: c.Name, State: c.State, LastSuccess: c.LastSuccess, NextRefresh: c.NextRefresh,
				Queue: c.Queue, Refreshing: c.Refreshing, Duration: c.Duration, Requests: c.Requests, Error: c.Error, Reason: c.Reason,
			}
			if c.Listed != nil {
				status.Status = c.Listed.Status
			}
			account.Campaigns = append(account.Campaigns, status)
		}
		all = append(all, account)
	}
	return all
}

// statusOf returns the status of the only account's campaigns, in their order.
func statusOf(t *testing.T, e *exporter) []campaignStatus {
	t.Helper()
	accounts := statuses(e)
	if len(accounts) != 1 {
		t.Fatalf("there are %d accounts, want one: %+v", len(accounts), accounts)
	}
	return accounts[0].Campaigns
}

func wantStatus(t *testing.T, when string, e *exporter, want ...campaignStatus) {
	t.Helper()
	if diff := cmp.Diff(want, statusOf(t, e)); diff != "" {
		t.Errorf("%s: the status is different (-want +got):\n%s", when, diff)
	}
}

// A campaign's way from never fetched to expired, with the edges of each state.
func TestStatusStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const takes = 2 * time.Second
		api := newAPI()
		api.Answer(1, answer{Takes: takes, Sent: 5})
		e := start(t, settings(account("a", api, 1)))
		wantStatus(t, "at first", e, campaignStatus{ID: 1, State: collector.StateNever})

		e.scrape()
		success := time.Now()
		fresh := campaignStatus{
			ID: 1, State: collector.StateFresh, LastSuccess: success, NextRefresh: success.Add(ttl), Duration: takes, Requests: 1,
		}
		wantStatus(t, "just fetched", e, fresh)
		time.Sleep(ttl - 1)
		wantStatus(t, "just younger than the TTL", e, fresh)
		time.Sleep(time.Nanosecond)
		stale := fresh
		stale.State, stale.NextRefresh = collector.StateStale, time.Time{}
		wantStatus(t, "as old as the TTL", e, stale)
		time.Sleep(9 * maxStale)
		wantStatus(t, "whatever its age, as long as nothing fails", e, stale)
		if n := api.Times(1); n != 1 {
			t.Errorf("the campaign was fetched %d times, want once: looking asks for no refresh", n)
		}

		api.Answer(1, answer{Err: failure(smartlead.ErrNotFound)})
		e.scrape()
		failing := stale
		failing.Duration, failing.NextRefresh = 0, time.Now().Add(ttl)
		failing.Reason, failing.Error = smartlead.ErrNotFound, failure(smartlead.ErrNotFound).Error()
		wantStatus(t, "when it has failed", e, failing)
		time.Sleep(maxStale - 1)
		failing.NextRefresh = time.Time{}
		wantStatus(t, "failing for just less than max_stale", e, failing)
		time.Sleep(time.Nanosecond)
		failing.State = collector.StateExpired
		wantStatus(t, "failing for max_stale", e, failing)
	})
}

// Without max_stale values go at the first failure.
func TestStatusWithoutMaxStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI()
		s := settings(account("a", api, 1))
		s.MaxStale = 0
		e := start(t, s)
		e.scrape()
		want := func(want collector.State) {
			t.Helper()
			if got := statusOf(t, e)[0].State; got != want {
				t.Errorf("the state is %s, want %s", got, want)
			}
		}
		want(collector.StateFresh)
		time.Sleep(ttl)
		want(collector.StateStale)
		api.Answer(1, answer{Err: failure(smartlead.ErrServer)})
		e.scrape()
		want(collector.StateExpired)
	})
}

// What failed, why, and that it is over.
func TestStatusOfFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI()
		api.Answer(1, answer{Takes: time.Second, Err: failure(smartlead.ErrTimeout)})
		e := start(t, settings(account("a", api, 1, 2)))
		e.scrape()
		first := time.Now() // 2 was fetched after 1, and took no time
		other := campaignStatus{ID: 2, State: collector.StateFresh, LastSuccess: first, NextRefresh: first.Add(ttl), Requests: 1}
		failed := campaignStatus{
			ID: 1, State: collector.StateNever, Duration: time.Second, Requests: 1, NextRefresh: first.Add(ttl),
			Reason: smartlead.ErrTimeout, Error: failure(smartlead.ErrTimeout).Error(),
		}
		wantStatus(t, "never fetched", e, failed, other)

		time.Sleep(maxBackoff)
		api.Answer(1, answer{Sent: 5})
		e.scrape()
		success := time.Now()
		good := campaignStatus{ID: 1, State: collector.StateFresh, LastSuccess: success, NextRefresh: success.Add(ttl), Requests: 1}
		other.LastSuccess, other.NextRefresh = success, success.Add(ttl)
		wantStatus(t, "recovered", e, good, other)

		// The newest failure counts, and the values stay.
		for i, reason := range []smartlead.Reason{smartlead.ErrServer, smartlead.ErrNotFound} {
			api.Answer(1, answer{Takes: 3 * time.Second, Err: failure(reason)})
			time.Sleep(maxBackoff)
			e.scrape()
			got := statusOf(t, e)[0]
			want := campaignStatus{
				ID: 1, State: collector.StateStale, LastSuccess: success, Duration: 3 * time.Second, Requests: 1,
				NextRefresh: time.Now().Add(ttl << i), Reason: reason, Error: failure(reason).Error(),
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("after %s (-want +got):\n%s", reason, diff)
			}
		}

		// An error of the query itself, which package smartlead gives no reason.
		api.Answer(1, answer{Err: errors.New("smartlead: sequence number 21 is not between 1 and 20")})
		time.Sleep(maxBackoff)
		e.scrape()
		if got := statusOf(t, e)[0]; got.Reason != smartlead.ErrBadRequest || !strings.Contains(got.Error, "sequence number 21") {
			t.Errorf("got %+v, want the reason bad_request and what is wrong with the query", got)
		}

		time.Sleep(maxBackoff)
		api.Answer(1, answer{Sent: 6})
		e.scrape()
		again := time.Now()
		if diff := cmp.Diff(campaignStatus{
			ID: 1, State: collector.StateFresh, LastSuccess: again, NextRefresh: again.Add(ttl), Requests: 1,
		}, statusOf(t, e)[0]); diff != "" {
			t.Errorf("recovered again (-want +got):\n%s", diff)
		}
	})
}

// Who is being fetched, and who waits at which place, while one account of two is slow.
func TestStatusOfQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := newAPI()
		for _, id := range numbers(6) {
			slow.Answer(id, answer{Takes: time.Duration(id) * 10 * time.Second})
		}
		e := start(t, settings(concurrently(2, account("slow", slow, 1, 2, 3, 4, 5, 6)), account("quick", newAPI(), 11, 12)))
		e.scrapeFor(time.Second)

		type standing struct {
			queued, running int
			places          []int   // by campaign
			refreshing      []int64 // campaigns
		}
		look := func() map[string]standing {
			found := map[string]standing{}
			for _, a := range statuses(e) {
				s := standing{queued: a.Queued, running: a.Running}
				for _, c := range a.Campaigns {
					s.places = append(s.places, c.Queue)
					if c.Refreshing {
						s.refreshing = append(s.refreshing, c.ID)
					}
				}
				found[a.Name] = s
			}
			return found
		}
		idle := standing{places: []int{0, 0}}
		want := func(when string, slow standing) {
			t.Helper()
			got := look()
			if diff := cmp.Diff(map[string]standing{"slow": slow, "quick": idle}, got, cmp.AllowUnexported(standing{})); diff != "" {
				t.Errorf("%s: who waits is different (-want +got):\n%s", when, diff)
			}
		}
		want("after a second", standing{4, 2, []int{0, 0, 1, 2, 3, 4}, []int64{1, 2}})
		time.Sleep(10 * time.Second) // 1 is done
		want("when the first is done", standing{3, 2, []int{0, 0, 0, 1, 2, 3}, []int64{2, 3}})

		// What is configured no longer leaves the queue, and what is new joins it at its end.
		e.store.Apply(settings(concurrently(2, account("slow", slow, 1, 2, 3, 5, 6, 7)), account("quick", newAPI(), 11, 12)))
		slow.Answer(7, answer{Takes: time.Minute})
		e.scrapeFor(time.Second)
		want("after a reload", standing{3, 2, []int{0, 0, 0, 1, 2, 3}, []int64{2, 3}})

		// More at a time leave the queue at once.
		e.store.Apply(settings(concurrently(4, account("slow", slow, 1, 2, 3, 5, 6, 7)), account("quick", newAPI(), 11, 12)))
		synctest.Wait()
		want("with more at a time", standing{1, 4, []int{0, 0, 0, 0, 0, 1}, []int64{2, 3, 5, 6}})
		e.scrape()
		synctest.Wait()
		want("when all is done", standing{0, 0, make([]int, 6), nil})
	})
}

// A campaign that is being refreshed still says how the newest finished refresh went.
func TestStatusWhileRefreshing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI()
		api.Answer(1, answer{Takes: time.Second})
		e := start(t, settings(account("a", api, 1)))
		e.scrape()
		success := time.Now()
		time.Sleep(ttl)
		api.Answer(1, answer{Takes: time.Minute, Err: failure(smartlead.ErrServer)})
		e.scrapeFor(time.Second)
		wantStatus(t, "while the second refresh runs", e, campaignStatus{
			ID: 1, State: collector.StateStale, LastSuccess: success, Duration: time.Second, Requests: 1, Refreshing: true,
		})
	})
}

// Names and statuses come from the list, accounts in the order of the settings, configured campaigns before discovered.
func TestStatusOfLists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &catalogAPI{}
		paused := active(3)[0]
		paused.Name, paused.Status = "Paused", "PAUSED"
		l.Answer(append(active(1, 2), paused)...)
		found := discovering("found", newAPI(), l)
		found.Campaigns = []collector.Campaign{campaign(9, "By hand"), campaign(3, "")}
		found.Discovery.Statuses, found.Discovery.MaxCampaigns = []string{"ACTIVE"}, 1
		e := start(t, settings(account("plain", newAPI(), 7), found))

		before := statuses(e)
		if len(before) != 2 || !before[1].ListLastSuccess.IsZero() || len(before[1].Campaigns) != 2 {
			t.Errorf("before the first list: %+v", before)
		}
		e.scrape()
		now := time.Now()
		fresh := func(id int64, name, status string) campaignStatus {
			return campaignStatus{
				ID: id, Name: name, Status: status, State: collector.StateFresh, LastSuccess: now, NextRefresh: now.Add(ttl), Requests: 1,
			}
		}
		want := []accountStatus{
			{Name: "plain", Campaigns: []campaignStatus{fresh(7, "", "")}},
			{Name: "found", ListLastSuccess: now, Omitted: 1, Campaigns: []campaignStatus{
				fresh(9, "By hand", ""), fresh(3, "Paused", "PAUSED"), fresh(2, "C2", "ACTIVE"),
			}},
		}
		if diff := cmp.Diff(want, statuses(e)); diff != "" {
			t.Errorf("the status is different (-want +got):\n%s", diff)
		}

		l.Fail(failure(smartlead.ErrServer))
		time.Sleep(listInterval)
		e.scrape()
		synctest.Wait()
		if got := statuses(e)[1].ListLastSuccess; !got.Equal(now) {
			t.Errorf("a list that failed counts as had at %s", got)
		}
	})
}

// What is remembered over a restart has the age that it has.
func TestStatusAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI()
		m := remembered(t, account("a", api, 1, 2))
		then := time.Now()
		time.Sleep(ttl)
		e := restarted(t, m, settings(account("a", api, 1, 3)))
		wantStatus(t, "after the restart", e,
			campaignStatus{ID: 1, State: collector.StateStale, LastSuccess: then, Requests: 1},
			campaignStatus{ID: 3, State: collector.StateNever},
		)
	})
}

func TestStatusOfNothing(t *testing.T) {
	e := prepare(t, collector.Settings{})
	if got := statuses(e); len(got) != 0 {
		t.Errorf("got %+v, want no accounts", got)
	}
	e.store.Apply(settings(account("a", newAPI())))
	if diff := cmp.Diff([]accountStatus{{Name: "a"}}, statuses(e)); diff != "" {
		t.Errorf("an account without campaigns (-want +got):\n%s", diff)
	}
}
