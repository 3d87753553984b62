package smartlead_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// A server that ignores filters hands out e-mails of all time. Those outside the window aren't counted.
func TestWindowWithFiltersIgnored(t *testing.T) {
	for name, q := range map[string]smartlead.StatisticsQuery{
		"begin": {SentAfter: generatedStart.Add(10 * time.Hour)},
		"end":   {SentBefore: generatedStart.Add(10*time.Hour + 30*time.Second)},
		"both":  {SentAfter: generatedStart.Add(10 * time.Hour), SentBefore: generatedStart.Add(20*time.Hour + 30*time.Second), SequenceNumbers: []int{1, 3}},
		"none":  {SentAfter: generatedStart.AddDate(1, 0, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			q.CampaignID, q.PageSize = 1, 300
			var steps [][]smartlead.Step
			for _, filters := range []simulator.Filters{simulator.FiltersHonoured, simulator.FiltersIgnored, simulator.FiltersIgnoredInTotals} {
				sim := newSim(t, simulator.Campaign{ID: 1, Source: simulator.Rows(2500, 10)})
				sim.SetBehaviour(simulator.Behaviour{Filters: filters})
				got, err := newClient(t, sim).Statistics(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				steps = append(steps, got.Steps)
			}
			for _, got := range steps[1:] {
				if diff := cmp.Diff(steps[0], got); diff != "" {
					t.Errorf("other counts than of a server that applies filters (-applied +got):\n%s", diff)
				}
			}
		})
	}
}
