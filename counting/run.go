package counting

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"smartlead_exporter/smartlead"
)

// run is one call of Count.
type run struct {
	counter *Counter
	source  Source
	task    Task
	ctx     context.Context //nolint:containedctx // of the call, which the run doesn't outlive

	requests int // that were made
	planned  int // that are to be expected after the call under way
	// direct are the kinds that are counted without a look at whether they moved; the detector's totals are those counts.
	direct [kinds]bool
	// analyticsAfter is when the campaign's analytics are to be tried again, if they were of no use.
	analyticsAfter time.Time
}

// errLarge ends counting a campaign that turns out to be so large that the detector has to be read first.
var errLarge = errors.New("the campaign is large")

func (r *run) count() (Result, error) {
	r.watch()
	state, now := r.task.State, time.Now()
	switch {
	case r.task.Query.SentWithin > 0: // what leaves such a window, no detector sees
		return r.all(nil)
	case r.task.Last == nil || state == nil:
		return r.first()
	case state.Suspicion.due(now):
		return r.appeal()
	case state.byRows(now):
		return r.all(nil)
	case state.Detected == nil:
		return r.allWithReading()
	case r.task.Recount:
		return r.recount()
	default:
		return r.byDetector()
	}
}

// byRows reports whether the campaign is counted by all rows without a look at a detector.
func (s *State) byRows(now time.Time) bool {
	switch {
	case s.RowsCost <= smallCampaign, s.RowsCost <= kinds && now.Before(s.TotalsUntil):
		return true
	default:
		return s.Unfiltered || now.Before(s.RowsUntil) || s.Cost > float64(s.RowsCost)
	}
}

// NextCost returns how many requests the next refresh is expected to take, at least 1, if so many changes are expected
// since the last one.
func (s *State) NextCost(now time.Time, changes float64) float64 {
	switch {
	case s == nil:
		return 1
	case s.Undetected, s.byRows(now):
		return max(float64(s.RowsCost), 1)
	case s.Detected == nil:
		return float64(s.RowsCost) + s.Detected.cost()
	default:
		none := math.Exp(-changes) // is how likely it is that nothing moved, as changes come independently
		return none*s.Detected.cost() + (1-none)*max(s.Cost, s.Detected.cost())
	}
}

// cost returns how many requests the detector takes.
func (r *Reading) cost() float64 {
	if r == nil || r.Method != MethodTotals {
		return 1
	}
	cost := 0.0
	for _, total := range r.Totals {
		if total >= 0 {
			cost++
		}
	}
	return cost
}

// RecountCost returns how many requests a count by all rows is expected to take, at least 1.
func (s *State) RecountCost() int {
	switch {
	case s == nil:
		return 1
	case s.Detected == nil:
		return max(s.RowsCost, 1)
	default:
		return s.RowsCost + int(s.Detected.cost())
	}
}

// watch has the context's Progress told of what is planned beyond a single call.
func (r *run) watch() {
	outer := smartlead.ProgressOf(r.ctx)
	inner := outer
	if outer.Expected != nil {
		inner.Expected = func(requests int) { outer.Expected(requests + r.planned) }
	}
	r.ctx = smartlead.WithProgress(r.ctx, inner)
}

// first counts a campaign of which nothing is known. A large one is counted from its beginning once more, after the
// detector was read: what moves while its rows are counted has to be seen as moved the next time.
func (r *run) first() (Result, error) {
	ctx, cancel := context.WithCancelCause(r.ctx)
	defer cancel(nil)
	progress := smartlead.ProgressOf(ctx)
	told := progress.Expected
	progress.Expected = func(requests int) {
		if requests >= smallCampaign {
			cancel(errLarge)
			requests += 2 // the detector, and the page that was had
		}
		if told != nil {
			told(requests)
		}
	}
	statistics, err := r.source.Statistics(smartlead.WithProgress(ctx, progress), r.task.Query)
	r.requests += statistics.Requests
	switch {
	case errors.Is(err, errLarge):
		return r.allWithReading()
	case err != nil:
		return Result{}, err
	}
	return r.counted(statistics, nil), nil
}

// allWithReading reads the detector, and then counts all rows.
func (r *run) allWithReading() (Result, error) {
	if state := r.task.State; state != nil {
		r.planned = state.RowsCost
	}
	reading, err := r.read()
	if err != nil {
		return Result{}, err
	}
	return r.all(reading)
}

// all counts all rows. reading is what the detector said before; nil if it wasn't asked.
func (r *run) all(reading *Reading) (Result, error) {
	r.planned = 0
	statistics, err := r.task.all(r.ctx, r.source)
	r.requests += statistics.Requests
	if err != nil {
		return Result{}, err
	}
	return r.counted(statistics, reading), nil
}

// counted makes the result of a count by all rows.
func (r *run) counted(statistics smartlead.Statistics, reading *Reading) Result {
	next := &State{Undetected: r.task.Query.SentWithin > 0}
	r.fill(reading, &statistics)
	if old := r.task.State; old != nil {
		next.Cost, next.Misses, next.RowsUntil, next.Unfiltered = old.Cost, old.Misses, old.RowsUntil, old.Unfiltered
		next.AnalyticsAfter, next.TotalsUntil, next.MovedAt = old.AnalyticsAfter, old.TotalsUntil, old.MovedAt
		next.Moves, next.Suspicion = old.Moves, old.Suspicion
		next.Opens = Opens{Broken: old.Opens.Broken, Steps: old.Opens.Steps}
		if reading != nil && old.Detected != nil && reading.Method == old.Detected.Method {
			moved := reading.since(old.Detected)
			next.MovedAt = moved.times(old.MovedAt, time.Now())
			r.lag(next, &moved, &statistics)
			next.Opens = old.Opens
			next.Detected = reading
			r.learnOpensOfRows(next, &moved, &statistics)
		}
		if reading != nil && old.Detected != nil && !r.task.Recount { // what moved would have cost more
			next.Cost = meanCost(old.Cost, r.requests)
		}
	}
	next.AnalyticsAfter = latest(next.AnalyticsAfter, r.analyticsAfter)
	next.RowsCost = r.rowsCost(statistics)
	switch {
	case reading == nil && next.Cost > float64(next.RowsCost):
		next.Cost *= retryDetector // it may have become worth while
	case reading != nil && next.Cost == 0:
		next.Cost = firstCost
	}
	if reading != nil && reading.Method == MethodTotals {
		next.Unfiltered = next.Unfiltered || !reading.credible(&statistics)
		next.TotalsUntil = time.Now().Add(analyticsRetry)
	}
	next.Rows, next.Detected = int64(statistics.Rows), reading
	next.Newest, next.Recent = statistics.LastSent(), statistics.Recent
	statistics.Recent = nil
	if next.Unfiltered || next.byRows(time.Now()) {
		next.Detected = nil
	}
	if next.Detected == nil {
		next.Recent = nil
	}
	return Result{Statistics: statistics, State: next, AllRows: true}
}

// lag takes note of what the detector saw move and a count by all rows didn't have: it may be late.
func (r *run) lag(next *State, moved *movement, statistics *smartlead.Statistics) {
	c := &changes{run: r, moved: *moved, ids: statistics.Sequences, reading: next.Detected}
	was, is := sums(r.task.Last.Steps), sums(statistics.Steps)
	for kind := range kinds {
		behind := r.task.State.Behind[kind] + moved.by[kind] - (is[kind] - was[kind])
		if !c.whole() || r.counter.countsEvents(kind) || behind <= 0 || !moved.moved[kind] && r.task.State.Repeat[kind] == 0 {
			continue
		}
		next.Behind[kind], next.Repeat[kind] = behind, repeats
		if !moved.moved[kind] {
			next.Repeat[kind] = max(r.task.State.Repeat[kind]-1, 0)
		}
		if next.Repeat[kind] == 0 {
			next.Behind[kind] = 0
		}
	}
	for kind := range kinds {
		if next.Repeat[kind] == 0 {
			continue
		}
		next.RepeatIn[kind] = slices.Clone(r.task.State.RepeatIn[kind])
		for _, m := range moved.in[kind] {
			if number := c.number(m.step); number > 0 {
				next.RepeatIn[kind] = append(next.RepeatIn[kind], number)
			}
		}
		next.RepeatIn[kind] = slices.Compact(slices.Sorted(slices.Values(next.RepeatIn[kind])))
	}
}

// meanCost returns the mean cost of refreshes by a detector, with the newest one taken in.
func meanCost(mean float64, newest int) float64 {
	return (1-costWeight)*mean + costWeight*float64(newest)
}

const (
	// firstCost is how many requests a refresh by a detector is taken to need before there was one.
	firstCost = 3
	// retryDetector is what the mean cost of refreshes by a detector is multiplied by at each refresh by rows that it is
	// too high for, so that the detector is tried again after some dozens of them.
	retryDetector = 0.98
)

// rowsCost returns how many requests counting by all rows takes, if nothing has to be tried again.
func (r *run) rowsCost(statistics smartlead.Statistics) int {
	if statistics.Shape != smartlead.ShapePerEmail {
		return max(statistics.Requests, 1)
	}
	pageSize := r.rowsOf()
	return max((statistics.Rows+pageSize-1)/pageSize, 1)
}

// sameCounts reports whether two sets of steps have the same counts.
func sameCounts(a, b []smartlead.Step) bool {
	return slices.EqualFunc(a, b, func(a, b smartlead.Step) bool {
		a.LastSent, b.LastSent = time.Time{}, time.Time{}
		return a == b
	})
}
