package reliability_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// The campaigns of the matrix: one that a fault strikes, another one of its account, and one of another account.
const (
	struck    = 1
	bystander = 2
	stranger  = 3
)

const (
	pages = 3 // of the struck campaign
	tries = 4 // of a page, before its refresh fails
	day   = 24 * time.Hour
	ttl   = 45 * time.Second

	// matrixKey holds whatever has to be escaped somewhere.
	matrixKey = `k/+ &=%"<ey`
)

// present is when the tests begin; a bubble's clock starts in 2000.
var present = time.Date(2026, time.January, 5, 8, 0, 0, 0, time.UTC)

// matrixLimits are small enough to hold up each refresh, so that whether they hold is seen in every cell.
var matrixLimits = smartlead.Limits{PerMinute: 3, PerHour: 60, Concurrency: 2}

// moment is when a fault strikes: at the first or a later page of the struck campaign, at its first try or at the
// second, after another failure; once, or each time.
type moment struct {
	page    int // 0 is the first
	retry   bool
	forGood bool
}

var moments = []moment{
	{page: 0}, {page: 0, forGood: true},
	{page: 1}, {page: 1, forGood: true},
	{page: 1, retry: true}, {page: 1, retry: true, forGood: true},
}

func (m moment) String() string {
	name := "first page"
	switch {
	case m.retry:
		name = "retry"
	case m.page > 0:
		name = "later page"
	}
	if m.forGood {
		return name + ", for good"
	}
	return name + ", once"
}

// outcome is what becomes of the refresh that a fault strikes.
type outcome struct {
	reason   smartlead.Reason // "": it succeeded
	requests int
}

func (o outcome) String() string {
	if o.reason == "" {
		return fmt.Sprintf("succeeds, %d", o.requests)
	}
	return fmt.Sprintf("`%s`, %d", string(o.reason), o.requests)
}

// want returns what has to become of the refresh, by what the fault is: what may be over at the next try is tried again,
// and what can't be true once more.
func (f *fault) want(m moment) outcome {
	failed := 0 // tries, before the fault strikes
	if m.retry {
		failed = 1
	}
	switch {
	case f.reason == "":
		return outcome{"", pages + failed}
	case f.untrue && m.forGood:
		return outcome{f.reason, m.page + failed + 2}
	case f.untrue:
		return outcome{"", pages + failed + 1}
	case !f.retried:
		return outcome{f.reason, m.page + failed + 1}
	case m.forGood:
		return outcome{f.reason, m.page + tries}
	default:
		return outcome{"", pages + failed + 1}
	}
}

// Every fault at every moment, in both shapes. Whatever happens, a page shows nothing but values the API had, other
// campaigns go on, the reason is right and the budget is kept. What it comes to is a table in docs/reliability.md.
func TestFaultMatrix(t *testing.T) {
	if testing.Short() {
		t.Skip("has thousands of cells")
	}
	got := table{
		head:  []string{"fault", "shape"},
		begin: "<!-- the fault matrix: go test ./reliability -run TestFaultMatrix -update writes it -->\n",
		end:   "<!-- the end of the fault matrix -->\n",
	}
	for _, m := range moments {
		got.head = append(got.head, m.String())
	}
	t.Run("cells", func(t *testing.T) {
		for i, f := range faults() {
			if !isInPart(i) {
				continue
			}
			for _, shape := range f.shapes() {
				row := got.add(f.kind, f.name, shapeName(shape))
				t.Run(fmt.Sprintf("%s %s/%s", f.kind, f.name, shapeName(shape)), func(t *testing.T) {
					t.Parallel()
					for i, m := range moments {
						t.Run(m.String(), func(t *testing.T) {
							synctest.Test(t, func(t *testing.T) { row.cells[i] = runCell(t, f, shape, m).String() })
						})
					}
				})
			}
		}
	})
	if wholeMatrix() {
		got.settle(t)
	}
}

func shapeName(s simulator.Shape) string {
	if s == simulator.PerSequence {
		return "aggregated"
	}
	return "per e-mail"
}

// runCell has one refresh go well, one meet the fault, and one go well again.
func runCell(t *testing.T, f *fault, shape simulator.Shape, m moment) outcome {
	c := newCell(t, f, shape)
	before := c.state()
	c.wantWell("before the fault", c.scrapeFor(day))

	time.Sleep(2 * ttl)
	c.change()
	remove := c.inject(f, m)
	began := time.Now()
	asked := c.north.line.asked(struck)
	p := c.scrapeFor(day)
	got := outcome{c.status(struck).Reason, p.campaigns[struck].requests}
	if n := c.north.line.asked(struck) - asked; n != got.requests {
		t.Errorf("smartlead_campaign_refresh_requests is %d, want the %d there were", got.requests, n)
	}
	if want := f.want(m); f.may == nil && got != want {
		t.Errorf("the refresh: %s requests, want %s", got, want)
	} else if f.may != nil && !slices.Contains(f.may, got.reason) {
		t.Errorf("the refresh ended with %q, want one of %q", got.reason, f.may)
	}
	c.checkStruck(p.campaigns[struck], before[struck], got.reason, began)
	c.checkOthers(p, before, f, got.reason, began)
	c.checkSecret()

	remove()
	time.Sleep(20 * time.Minute) // longer than a refused key is left alone
	if f.ofAccount {
		c.scrapeFor(day) // one request tries whether the key is good again; the others don't wait for it
	}
	c.wantWell("after the fault", c.scrapeFor(day))
	c.checkPauses(f)
	for _, a := range []*api{c.north, c.south} {
		a.checkBudget(t, matrixLimits)
	}
	return got
}

// wantWell checks that everything is as if nothing had ever gone wrong.
func (c *cell) wantWell(when string, p page) {
	c.t.Helper()
	for id, want := range c.state() {
		got := p.campaigns[id]
		if got.up != 1 || !slices.Equal(got.steps, want) {
			c.t.Errorf("%s: campaign %d has up %v and shows\n%v, want 1 and\n%v", when, id, got.up, got.steps, want)
		}
	}
	rows := int64(c.steps)
	if c.shape == simulator.PerEmail {
		rows = 0
		for _, step := range c.state()[struck] {
			rows += step.Sent
		}
	}
	want := int(rows)/c.pageSize() + 1 // of none of these numbers of rows the last page is full
	if got := p.campaigns[struck].requests; got != want {
		c.t.Errorf("%s: the refresh took %d requests, want %d", when, got, want)
	}
}

// checkStruck checks what is shown of the struck campaign: the last good values after a failure, else what the API held
// at some moment of the refresh.
func (c *cell) checkStruck(got *shown, before []simulator.StepCounts, reason smartlead.Reason, began time.Time) {
	c.t.Helper()
	moved := got.lastSuccess >= began.UnixMilli()
	if reason != "" {
		if got.up != 0 || moved || !slices.Equal(got.steps, before) {
			c.t.Errorf("after %s: up %v, last success moved: %t, values\n%v, want 0, false and the last good\n%v",
				reason, got.up, moved, got.steps, before)
		}
		return
	}
	c.remember()
	if got.up != 1 || !moved || !slices.ContainsFunc(c.history, func(h []simulator.StepCounts) bool { return slices.Equal(h, got.steps) }) {
		c.t.Errorf("up %v, last success moved: %t, values\n%v, want 1, true and one of\n%v", got.up, moved, got.steps, c.history)
	}
}

// checkOthers checks that the fault struck nothing else: nothing of the other account, and nothing of the same one but by
// a fault that is the account's.
func (c *cell) checkOthers(p page, before map[int64][]simulator.StepCounts, f *fault, reason smartlead.Reason, began time.Time) {
	c.t.Helper()
	now := c.state()
	if got := p.campaigns[stranger]; got.up != 1 || !slices.Equal(got.steps, now[stranger]) || got.lastSuccess != began.UnixMilli() {
		c.t.Errorf("the other account's campaign: up %v, refreshed %d ms late, values\n%v, want 1, 0 and\n%v",
			got.up, got.lastSuccess-began.UnixMilli(), got.steps, now[stranger])
	}
	got := p.campaigns[bystander]
	untouched := got.up == 1 && slices.Equal(got.steps, now[bystander])
	lastGood := got.up == 0 && slices.Equal(got.steps, before[bystander])
	if !untouched && (!f.ofAccount || !lastGood) {
		c.t.Errorf("the account's other campaign: up %v, values %v, want 1 and %v", got.up, got.steps, now[bystander])
	}
	want := map[failure]float64{}
	if reason != "" {
		want[failure{"north", string(reason)}] = 2 - got.up // the other campaign, too, where it isn't up
	}
	for of, n := range p.failures {
		if n != want[of] {
			c.t.Errorf("%v failures of %v are counted, want %v", n, of, want[of])
		}
		delete(want, of)
	}
	if len(want) > 0 {
		c.t.Errorf("failures aren't counted: %v", want)
	}
}

// checkPauses checks that the account left the API alone for as long as it was told to.
func (c *cell) checkPauses(f *fault) {
	c.t.Helper()
	for _, strike := range c.strikes {
		for _, r := range c.north.sim.Requests() {
			if after := r.Time.Sub(strike); after > 0 && after < f.pause {
				c.t.Errorf("the account asked again %s after it was told to wait for %s", after, f.pause)
			}
		}
	}
}

// checkSecret checks that the key is neither in the log nor in what /status shows.
func (c *cell) checkSecret() {
	c.t.Helper()
	text := testkit.Text(c.log.Take()) + c.status(struck).Error + c.status(bystander).Error
	for _, spelling := range spellings(matrixKey) {
		if strings.Contains(text, spelling) {
			c.t.Errorf("the key is shown as %s in:\n%s", spelling, text)
		}
	}
}
