package counting

import (
	"errors"
	"slices"
	"time"

	"smartlead_exporter/smartlead"
)

// errRows says that the counts can't be had from changes alone, and that all rows have to be counted.
var errRows = errors.New("all rows have to be counted")

// changes are the counts of the last time on their way to those of now.
type changes struct {
	*run
	reading *Reading
	moved   movement
	next    State
	steps   []smartlead.Step
	ids     []smartlead.SequenceStep
	replies *smartlead.Replies // nil if not all of them were fetched

	opensProven bool // a total proves what the detector lets expect of opens
	opensLate   bool // a total shows that the detector is behind with them
}

// byDetector reads the detector and fetches only what moved.
func (r *run) byDetector() (Result, error) {
	state := r.task.State
	total, err := r.opensAtOnce()
	if err != nil {
		return r.unfilteredOr(err)
	}
	r.direct = r.countedDirectly()
	reading, err := r.read()
	switch {
	case err != nil:
		return Result{}, err
	case reading == nil:
		return r.unfiltered()
	case reading.Method != state.Detected.Method:
		return r.all(reading)
	}
	c := &changes{
		run: r, reading: reading, moved: reading.since(state.Detected), next: *state,
		steps: slices.Clone(r.task.Last.Steps), ids: r.task.Last.Sequences,
	}
	c.compareOpens(total)
	switch err := c.fetch(); {
	case errors.Is(err, errRows):
		return r.all(reading)
	case err != nil:
		return r.unfilteredOr(err)
	}
	c.learnMoves()
	c.next.Detected, c.next.MovedAt = reading, c.moved.times(state.MovedAt, time.Now())
	if !c.moved.nothing() {
		c.next.Cost = meanCost(state.Cost, r.requests)
	}
	statistics := *r.task.Last
	statistics.Steps, statistics.Sequences, statistics.Rows = c.steps, c.ids, int(c.next.Rows)
	statistics.Replies, statistics.Variants = c.replies, nil
	return Result{Statistics: statistics, State: &c.next}, nil
}

// unfilteredOr counts all rows, now and from now on, if the error says that filters aren't applied, and else fails by it.
func (r *run) unfilteredOr(err error) (Result, error) {
	if errors.Is(err, smartlead.ErrFilterIgnored) {
		return r.unfiltered()
	}
	return Result{}, err
}

// unfiltered counts all rows, now and from now on.
func (r *run) unfiltered() (Result, error) {
	result, err := r.all(nil)
	if err == nil {
		result.State.Unfiltered, result.State.Detected, result.State.Recent = true, nil, nil
	}
	return result, err
}

// fetch fetches what moved.
func (c *changes) fetch() error {
	if c.moved.fell {
		return errRows
	}
	if c.cost() > c.task.State.RowsCost {
		return errRows // which takes less, from here on
	}
	if c.wants(sent) {
		if err := c.newRows(); err != nil {
			return err
		}
	}
	for kind := range kinds {
		if kind == sent || !c.wants(kind) || kind == opened && c.opensProven && c.takeOpens() {
			continue
		}
		recount := c.countStatus
		if c.byTotals(kind) {
			recount = c.askTotals
		}
		if err := recount(kind); err != nil {
			return err
		}
		if kind == opened {
			c.learnOpens()
		}
	}
	return nil
}

// wants reports whether a kind is to be fetched: it moved, or the rows didn't follow the last time.
func (c *changes) wants(kind int) bool {
	return !c.untracked(kind) && (c.direct[kind] || c.moved.moved[kind] || c.task.State.Repeat[kind] > 0 || kind == opened && c.opensLate)
}

// cost returns how many requests fetching what moved is expected to take, and notes what is planned.
func (c *changes) cost() int {
	cost := 0
	for kind := range kinds {
		switch {
		case !c.wants(kind), kind == opened && c.opensProven:
		case kind == sent:
			cost += c.pages(c.moved.by[sent] + int64(len(c.task.State.Recent)))
		default:
			cost += min(c.pages(sums(c.steps)[kind]), c.stepsIn(kind))
		}
	}
	c.planned = cost
	return cost
}

// pages returns how many requests so many rows take.
func (r *run) pages(rows int64) int { return int(max(rows, 0))/r.rowsOf() + 1 }

// anyStep reports whether a kind may have moved in other steps than the detector says: it may not know steps, and one reply,
// or one who unsubscribes, can be on several e-mails of a lead.
func (c *changes) anyStep(kind int) bool {
	return c.reading.Method == MethodTotals || kind == replied || kind == unsubscribed || kind == opened && c.opensLate
}

// stepsIn returns how many steps a kind moved in, or may have.
func (c *changes) stepsIn(kind int) int {
	if c.anyStep(kind) {
		return len(c.steps)
	}
	return max(len(c.moved.in[kind])+len(c.task.State.RepeatIn[kind]), 1)
}

// byTotals reports whether a kind is had with fewer requests by the totals of the steps in which it moved than by its rows.
func (c *changes) byTotals(kind int) bool {
	return c.counter.trustOfTotals() != refuted && c.stepsIn(kind) < c.pages(sums(c.steps)[kind])
}

// rowsOf returns how many rows a page has.
func (r *run) rowsOf() int {
	if r.task.Query.PageSize > 0 {
		return r.task.Query.PageSize
	}
	return smartlead.MaxPageSize
}

// whole reports whether the detector and the counts are of the same e-mails: those of all steps and all time.
func (r *run) whole() bool {
	q := &r.task.Query
	return len(q.SequenceNumbers) == 0 && q.SentAfter.IsZero() && q.SentBefore.IsZero()
}

// followed takes note of by how much the rows of a kind moved, and has it asked for again if the detector says more:
// endpoints are eventually consistent. What the rows never make up for was no e-mail: opens and clicks may be counted there
// as events.
func (c *changes) followed(kind int, by int64) {
	if c.direct[kind] { // there is nothing to follow
		return
	}
	left := &c.next.Repeat[kind]
	lags := by == 0 && c.moved.moved[kind]
	if c.whole() && !c.counter.countsEvents(kind) {
		lags = c.balance(kind, by)
	}
	switch {
	case !lags:
		*left = 0
	case c.moved.moved[kind]:
		*left = repeats
	default:
		*left--
		if *left <= 0 {
			*left, c.next.Behind[kind] = 0, 0
			if c.whole() && (kind == opened || kind == clicked) {
				c.counter.setEvents(kind)
			}
		}
	}
}

// balance adds to what the rows of a kind are behind the detector, and reports whether they lag. They can be ahead by what
// came between the two requests. The detector makes up for that the next time; what it doesn't make up for it counts
// otherwise, and it is forgotten.
func (c *changes) balance(kind int, by int64) (lags bool) {
	told := c.moved.by[kind]
	behind := c.task.State.Behind[kind] + told - by
	lags = behind > 0 || behind < 0 && told < 0
	if !lags {
		behind = min(max(behind, told-by), 0)
	}
	c.next.Behind[kind] = behind
	return lags
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
