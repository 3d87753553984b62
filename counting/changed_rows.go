package counting

import (
	"cmp"
	"slices"
	"time"

	"smartlead_exporter/smartlead"
)

const (
	// overlap is how far back new rows are looked for behind the newest one that is known: rows can come late. What was
	// counted of that time is known again by its identity.
	overlap = smartlead.RecentSpan - time.Minute
	// boundary is by how much the time of a row may lie beyond one that was asked for.
	boundary = 2 * time.Second
)

// newRows counts the rows that are newer than the newest one known.
func (c *changes) newRows() error {
	state, q := c.task.State, c.task.Query
	if len(state.Recent) == 0 {
		return errRows // nothing by which new rows could be told
	}
	q.SentAfter = latest(q.SentAfter, state.Newest.Add(-overlap))
	set, err := c.rows(q)
	if err != nil {
		return err
	}
	if set.RowsWithoutStep > 0 {
		return errRows // they are to be told of, and can't be told from those that were
	}
	known := make(map[uint64]bool, len(state.Recent))
	for _, row := range state.Recent {
		known[row.Identity] = true
	}
	found := make(map[uint64]bool, len(set.Facts))
	recent := slices.Clone(state.Recent)
	var added int64
	for i := range set.Facts {
		row := &set.Facts[i]
		found[row.Identity] = true
		if known[row.Identity] {
			continue
		}
		if row.Identity == 0 {
			return errRows // it couldn't be known again the next time
		}
		added++
		c.add(row)
		recent = append(recent, smartlead.RecentRow{Identity: row.Identity, SentTime: row.SentTime})
	}
	for _, row := range state.Recent {
		inside := row.SentTime.After(q.SentAfter.Add(boundary)) && (q.SentBefore.IsZero() || row.SentTime.Before(q.SentBefore.Add(-boundary)))
		if inside && !found[row.Identity] {
			return errRows // it was deleted, or what came isn't whole
		}
	}
	c.next.Rows += added
	c.next.Recent = slices.DeleteFunc(recent, func(row smartlead.RecentRow) bool {
		return row.SentTime.Before(c.next.Newest.Add(-smartlead.RecentSpan))
	})
	c.ids = mergeSequences(c.ids, set.Sequences)
	return c.match(added)
}

// match holds the rows that were found against what the detector says was sent. Fewer are late; what doesn't come in time has
// all rows counted. More can have been sent since the detector was read, or others were deleted; the total of all tells.
func (c *changes) match(added int64) error {
	if !c.whole() {
		c.followed(sent, added)
		return nil
	}
	was, left := c.task.State.Repeat[sent], &c.next.Repeat[sent]
	lags := c.balance(sent, added)
	switch {
	case c.next.Behind[sent] < 0:
		*left = 0
		return c.checkTotal()
	case !lags:
		*left = 0
	case was == 0:
		*left = repeats
	case was == 1:
		return errRows
	default:
		*left = was - 1
	}
	return nil
}

// checkTotal has all rows counted if there are fewer than are known.
func (c *changes) checkTotal() error {
	total, err := c.source.Total(c.ctx, c.task.Query)
	c.requests += total.Requests
	switch {
	case err != nil:
		return err
	case total.Rows < c.next.Rows:
		return errRows
	default:
		return nil
	}
}

// add counts a row.
func (c *changes) add(row *smartlead.RowFacts) {
	i, found := slices.BinarySearchFunc(c.steps, row.SequenceNumber, func(s smartlead.Step, n int) int { return s.SequenceNumber - n })
	if !found {
		c.steps = slices.Insert(c.steps, i, smartlead.Step{SequenceNumber: row.SequenceNumber, Unknown: c.task.Last.Unknown()})
	}
	step := &c.steps[i]
	step.Sent++
	for kind, happened := range [kinds]bool{
		opened: row.Opened, clicked: row.Clicked, replied: row.Replied, unsubscribed: row.Unsubscribed, bounced: row.Bounced,
	} {
		if happened {
			*count(step, kind)++
		}
	}
	step.LastSent = latest(step.LastSent, row.SentTime)
	c.next.Newest = latest(c.next.Newest, row.SentTime)
}

// countStatus counts all rows of a status anew, of every step.
func (c *changes) countStatus(kind int) error {
	q := c.task.Query
	q.EmailStatus = statuses[kind]
	set, err := c.rows(q)
	if err != nil {
		return err
	}
	before := sums(c.task.Last.Steps)[kind] // without the new rows, which are counted already
	counts := map[int]int64{}
	for i := range set.Steps {
		counts[set.Steps[i].SequenceNumber] = *count(&set.Steps[i], kind)
	}
	for i := range c.steps {
		n := counts[c.steps[i].SequenceNumber]
		if n > c.steps[i].Sent {
			return errRows // of e-mails that aren't known
		}
		*count(&c.steps[i], kind) = n
		delete(counts, c.steps[i].SequenceNumber)
	}
	if len(counts) > 0 {
		return errRows // likewise
	}
	if kind == replied {
		c.replies = set.Replies
	}
	c.followed(kind, sums(c.steps)[kind]-before)
	return nil
}

// rows fetches the rows of a query, which must be those of e-mails.
func (c *changes) rows(q smartlead.StatisticsQuery) (smartlead.RowSet, error) {
	set, err := c.source.Rows(c.ctx, q)
	c.requests += set.Requests
	c.planned = max(c.planned-set.Requests, 0)
	if err == nil && set.Shape == smartlead.ShapeAggregated {
		err = errRows
	}
	return set, err
}

// mergeSequences returns which step an id is, from two sets of rows; the newer one counts.
func mergeSequences(old, newer []smartlead.SequenceStep) []smartlead.SequenceStep {
	merged := slices.Clone(newer)
	for _, s := range old {
		if !slices.ContainsFunc(newer, func(n smartlead.SequenceStep) bool { return n.SequenceID == s.SequenceID }) {
			merged = append(merged, s)
		}
	}
	slices.SortFunc(merged, func(a, b smartlead.SequenceStep) int {
		return cmp.Or(cmp.Compare(a.SequenceID, b.SequenceID), cmp.Compare(a.SequenceNumber, b.SequenceNumber))
	})
	return merged
}
