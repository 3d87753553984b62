package counting

import (
	"slices"

	"smartlead_exporter/smartlead"
)

// askTotals asks for the totals of the steps in which a kind moved.
func (c *changes) askTotals(kind int) error {
	numbers, by, err := c.stepsToAsk(kind)
	if err != nil {
		return err
	}
	last := c.task.Last.Steps
	for _, number := range numbers {
		i := slices.IndexFunc(c.steps, ofNumber(number))
		if i < 0 {
			return errRows
		}
		total, err := c.total(number, kind)
		if err != nil {
			return err
		}
		if total > c.steps[i].Sent {
			return errRows
		}
		var was int64
		if j := slices.IndexFunc(last, ofNumber(number)); j >= 0 {
			was = *count(&last[j], kind)
		}
		if err := c.believe(total, was+by[number], c.steps[i].Sent); err != nil {
			return err
		}
		*count(&c.steps[i], kind) = total
	}
	c.followed(kind, sums(c.steps)[kind]-sums(last)[kind])
	c.next.RepeatIn[kind] = nil
	if c.next.Repeat[kind] > 0 {
		c.next.RepeatIn[kind] = numbers
	}
	return nil
}

func ofNumber(number int) func(smartlead.Step) bool {
	return func(s smartlead.Step) bool { return s.SequenceNumber == number }
}

// stepsToAsk returns the steps for which a kind has to be asked for, and by how much it moved in each.
func (c *changes) stepsToAsk(kind int) (numbers []int, by map[int]int64, err error) {
	by = map[int]int64{}
	numbers = slices.Clone(c.task.State.RepeatIn[kind])
	if c.anyStep(kind) {
		numbers = nil
		for _, s := range c.steps {
			numbers = append(numbers, s.SequenceNumber)
		}
	}
	for _, moved := range c.moved.in[kind] {
		number := c.number(moved.step)
		if number == 0 {
			return nil, nil, errRows
		}
		if q := c.task.Query; len(q.SequenceNumbers) > 0 && !slices.Contains(q.SequenceNumbers, number) {
			continue
		}
		numbers = append(numbers, number)
		by[number] += moved.by
	}
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	if slices.ContainsFunc(numbers, func(n int) bool { return n < 1 || n > smartlead.MaxQueryStep }) {
		return nil, nil, errRows // the API can't be asked for it by itself
	}
	return numbers, by, nil
}

// number returns which step a reading is of, or 0 if that isn't known.
func (c *changes) number(step StepReading) int {
	if step.SequenceNumber != 0 {
		return step.SequenceNumber
	}
	for _, s := range c.ids {
		if s.SequenceID == step.SequenceID {
			return s.SequenceNumber
		}
	}
	return 0
}

// total asks how many e-mails of a step a kind counts.
func (c *changes) total(step, kind int) (int64, error) {
	q := c.task.Query
	q.SequenceNumbers, q.EmailStatus = []int{step}, statuses[kind]
	total, err := c.source.Total(c.ctx, q)
	c.requests += total.Requests
	c.planned = max(c.planned-total.Requests, 0)
	if err == nil && total.Rows < 0 {
		err = errRows
	}
	return total.Rows, err
}

// believe decides whether totals count with filters applied. That is proven for the account once a total is just what the
// detector lets expect; until then each other one is held against a count that didn't move.
func (c *changes) believe(total, expected, sentInStep int64) error {
	switch {
	case c.counter.trustOfTotals() == proven:
		return nil
	case total == expected && total > 0 && total < sentInStep:
		c.counter.setTrust(proven)
		return nil
	}
	step, kind := c.control()
	if step == nil {
		return errRows
	}
	control, err := c.total(step.SequenceNumber, kind)
	switch {
	case err != nil:
		return err
	case control == *count(step, kind):
		c.counter.setTrust(proven)
		return nil
	case control >= step.Sent && step.Sent-*count(step, kind) >= noChance:
		c.counter.setTrust(refuted)
	}
	return errRows
}

// noChance is by how much a total has to be too high for that not to have come about since the detector was read.
const noChance = 10

// control returns a count of the last time that didn't move since, and of those the one that differs most from what a total
// without filters would be; nil if there is none.
func (c *changes) control() (step *smartlead.Step, kind int) {
	var most int64
	for i := range c.task.Last.Steps {
		s := &c.task.Last.Steps[i]
		if n := s.SequenceNumber; n < 1 || n > smartlead.MaxQueryStep {
			continue
		}
		for k := range kinds {
			n := *count(s, k)
			if k != sent && n > 0 && s.Sent-n > most && !c.movedIn(s.SequenceNumber, k) {
				step, kind, most = s, k, s.Sent-n
			}
		}
	}
	return step, kind
}

// movedIn reports whether a kind moved in a step, or may have.
func (c *changes) movedIn(number, kind int) bool {
	if c.task.State.Repeat[kind] > 0 {
		return true
	}
	if c.anyStep(kind) {
		return c.moved.moved[kind]
	}
	return slices.ContainsFunc(c.moved.in[kind], func(m stepMovement) bool {
		n := c.number(m.step)
		return n == 0 || n == number
	})
}
