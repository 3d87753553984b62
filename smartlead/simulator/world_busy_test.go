package simulator_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead/simulator"
)

// A busy time begins where it says, in the middle of a day: before, all is as without it; from then on more happens, faster,
// at night as well, until the leads are used up.
func TestBusy(t *testing.T) {
	const day = 24 * time.Hour
	begin := 3*day + 13*time.Hour
	busy := lively
	busy.Leads = 500
	quiet := busy
	busy.Busy = simulator.Busy{From: monday.Add(begin), LeadsPerHour: 60, Faster: 600}
	counts := func(m simulator.Model, moments ...time.Duration) (c []simulator.StepCounts) {
		sim, set := modelAt(t, m, simulator.Campaign{})
		for _, at := range moments {
			set(monday.Add(at))
			c, _ = sim.Counts(1)
		}
		return c
	}
	for _, at := range []time.Duration{day, 3*day + 11*time.Hour, begin} {
		if diff := cmp.Diff(counts(quiet, at), counts(busy, at)); diff != "" {
			t.Errorf("after %s, before the busy time, it makes a difference:\n%s", at, diff)
		}
	}
	first, night, all := begin+5*time.Minute, begin+6*time.Hour, 20*day
	at := counts(busy, night)
	for _, moments := range [][]time.Duration{{0, day, begin, first, night}, {all, night}, {first, all, 0, night}} {
		if diff := cmp.Diff(at, counts(busy, moments...)); diff != "" {
			t.Errorf("it depends on when it was asked before, %v:\n%s", moments, diff)
		}
	}
	before, soon := counts(busy, begin)[0], counts(busy, first)[0]
	if by := soon.Sent - before.Sent; by < 4 || by > 6 {
		t.Errorf("%d leads were written to within five minutes, want five", by)
	}
	if by := soon.Opened - before.Opened; by < 1 {
		t.Error("none of them reads within minutes")
	}
	if sent := at[0].Sent; sent < 480 || sent > 500 {
		t.Errorf("%d leads were written to by night, want 20 + 3 × 40 + 6 × 60", sent)
	}
	if sent, before := at[1].Sent, counts(busy, begin)[1].Sent; sent < before+250 {
		t.Errorf("%d had the second e-mail when it began, and %d at night: it takes seven minutes", before, sent)
	}
	if sent := counts(busy, all)[0].Sent; sent != 500 {
		t.Errorf("%d leads were written to in the end, want all that there are", sent)
	}
	stopped := busy
	stopped.Stop = monday.Add(2 * day)
	if was, is := counts(stopped, begin)[0].Sent, counts(stopped, all)[0].Sent; is != was {
		t.Errorf("a campaign that has stopped sent %d e-mails in the busy time", is-was)
	}
}
