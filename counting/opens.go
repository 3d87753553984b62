package counting

import (
	"slices"

	"smartlead_exporter/smartlead"
)

// Opens move in most steps of a campaign that sends, and the rows of all that were opened are many pages. A total for each step
// is the sure way to have them. One total of all steps does where the detector and the rows were seen to agree step by step:
//
// The total is asked for before the detector is read. So what the detector lets expect of a step can only be more than the rows
// had at that moment: by what was opened in between, and by what the detector counts as an event and the rows don't. Where
// nothing is ever less than the truth, a sum that is the total proves each part of it.
//
// Less could be expected only if the detector is late. It is found out by totals of steps that come out otherwise than
// expected, and no total stands for all steps before several times in a row they didn't.
const (
	// agreements is how often in a row the totals of steps have to be just what the detector let expect; after each time
	// they contradicted it, twice as often, up to maxDoublings times.
	agreements   = 3
	maxDoublings = 6
	// proofs is how often one total can stand for all steps until they are asked for themselves again.
	proofs = 8
	// between is how many e-mails at least may have been opened from the detector's reading to the last total of a step
	// without anything being strange about it.
	between = 3

	stepsWeight = 0.3 // of the newest refresh in Opens.Steps
)

// Opens is what is known of how the opens that the detector counts and those of the rows agree.
type Opens struct {
	// Agreed is how often in a row the totals of steps were what the detector let expect; Broken how often they contradicted
	// it, less those that are forgiven.
	Agreed, Broken int
	// Used is how often since then one total stood for all steps.
	Used int
	// Steps is in how many steps opens moved, in the mean over refreshes.
	Steps float64
	// Ahead is by how much the rows of a step were ahead of the detector when they were counted.
	Ahead []StepAhead
}

// StepAhead is by how much the rows of a step are ahead of the detector.
type StepAhead struct {
	SequenceNumber int
	By             int64
}

// trusted reports whether one total may stand for all steps.
func (o *Opens) trusted() bool {
	return o.Agreed >= agreements<<min(o.Broken, maxDoublings) && o.Used < proofs
}

// contradict takes note that the detector was contradicted.
func (o *Opens) contradict() {
	o.Agreed = 0
	o.Broken = min(o.Broken+1, maxDoublings)
}

// opensAtOnce asks for the opens of all steps together, before the detector is read, if that is likely to be worth it. It returns
// -1 where it isn't.
func (r *run) opensAtOnce() (int64, error) {
	state := r.task.State
	switch opens := &state.Opens; {
	case state.Detected.Method != MethodAnalytics, !r.whole(), r.untracked(opened), r.counter.trustOfTotals() != proven,
		state.Repeat[opened] > 0, !opens.trusted(), opens.Steps <= 1:
		return -1, nil
	}
	r.planned = 1 // the detector
	q := r.task.Query
	q.EmailStatus = statuses[opened]
	total, err := r.source.Total(r.ctx, q)
	r.requests += total.Requests
	r.planned = 0
	return total.Rows, err
}

// expectedOpens returns the opens of each step that the detector lets expect, by the step's number, and their sum; ok is
// false where that can't be told.
func (c *changes) expectedOpens() (opens map[int]int64, sum int64, ok bool) {
	opens = map[int]int64{}
	for i := range c.task.Last.Steps {
		opens[c.task.Last.Steps[i].SequenceNumber] += c.task.Last.Steps[i].Opened
	}
	for _, ahead := range c.task.State.Opens.Ahead {
		opens[ahead.SequenceNumber] -= ahead.By
	}
	for _, moved := range c.moved.in[opened] {
		number, is := c.number(moved.step), moved.step.Counts[opened]
		if number == 0 || is < 0 || is-moved.by < 0 {
			return nil, 0, false
		}
		opens[number] += moved.by
	}
	for _, n := range opens {
		sum += n
	}
	return opens, sum, true
}

// compareOpens holds what the detector lets expect against the total of all steps, which was asked for before; -1 if it wasn't.
func (c *changes) compareOpens(total int64) {
	c.next.Opens.Steps += stepsWeight * (float64(len(c.moved.in[opened])) - c.next.Opens.Steps)
	if total < 0 {
		return
	}
	switch _, sum, ok := c.expectedOpens(); {
	case !ok:
	case sum == total:
		c.opensProven = true
	case sum < total:
		c.opensLate = true
		c.next.Opens.contradict()
	}
}

// takeOpens takes the opens that the detector lets expect, which the total proved. It reports whether they can be right.
func (c *changes) takeOpens() bool {
	opens, _, ok := c.expectedOpens()
	if !ok {
		return false
	}
	for i := range c.steps {
		n := opens[c.steps[i].SequenceNumber]
		if n < 0 || n > c.steps[i].Sent {
			return false
		}
	}
	for number := range opens {
		if !slices.ContainsFunc(c.steps, ofNumber(number)) {
			return false
		}
	}
	for i := range c.steps {
		c.steps[i].Opened = opens[c.steps[i].SequenceNumber]
	}
	c.next.Opens.Used++
	c.next.Opens.Ahead = nil
	c.next.Behind[opened], c.next.Repeat[opened], c.next.RepeatIn[opened] = 0, 0, nil
	return true
}

// learnOpens takes note of how the opens that were counted step by step agree with what the detector let expect.
func (c *changes) learnOpens() {
	if c.reading == nil || c.reading.Method != MethodAnalytics || !c.whole() {
		return
	}
	known := &c.next.Opens
	known.Used = 0
	expected, _, ok := c.expectedOpens()
	if !ok {
		known.Agreed, known.Ahead = 0, nil
		return
	}
	stuck := c.stuckAhead()
	ahead, moved := int64(0), int64(0)
	contradicted := false
	known.Ahead = nil
	for i := range c.steps {
		number := c.steps[i].SequenceNumber
		by := c.steps[i].Opened - expected[number]
		switch {
		case by < 0:
			contradicted = true
		case by > 0 && !stuck[number]:
			ahead += by
			known.Ahead = append(known.Ahead, StepAhead{number, by})
		}
	}
	for _, m := range c.moved.in[opened] {
		moved += max(m.by, -m.by)
	}
	switch {
	case contradicted:
		known.contradict()
	case len(stuck) > 0, ahead > max(between, moved/10):
		known.Agreed = 0 // it may be late
	case ahead == 0 && len(c.moved.in[opened]) > 1:
		known.Agreed++
		if known.Agreed > agreements<<known.Broken {
			known.Broken = max(known.Broken-1, 0)
		}
	}
}

// stuckAhead returns the steps in which the detector didn't make up for what the rows were ahead.
func (c *changes) stuckAhead() map[int]bool {
	stuck := map[int]bool{}
	for _, ahead := range c.task.State.Opens.Ahead {
		moved := slices.ContainsFunc(c.moved.in[opened], func(m stepMovement) bool { return c.number(m.step) == ahead.SequenceNumber })
		if !moved {
			stuck[ahead.SequenceNumber] = true
		}
	}
	return stuck
}

// learnOpensOfRows does likewise for a count by all rows, which takes longer, so that it proves less.
func (r *run) learnOpensOfRows(next *State, moved *movement, statistics *smartlead.Statistics) {
	c := &changes{run: r, moved: *moved, ids: statistics.Sequences, reading: next.Detected, steps: statistics.Steps, next: *next}
	before := next.Opens.Agreed
	c.learnOpens()
	next.Opens = c.next.Opens
	if next.Opens.Broken <= r.task.State.Opens.Broken { // not contradicted
		next.Opens.Agreed = before
	}
}
