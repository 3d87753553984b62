package backfill_test

import (
	"context"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/backfill"
	"smartlead_exporter/smartlead/simulator"
)

// Who ends a run again and again and begins it anew doesn't get more from the key than its limit, whether it ended cleanly or
// in the middle of something.
func TestInterruptionsKeepTheQuota(t *testing.T) {
	t.Parallel()
	for name, crash := range map[string]bool{"told to end": false, "killed": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(until.Add(50 * time.Hour)))
				w := newWorld(t, simulator.Campaign{ID: 1, Source: simulator.Rows(4000, 0)}, simulator.Campaign{ID: 2, Source: simulator.Rows(4000, 0)})
				const perMinute = 40
				f := flags(t, nil)
				runs := 0
				for ended := false; !ended; runs++ {
					ctx, cancel := context.WithCancel(t.Context())
					left := 3 // requests; each of the first runs gets no further than the first campaign
					if runs > 40 {
						left = 1000
					}
					o, _ := options(t, f, "campaigns: [1, 2]", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
						left--
						if left < 0 {
							cancel()
						}
						w.ServeHTTP(rw, r)
					}))
					o.Config.Accounts[0].RateLimit.PerMinute = perMinute
					err := backfill.Run(ctx, o)
					cancel()
					ended = err == nil
					if crash && !ended { // before it took note of what was left
						text := strings.TrimSuffix(read(t, f.File+".partial"), "\n")
						if err := os.WriteFile(f.File+".partial", []byte(text[:strings.LastIndex(text, "\n")+1]), 0o600); err != nil {
							t.Fatal(err)
						}
					}
				}
				requests := w.Requests()
				if runs < 40 || len(requests) < 100 {
					t.Fatalf("%d runs with %d requests", runs, len(requests))
				}
				for i := range requests[:len(requests)-perMinute] {
					if within := requests[i+perMinute].Time.Sub(requests[i].Time); within < time.Minute {
						t.Fatalf("%d requests came within %s", perMinute+1, within)
					}
				}
			})
		})
	}
}
