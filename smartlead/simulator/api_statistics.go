package simulator

import (
	"bufio"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// campaignContent is a campaign's content with what was deleted from it.
type campaignContent struct {
	content
	campaign *Campaign
	deleted  map[string]time.Time

	deletedUntil time.Time // what was deleted later is still there; zero is never
}

// rows are the rows of all pages that answer a query.
type rows struct {
	shape  Shape
	n      int
	append func(dst []byte, i int) []byte // appends row i as JSON
	email  func(i int) Email              // nil if the rows are not e-mails
}

// rows returns the rows that pass the filters of a query, in the order in which they are served.
func (c campaignContent) rows(q query) rows {
	switch {
	case c.raw != nil:
		return rows{shape: c.campaign.Shape, n: len(c.raw), append: func(dst []byte, i int) []byte {
			return append(dst, c.raw[i]...)
		}}
	case c.steps != nil || c.campaign.Shape == PerSequence:
		steps := c.counts(q)
		return rows{shape: PerSequence, n: len(steps), append: func(dst []byte, i int) []byte {
			return steps[i].appendJSON(dst, c.campaign.ID)
		}}
	}

	index, n := c.selected(q)
	at := func(i int) Email {
		if c.campaign.Order == NewestFirst {
			i = n - 1 - i
		}
		if index != nil {
			i = index[i]
		}
		return c.emails.At(i)
	}
	return rows{shape: PerEmail, n: n, email: at, append: func(dst []byte, i int) []byte {
		e := at(i)
		return e.appendJSON(dst, c.campaign.ID)
	}}
}

// selected returns the indices of the e-mails that pass the filters, or nil if all do, and how many there are.
func (c campaignContent) selected(q query) (index []int, n int) {
	if !q.filters() && len(c.deleted) == 0 && !c.gaps {
		return nil, c.emails.Len()
	}
	index = []int{}
	for i := range c.emails.Len() {
		if e := c.emails.At(i); c.passes(&q, &e) {
			index = append(index, i)
		}
	}
	return index, len(index)
}

func (c campaignContent) passes(q *query, e *Email) bool {
	if e.gone || !q.matches(e) {
		return false
	}
	if len(c.deleted) == 0 {
		return true
	}
	at, deleted := c.deleted[e.id(c.campaign.ID)]
	return !deleted || !c.deletedUntil.IsZero() && at.After(c.deletedUntil)
}

// counts returns the counts of each step over the e-mails that pass the filters. Steps that sent nothing have none.
func (c campaignContent) counts(q query) []StepCounts {
	if c.emails == nil {
		return slices.DeleteFunc(slices.Clone(c.steps), func(s StepCounts) bool {
			return q.step != 0 && s.Step != q.step
		})
	}
	var counts []StepCounts
	for i := range c.emails.Len() {
		e := c.emails.At(i)
		if !c.passes(&q, &e) {
			continue
		}
		at, found := slices.BinarySearchFunc(counts, e.Step, func(s StepCounts, step int) int { return s.Step - step })
		if !found {
			counts = slices.Insert(counts, at, StepCounts{Step: e.Step})
		}
		counts[at].count(&e)
	}
	return counts
}

func (c *StepCounts) count(e *Email) {
	for _, n := range []struct {
		count *int64
		is    bool
	}{
		{&c.Sent, !e.SentTime.IsZero()},
		{&c.Opened, e.opened()},
		{&c.Clicked, e.clicked()},
		{&c.Replied, e.replied()},
		{&c.Unsubscribed, e.Unsubscribed},
		{&c.Bounced, e.Bounced},
	} {
		if n.is {
			*n.count++
		}
	}
}

func (c StepCounts) appendJSON(dst []byte, campaign int64) []byte {
	for _, field := range []struct {
		name  string
		value int64
	}{
		{`{"campaign_id":`, campaign},
		{`,"sequence_number":`, int64(c.Step)},
		{`,"sent":`, c.Sent},
		{`,"opened":`, c.Opened},
		{`,"clicked":`, c.Clicked},
		{`,"replied":`, c.Replied},
		{`,"unsubscribed":`, c.Unsubscribed},
		{`,"bounced":`, c.Bounced},
	} {
		dst = append(dst, field.name...)
		dst = strconv.AppendInt(dst, field.value, 10)
	}
	return append(dst, '}')
}

func (s *Simulator) serveStatistics(w http.ResponseWriter, r *http.Request, e entry) {
	q, refused := parseQuery(r.URL.Query())
	if refused != nil {
		writeAnswer(w, *refused)
		return
	}
	e.writePage(w, q, *planOf(r), s.currentBehaviour(), s.clock())
}

// writePage streams a page, row by row through one buffer: memory is bound by a row, however large the page is.
func (e entry) writePage(w http.ResponseWriter, q query, p plan, b Behaviour, now time.Time) {
	held := e.content(now, b.RowsLate)
	if b.Filters == FiltersIgnored {
		q = query{offset: q.offset, limit: q.limit}
	}
	all := held.rows(q)
	total := all.n
	if p.totalOfAll || b.Filters == FiltersIgnoredInTotals {
		total = held.rows(query{}).n
	}
	most := q.limit
	if p.maxRows > 0 {
		most = min(most, p.maxRows)
	}
	limit := q.limit
	if p.tellMaxRows {
		limit = most
	}
	first := min(q.offset, all.n)
	last := first + min(most, all.n-first)
	if p.empty {
		last = first
	}

	w.Header().Set("Content-Type", contentJSON)
	out := bufio.NewWriterSize(w, 32<<10)
	var row []byte
	if all.shape == PerEmail {
		row = append(row, `{"total_stats":"`...)
		row = strconv.AppendInt(row, int64(total), 10)
		row = append(row, '"')
		row = appendPaging(row, q.offset, limit)
		row = append(row, `,"data":[`...)
	} else {
		row = append(row, `{"ok":true,"data":[`...)
	}
	for i := first; i < last; i++ {
		if i > first {
			row = append(row, ',')
		}
		row = all.append(row, i)
		if _, err := out.Write(row); err != nil {
			return // the client is gone
		}
		row = row[:0]
	}
	row = append(row, ']')
	if all.shape == PerSequence {
		row = appendPaging(row, q.offset, limit)
	}
	row = append(row, '}')
	_, _ = out.Write(row)
	_ = out.Flush()
}

func appendPaging(dst []byte, offset, limit int) []byte {
	dst = append(dst, `,"offset":`...)
	dst = strconv.AppendInt(dst, int64(offset), 10)
	dst = append(dst, `,"limit":`...)
	return strconv.AppendInt(dst, int64(limit), 10)
}
