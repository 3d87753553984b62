package counting_test

import (
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead/simulator"
)

// When the method changes, since the API does, counts stay what they are: nothing happens in the campaign.
func TestCountsStayWhenTheMethodChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)))
		w := newWorld(t, simulator.Campaign{Source: simulator.Rows(1013, 3), DeletedSteps: []int{2}}, simulator.Behaviour{})
		for _, step := range []struct {
			behaviour simulator.Behaviour
			method    counting.Method
		}{
			{simulator.Behaviour{}, counting.MethodAnalytics},
			{simulator.Behaviour{RepliesByLead: true, OpensByEvent: true}, counting.MethodAnalytics},
			{simulator.Behaviour{AnalyticsForm: simulator.AnalyticsNested}, counting.MethodAnalytics},
			{simulator.Behaviour{AnalyticsForm: simulator.AnalyticsBare, ForgetDeletedSteps: true}, counting.MethodAnalytics},
			{simulator.Behaviour{AnalyticsGone: true}, counting.MethodTotals},
			{simulator.Behaviour{}, counting.MethodAnalytics},
			{simulator.Behaviour{AnalyticsMaxDays: 31}, counting.MethodTotals},
			{simulator.Behaviour{AnalyticsMaxDays: 31, Filters: simulator.FiltersIgnoredInTotals}, counting.MethodRows},
			{simulator.Behaviour{AnalyticsMaxDays: 31, Filters: simulator.FiltersIgnored}, counting.MethodRows},
		} {
			w.sim.SetBehaviour(step.behaviour)
			time.Sleep(25 * time.Hour) // after which what was missing is tried again
			for i := range 4 {
				w.task.Recount = i == 2
				result := w.count()
				w.wantTruth(time.Now().String(), result)
				time.Sleep(10 * time.Minute)
			}
			if got := w.task.State.Method(); got != step.method {
				t.Errorf("with %+v it is counted by %s, want %s", step.behaviour, got, step.method)
			}
		}
	})
}
