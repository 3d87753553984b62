package smartlead_test

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// Every request that was sent is told, and no other.
func TestTraceRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := newSim(t, simulator.Campaign{ID: 1, Source: simulator.Rows(1500, 20)})
		sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.Delay(2 * time.Second)}})
		sim.Inject(simulator.Fault{Times: 1, Effects: []simulator.Effect{simulator.Reset()}})
		sim.Inject(simulator.Fault{Skip: 1, Times: 1, Effects: []simulator.Effect{simulator.RespondStatus(503, "")}})
		var told []smartlead.RequestInfo
		client := newClient(t, sim, func(o *smartlead.Options) {
			o.Trace.Request = func(r smartlead.RequestInfo) { told = append(told, r) }
		})
		if _, err := statistics(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		const op = "GET /campaigns/1/statistics"
		want := []smartlead.RequestInfo{
			{Op: op, StatusCode: 0, Duration: 2 * time.Second, Err: smartlead.ErrNetwork},
			{Op: op, StatusCode: 503, Duration: 2 * time.Second, Err: smartlead.ErrServer},
			{Op: op, StatusCode: 200, Duration: 2 * time.Second},
			{Op: op, Offset: 1000, StatusCode: 200, Duration: 2 * time.Second},
		}
		if diff := cmp.Diff(want, told, cmpopts.EquateErrors()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestTraceRemaining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim, err := simulator.New(simulator.Options{
			Campaigns: []simulator.Campaign{{ID: 1, Source: simulator.Rows(2500, 20)}}, Limits: simulator.Limits{PerMinute: 60},
		})
		if err != nil {
			t.Fatal(err)
		}
		var told []int
		client := newClient(t, sim, func(o *smartlead.Options) {
			o.Trace.Remaining = func(requests int) { told = append(told, requests) }
		})
		if _, err := statistics(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int{59, 58, 57}, told); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// A wait for the quota is told. One for other requests under way isn't, and neither is a back-off.
func TestTraceWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := newSim(t, simulator.Campaign{ID: 1})
		sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.Delay(10 * time.Second)}})
		sim.Inject(simulator.Fault{Times: 1, Effects: []simulator.Effect{simulator.Reset()}})
		var mu sync.Mutex
		var told []time.Duration
		client := newClient(t, sim, func(o *smartlead.Options) {
			o.Limits = &smartlead.Limits{PerMinute: 4, Concurrency: 1} // one every 16⅔ s
			o.Trace.Wait = func(d time.Duration) {
				mu.Lock()
				defer mu.Unlock()
				told = append(told, d.Round(10*time.Millisecond))
			}
		})
		errs := make(chan error)
		for range 2 {
			go func() {
				_, err := statistics(t.Context(), client)
				errs <- err
			}()
		}
		for range 2 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		// The first request ends at 10 s, and goes again at 16⅔ s, after a back-off of at most a second: its call began first. The other
		// call waits for the first request, then for the quota, then for the second request, and then for the quota again.
		slices.Sort(told)
		want := []between{{5660 * time.Millisecond, 6170 * time.Millisecond}, {6670 * time.Millisecond, 6670 * time.Millisecond}, {6670 * time.Millisecond, 6670 * time.Millisecond}}
		for i, d := range told {
			if len(told) != len(want) || d < want[i].min || d > want[i].max {
				t.Fatalf("told were %s, want %+v", told, want)
			}
		}
	})
}
