package counting_test

import (
	"flag"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json"

	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead/simulator"
)

var million = flag.Bool("million", false, "count a campaign of 1,000,000 e-mails instead of 100,000; takes minutes")

// What it costs to refresh a large campaign of five steps, of which 40 e-mails were sent, 25 opened and 5 replied to since
// the last time, and one in which nothing moved.
func TestCostOfALargeCampaign(t *testing.T) {
	if testing.Short() {
		t.Skip("counts many rows")
	}
	rows := 100_000
	if *million {
		rows = 1_000_000 // to the end of 2026
	}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))) // when the rows have been sent
		w := newWorld(t, simulator.Campaign{Source: simulator.Rows(rows, 3)}, simulator.Behaviour{})
		w.task.Query.PageSize = 0 // the API's 1,000
		sent := func(n int, happened func(*simulator.Email)) {
			for i := range n {
				e := simulator.Email{Step: 1 + i%5, SentTime: time.Now(), BodyBytes: 10_000}
				happened(&e)
				w.sim.AddEmails(campaignID, e)
			}
		}
		sent(200, func(*simulator.Email) {})
		first := w.count()
		w.wantTruth("at first", first)

		time.Sleep(10 * time.Minute)
		w.bytes.Store(0)
		still := w.count()
		stillBytes, state := w.bytes.Swap(0), stateBytes(t, still.State)
		w.wantTruth("when nothing moved", still)
		if still.Statistics.Requests != 1 {
			t.Errorf("nothing moved, and it took %d requests, want 1", still.Statistics.Requests)
		}

		n := 0
		sent(40, func(e *simulator.Email) {
			n++
			if n <= 25 {
				e.OpenCount = 1
			}
			if n <= 5 {
				e.ReplyTime = time.Now()
			}
		})
		moved := w.count()
		movedBytes := w.bytes.Load()
		w.wantTruth("when some moved", moved)
		if moved.Statistics.Requests > 12 || moved.State.Method() != counting.MethodAnalytics {
			t.Errorf("it took %d requests by %s, want at most 12 by analytics", moved.Statistics.Requests, moved.State.Method())
		}
		if stillBytes > 4<<10 {
			t.Errorf("nothing moved, and it took %d bytes", stillBytes)
		}
		t.Logf("%d e-mails: at first %d requests; nothing moved: %d, of %d bytes; 40 sent, 25 opened, 5 replied to: %d, of %d bytes; what is kept of the campaign: %d bytes, %d then",
			rows, first.Statistics.Requests, still.Statistics.Requests, stillBytes, moved.Statistics.Requests, movedBytes,
			state, stateBytes(t, moved.State))
	})
}

// stateBytes is how much of a file a state takes.
func stateBytes(t *testing.T, state *counting.State) int {
	t.Helper()
	kept, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	return len(kept)
}

// Totals are no detector for a campaign whose rows take as few requests; and what moves each time is counted without a look at
// its total first.
func TestCostByTotals(t *testing.T) {
	for _, tc := range []struct {
		name   string
		rows   int
		opens  int // in each step, before each refresh
		method counting.Method
		want   int // requests, of the last refresh
	}{
		{"six pages", 120, 0, counting.MethodRows, 6},
		{"ten pages, nothing moves", 200, 0, counting.MethodTotals, 6},
		{"fifty pages, opens move", 1000, 1, counting.MethodTotals, 5 + 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))) // when the rows have been sent
				var emails []simulator.Email
				for i := range tc.rows {
					e := simulator.Email{Step: 1 + i%3, SentTime: time.Now().Add(-time.Duration(i) * time.Hour)}
					if i%2 == 0 {
						e.OpenCount = 1
					}
					emails = append(emails, e)
				}
				slices.Reverse(emails)
				w := newWorld(t, simulator.Campaign{Source: simulator.Fixed(emails...)}, simulator.Behaviour{AnalyticsGone: true})
				var last counting.Result
				for refresh := range 25 {
					time.Sleep(10 * time.Minute)
					for step := range 3 * tc.opens {
						emails[1+step+6*refresh].OpenCount = 1
					}
					if err := w.sim.SetCampaign(simulator.Campaign{ID: campaignID, Source: simulator.Fixed(emails...)}); err != nil {
						t.Fatal(err)
					}
					last = w.count()
					w.wantTruth(time.Now().Format(time.TimeOnly), last)
				}
				if got := last.State.Method(); got != tc.method {
					t.Errorf("it is counted by %s, want %s", got, tc.method)
				}
				if got := last.Statistics.Requests; got != tc.want {
					t.Errorf("it took %d requests, want %d", got, tc.want)
				}
			})
		})
	}
}
