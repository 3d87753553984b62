package collector_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead"
)

// A failure is worth a warning when it is news, and so is its end; in between it fills no log. What may be the account's
// is only told of a campaign once another one has succeeded.
func TestFailuresAreLoudOnce(t *testing.T) {
	ok := answer{}
	failing := func(reason smartlead.Reason) answer { return answer{Err: failure(reason)} }
	for _, tc := range []struct {
		name    string
		answers []answer
		want    []string // level and reason of the lines after each
	}{
		{"nothing but successes", []answer{ok, ok}, []string{"debug", "debug"}},
		{
			"the same failure again and again",
			[]answer{ok, failing(smartlead.ErrBadResponse), failing(smartlead.ErrBadResponse), failing(smartlead.ErrBadResponse)},
			[]string{"debug", "debug bad_response, warn bad_response", "debug bad_response", "debug bad_response"},
		},
		{
			"a failure from the start",
			[]answer{failing(smartlead.ErrNotFound), failing(smartlead.ErrNotFound)},
			[]string{"debug not_found, warn not_found", "debug not_found"},
		},
		{
			"one that may be the account's",
			[]answer{ok, failing(smartlead.ErrServer), failing(smartlead.ErrServer)},
			[]string{"debug", "debug server_error, warn server_error", "debug server_error"},
		},
		{
			"another reason",
			[]answer{failing(smartlead.ErrServer), failing(smartlead.ErrTimeout), failing(smartlead.ErrTimeout), failing(smartlead.ErrServer)},
			[]string{"debug server_error, warn server_error", "debug timeout, warn timeout", "debug timeout", "debug server_error, warn server_error"},
		},
		{
			"recovery, and the same failure once more",
			[]answer{failing(smartlead.ErrNotFound), failing(smartlead.ErrNotFound), ok, ok, failing(smartlead.ErrNotFound)},
			[]string{"debug not_found, warn not_found", "debug not_found", "info not_found, debug", "debug", "debug not_found, warn not_found"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := newAPI()
				e := start(t, settings(account("default", api, 1, 2)))
				var got []string
				for _, answer := range tc.answers {
					time.Sleep(maxBackoff)
					api.Answer(1, answer)
					e.scrape()
					time.Sleep(time.Minute) // for which a failure is held back if others don't show sooner that it is the campaign's
					var lines []string
					for _, line := range e.log.Take() {
						if line["account"] != "default" {
							t.Errorf("a line doesn't say which account it is about: %v", line)
						}
						if line["campaign_id"] == "1" {
							lines = append(lines, strings.TrimSpace(line["level"]+" "+line["reason"]))
						}
					}
					got = append(got, strings.Join(lines, ", "))
				}
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("the levels differ (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// The line tells whether users see old values or none.
func TestFailureTellsWhatIsServed(t *testing.T) {
	for _, tc := range []struct {
		name    string
		fetched bool
		failing time.Duration
		want    string
	}{
		{"never fetched", false, 0, "nothing: there are no values yet"},
		{"stale", true, 0, "the values of 2000-01-01T00:00:00Z, until refreshing has been failing for cache.max_stale"},
		{"failing for almost max_stale", true, maxStale - 1, "the values of 2000-01-01T00:00:00Z, until refreshing has been failing for cache.max_stale"},
		{"failing for max_stale", true, maxStale, "nothing: refreshing has been failing for cache.max_stale"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // its clock starts at 2000-01-01T00:00:00Z
				api := newAPI()
				e := start(t, settings(account("default", api, 1)))
				if tc.fetched {
					e.scrape()
					synctest.Wait()
				}
				time.Sleep(ttl)
				if tc.failing > 0 {
					api.Answer(1, answer{Err: failure(smartlead.ErrIncomplete)})
					e.scrape()
					synctest.Wait()
					time.Sleep(tc.failing)
				}
				api.Answer(1, answer{Err: failure(smartlead.ErrNotFound)}) // which is news
				e.log.Take()
				e.scrape()
				synctest.Wait()
				lines := e.log.Take()
				if len(lines) != 1 || lines[0]["serving"] != tc.want || !strings.Contains(lines[0]["err"], "as the test wants it") {
					t.Errorf("got the lines %v, want one with the error, and serving=%q", lines, tc.want)
				}
			})
		})
	}
}

// Campaigns that fail alike are told of together, as soon as another one succeeds or none is left that could; so it is when
// they succeed again, as soon as none fails any more, or after six minutes.
func TestCampaignsThatFailAlike(t *testing.T) {
	const failed = "0s refreshing campaigns failed for the same reason count="
	for _, tc := range []struct {
		name  string
		ids   []int64 // that fail, one after the other
		later []int64 // that fail two minutes later
		heals []int64 // before the ten minutes are over
		want  []string
	}{
		{"one", []int64{1}, nil, nil, []string{
			"0s refreshing a campaign failed campaign_id=1 reason=not_found",
			"21m0s refreshing a campaign succeeds again campaign_id=1 reason=not_found after=21m0s",
		}},
		{"two", []int64{1, 2}, nil, nil, []string{
			failed + "2 of=25 reason=not_found well_again=0", "21m0s refreshing campaigns succeeds again count=2 of=25 reason=not_found after_at_most=21m0s",
		}},
		{"all", numbers(25), nil, nil, []string{
			failed + "25 of=25 reason=not_found well_again=0", "21m0s refreshing campaigns succeeds again count=25 of=25 reason=not_found after_at_most=21m0s",
		}},
		{"some heal before the others", []int64{1, 2, 3, 4}, nil, []int64{2, 3}, []string{
			failed + "4 of=25 reason=not_found well_again=0", "12m0s refreshing campaigns succeeds again count=2 of=25 reason=not_found after_at_most=6m0s",
			"22m0s refreshing campaigns succeeds again count=2 of=25 reason=not_found after_at_most=21m0s",
		}},
		{"one heals before the other", []int64{1, 2}, nil, []int64{1}, []string{
			failed + "2 of=25 reason=not_found well_again=0", "12m0s refreshing a campaign succeeds again campaign_id=1 reason=not_found after=6m0s",
			"22m0s refreshing a campaign succeeds again campaign_id=2 reason=not_found after=21m0s",
		}},
		{"others later", []int64{1}, []int64{2, 3, 4}, nil, []string{
			"0s refreshing a campaign failed campaign_id=1 reason=not_found",
			"10m0s refreshing more campaigns failed for the same reason count=3 of=25 reason=not_found well_again=0",
			"23m0s refreshing campaigns succeeds again count=4 of=25 reason=not_found after_at_most=21m0s",
		}},
		{"another one later", []int64{1}, []int64{2}, nil, []string{
			"0s refreshing a campaign failed campaign_id=1 reason=not_found", "10m0s refreshing a campaign failed campaign_id=2 reason=not_found",
			"23m0s refreshing campaigns succeeds again count=2 of=25 reason=not_found after_at_most=21m0s",
		}},
		{"others later, that heal before they are told of", []int64{1}, []int64{2, 3, 4}, []int64{2, 3}, []string{
			"0s refreshing a campaign failed campaign_id=1 reason=not_found",
			"10m0s refreshing more campaigns failed for the same reason count=3 of=25 reason=not_found well_again=2",
			"23m0s refreshing campaigns succeeds again count=2 of=25 reason=not_found after_at_most=21m0s",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := newAPI()
				e := start(t, settings(account("default", api, numbers(25)...)))
				e.scrape()
				time.Sleep(ttl)
				for _, id := range tc.ids {
					api.Answer(id, answer{Err: failure(smartlead.ErrNotFound)})
				}
				begins := time.Now()
				e.log.Take()
				var got []string
				for minute := range 62 {
					switch minute {
					case 2:
						for _, id := range tc.later {
							api.Answer(id, answer{Err: failure(smartlead.ErrNotFound)})
						}
					case 6:
						for _, id := range tc.heals {
							api.Answer(id, answer{})
						}
					case 21:
						for _, id := range append(tc.ids, tc.later...) {
							api.Answer(id, answer{})
						}
					}
					for range 2 { // what the passing of time has told, and what the scrape has
						for _, line := range e.log.Take() {
							if line["level"] != "debug" {
								got = append(got, summary(line, time.Since(begins)))
							}
						}
						e.scrape()
					}
					time.Sleep(time.Until(begins.Add(time.Duration(minute+1) * time.Minute)))
				}
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("the log (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// Where no campaign succeeds and it takes long until all have failed, the log doesn't wait for that: it tells after a minute
// of those that have, and of the others later; and at the end of the program of what it would have waited with.
func TestFailuresThatComeSlowly(t *testing.T) {
	lines := func(e *exporter) (told []string) {
		for _, line := range e.log.Take() {
			if line["level"] != "debug" {
				told = append(told, summary(line, 0))
			}
		}
		return told
	}
	synctest.Test(t, func(t *testing.T) {
		api := newAPI()
		api.AnswerAll(answer{Takes: 7 * time.Second, Err: failure(smartlead.ErrBadResponse)})
		e := start(t, settings(account("default", api, numbers(60)...)))
		e.scrapeFor(time.Second)
		time.Sleep(58 * time.Second)
		if got := lines(e); len(got) != 0 {
			t.Errorf("before a minute has passed the log says %q", got)
		}
		time.Sleep(9 * time.Second)
		want := []string{"0s refreshing campaigns failed for the same reason count=9 of=60 reason=bad_response well_again=0"}
		if diff := cmp.Diff(want, lines(e)); diff != "" {
			t.Errorf("after a minute (-want +got):\n%s", diff)
		}
		time.Sleep(10 * time.Minute)
		want = []string{"0s refreshing more campaigns failed for the same reason count=51 of=60 reason=bad_response well_again=0"}
		if diff := cmp.Diff(want, lines(e)); diff != "" {
			t.Errorf("after eleven (-want +got):\n%s", diff)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		api := newAPI()
		api.AnswerAll(answer{Takes: 7 * time.Second, Err: failure(smartlead.ErrBadResponse)})
		e := prepare(t, settings(account("default", api, numbers(60)...)))
		ctx, end := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { _ = e.store.Run(ctx); close(ended) }()
		e.scrapeFor(time.Second)
		time.Sleep(14 * time.Second)
		end()
		<-ended
		want := []string{"0s refreshing campaigns failed for the same reason count=2 of=60 reason=bad_response well_again=0"}
		if diff := cmp.Diff(want, lines(e)); diff != "" {
			t.Errorf("at the end (-want +got):\n%s", diff)
		}
	})
}

// summary returns a line after the time, but for its account, its level, and words that are long.
func summary(line map[string]string, at time.Duration) string {
	words := []string{at.String(), line["msg"]}
	for _, key := range []string{"campaign_id", "count", "of", "reason", "well_again", "after", "after_at_most"} {
		if line[key] != "" {
			words = append(words, key+"="+line[key])
		}
	}
	return strings.Join(words, " ")
}

// What concerns the account as a whole is told of once, not once a campaign, and so is its end.
func TestOneWarningPerAccount(t *testing.T) {
	for _, reason := range []smartlead.Reason{
		smartlead.ErrUnauthorized, smartlead.ErrForbidden, smartlead.ErrNetwork, smartlead.ErrTimeout, smartlead.ErrServer,
	} {
		t.Run(string(reason), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := newAPI()
				fail := func() {
					for _, id := range numbers(3) {
						api.Answer(id, answer{Err: failure(reason)})
					}
				}
				fail()
				e := start(t, settings(account("default", api, numbers(3)...), account("other", api, 4)))
				told := func() (lines []string) {
					for _, line := range e.log.Take() {
						if line["level"] != "debug" {
							lines = append(lines, line["level"]+" "+line["account"]+line["campaign_id"]+" "+line["reason"])
						}
					}
					return lines
				}
				want := func(when string, want ...string) {
					t.Helper()
					if diff := cmp.Diff(want, told()); diff != "" {
						t.Errorf("%s (-want +got):\n%s", when, diff)
					}
				}
				for range 5 {
					e.scrape()
					synctest.Wait()
					time.Sleep(maxBackoff)
				}
				want("while it lasts", "warn default "+string(reason))
				for _, id := range numbers(3) {
					api.Answer(id, answer{})
				}
				time.Sleep(maxBackoff)
				e.scrape()
				synctest.Wait()
				want("when it ends", "info default "+string(reason))
				fail()
				time.Sleep(ttl)
				e.scrape()
				synctest.Wait()
				want("when it begins again", "warn default "+string(reason))
			})
		})
	}
}
