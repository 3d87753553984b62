package reliability_test

import (
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"

	"smartlead_exporter/collector"
	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// noteAges takes note of how old subjects are that a scrape shows.
func (w *changing) noteAges(families []*dto.MetricFamily) {
	if w.collect == nil || !w.isMeasuring() {
		return
	}
	for _, f := range families {
		if f.GetName() != "smartlead_exporter_subject_last_success_timestamp_seconds" {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, label := range m.GetLabel() {
				if label.GetName() == "subject" {
					name := label.GetValue()
					w.ages[name] = max(w.ages[name], time.Since(time.UnixMilli(int64(m.GetGauge().GetValue()*1000))))
				}
			}
		}
	}
}

// TestWhatSubjectsCost says what all subjects cost together: 300 campaigns and 500 mailboxes, with everything on. A
// change is seen later by a tenth at the most, and each subject has an age of its own.
func TestWhatSubjectsCost(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates days")
	}
	detected := func(c *smartlead.Client) collector.Fetcher { return counting.NewCounter(c) }
	var rows []freshnessRow
	run := func(name string, subjects ...string) (row freshnessRow, ages map[string]time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			w := newChanging(t, 1, simulator.Behaviour{})
			w.collect, w.ages = subjects, map[string]time.Duration{}
			row = fresh(name, detected)(t, w)
			ages = w.ages
		})
		rows = append(rows, row)
		return row, ages
	}
	with, ages := run("with all subjects", collector.Subjects()...)
	for _, name := range slices.Sorted(maps.Keys(ages)) {
		t.Logf("%s got %s old", name, ages[name].Round(time.Minute))
	}
	if len(ages) != len(collector.Subjects()) {
		t.Errorf("%d subjects tell how old they are, want %d", len(ages), len(collector.Subjects()))
	}
	if !inFull() {
		return
	}
	without, _ := run("without")
	t.Logf("\n%s", freshnessTable(rows))
	if ratio := with.delay.Seconds() / without.delay.Seconds(); ratio > 1.1 {
		t.Errorf("with all subjects a change is seen after %s, %.3f times %s without, want at most 1.1 times", with.delay, ratio, without.delay)
	}
}
