package collector_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// What came with the counts of all rows may not come again for long, so it outlasts a restart, with its age. It goes with a
// campaign that is asked for otherwise, and with a subject that isn't collected any more.
func TestSubjectsOutlastARestart(t *testing.T) {
	for _, tc := range []struct {
		name    string
		collect []string
		pages   int // rows of each page, which is another way to ask for the campaign
		shown   bool
	}{
		{"as it was", []string{"replies", "variants"}, 50, true},
		{"asked for otherwise", []string{"replies", "variants"}, 60, false},
		{"not collected any more", []string{"people"}, 50, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(2*24*time.Hour + 8*time.Hour) // to a Monday's morning
				sim := testkit.NewSimulator(t, simulator.Options{Campaigns: []simulator.Campaign{answering(1)}})
				time.Sleep(8 * 24 * time.Hour)
				e := start(t, settings())
				e.store.Apply(settings(counted(t, e, sim, smartlead.Limits{}, 1, "replies", "variants")))
				e.scrape()
				then := time.Now()
				before := e.scrape()
				m, changes := e.store.Remember()
				if changes == 0 || len(replied(before)) < 4 || len(variantsOf(before)) != 2*2*6 {
					t.Fatalf("there is too little to remember: %v", before)
				}

				time.Sleep(time.Minute)
				after := start(t, settings())
				a := counted(t, after, sim, smartlead.Limits{}, 1, tc.collect...)
				a.Campaigns[0].Query.PageSize = tc.pages
				sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.RespondStatus(500, "down")}})
				after.store.Restore(m)
				after.store.Apply(settings(a))
				got := after.scrapeFor(time.Second)
				if !tc.shown {
					if n := len(replied(got)) + len(variantsOf(got)); n != 0 {
						t.Errorf("%d series are shown, want none", n)
					}
					return
				}
				if diff := cmp.Diff(replied(before), replied(got)); diff != "" {
					t.Errorf("replies (-before +after):\n%s", diff)
				}
				if diff := cmp.Diff(variantsOf(before), variantsOf(got)); diff != "" {
					t.Errorf("variants (-before +after):\n%s", diff)
				}
				got.Want(t, "after a restart", page{
					ofSubject("up", "variants"): 1, ofSubject("last_success_timestamp_seconds", "variants"): seconds(then),
				})
			})
		})
	}
}
