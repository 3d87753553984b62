package counting_test

import (
	"testing"

	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead/simulator"
)

// That a campaign has no rows any more is believed if the API says so twice in a row; else it was a fault.
func TestEmptiedCampaign(t *testing.T) {
	rows := func(w *world) func() (counting.Result, error) {
		byRows := counting.NewByRows(w.client)
		return func() (counting.Result, error) { return byRows.Count(t.Context(), w.task) }
	}
	detected := func(w *world) func() (counting.Result, error) {
		return func() (counting.Result, error) { return w.counter.Count(t.Context(), w.task) }
	}
	for _, tc := range []struct {
		name     string
		by       func(*world) func() (counting.Result, error)
		source   simulator.Source
		times    int // that an answer is empty; 0 is always
		requests int
		steps    int
	}{
		{"by rows, once", rows, simulator.Rows(7, 0), 1, 2, 3},
		{"by rows, always", rows, simulator.Rows(7, 0), 0, 2, 0},
		{"aggregated, once", rows, simulator.Aggregated(simulator.StepCounts{Step: 1, Sent: 9}), 1, 2, 1},
		{"small, once", detected, simulator.Rows(7, 0), 1, 2, 3},
		{"small, always", detected, simulator.Rows(7, 0), 0, 2, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, simulator.Campaign{Source: tc.source}, simulator.Behaviour{})
			count := tc.by(w)
			first, err := count()
			if err != nil {
				t.Fatal(err)
			}
			w.task.Last, w.task.State = &first.Statistics, first.State
			w.sim.Inject(simulator.Fault{
				Match: []simulator.Matcher{simulator.ForEndpoint(simulator.EndpointStatistics)}, Times: tc.times,
				Effects: []simulator.Effect{simulator.RespondStatus(200, `{"ok":true,"data":[]}`)},
			})
			got, err := count()
			if err != nil || got.Statistics.Requests != tc.requests || len(got.Statistics.Steps) != tc.steps {
				t.Errorf("got %d steps with %d requests and error %v, want %d with %d", len(got.Statistics.Steps), got.Statistics.Requests, err, tc.steps, tc.requests)
			}
			w.task.Last, w.task.State = &got.Statistics, got.State
			if again, err := count(); err != nil || again.Statistics.Requests != 1 || len(again.Statistics.Steps) != tc.steps {
				t.Errorf("then there are %d steps with %d requests and error %v, want %d with one", len(again.Statistics.Steps), again.Statistics.Requests, err, tc.steps)
			}
		})
	}
}
