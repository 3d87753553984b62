package backfill

import (
	"context"
	"errors"
	"slices"
	"time"

	"smartlead_exporter/smartlead"
)

// DefaultAtOnce is how many e-mails of a campaign are fetched at once. The client keeps some bytes of each of these, to know
// it again; so it is what bounds memory.
const DefaultAtOnce = 100_000

var (
	errLarge   = errors.New("a campaign has more e-mails than are fetched at once")
	errNoParts = errors.New("a campaign can't be fetched in parts")
)

// fetcher counts the rows of one campaign.
type fetcher struct {
	client   *smartlead.Client
	query    smartlead.StatisticsQuery
	settings Settings
	within   time.Duration // see tally
	atOnce   int
}

// fetch counts the rows, in parts by when e-mails were sent where they are many. Where the server doesn't serve parts, or
// they don't add up, it takes all at once.
func (f *fetcher) fetch(ctx context.Context) (campaignPast, error) {
	past, err := f.whole(ctx, f.atOnce)
	if errors.Is(err, errLarge) {
		past, err = f.parts(ctx)
	}
	if errors.Is(err, errNoParts) {
		past, err = f.whole(ctx, 0)
	}
	return past, err
}

// whole counts all rows as one set. It returns errLarge as soon as there are more than a limit; 0 is none.
func (f *fetcher) whole(ctx context.Context, limit int) (campaignPast, error) {
	bounded, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if limit > 0 {
		p := smartlead.ProgressOf(ctx)
		p.Expected = func(requests int) {
			if requests*smartlead.MaxPageSize > limit {
				cancel(errLarge)
			}
		}
		bounded = smartlead.WithProgress(bounded, p)
	}
	t := f.newTally()
	statistics, err := f.client.EachRow(bounded, f.query, smartlead.Times{Reset: t.reset, Row: t.add})
	if err != nil && errors.Is(context.Cause(bounded), errLarge) {
		err = errLarge
	}
	if err != nil {
		return campaignPast{}, err
	}
	past := t.past(f.query.CampaignID)
	past.Rows, past.Aggregated = statistics.Rows, statistics.Shape == smartlead.ShapeAggregated
	return past, nil
}

func (f *fetcher) newTally() *tally {
	t := &tally{settings: f.settings, within: f.within}
	t.reset()
	return t
}

// span is when e-mails were sent; the end is excluded, and zero times are no bounds.
type span struct{ from, until time.Time }

// overlap is by how much more than a part is asked for on either side: whether bounds belong to it isn't documented.
const overlap = 2 * time.Second

// parts counts the rows part by part.
func (f *fetcher) parts(ctx context.Context) (campaignPast, error) {
	spans, total, err := f.plan(ctx)
	if err != nil {
		return campaignPast{}, err
	}
	all, rows := f.newTally(), 0
	for _, s := range spans {
		t, n, err := f.part(ctx, s)
		if err != nil {
			return campaignPast{}, err
		}
		all.merge(t)
		rows += n
	}
	if int64(rows) < total { // such as rows without a time, which may be in no part
		return campaignPast{}, errNoParts
	}
	past := all.past(f.query.CampaignID)
	past.Rows = rows
	return past, nil
}

// plan halves time until no part has more e-mails than are fetched at once. It returns how many there are in all, too.
func (f *fetcher) plan(ctx context.Context) (spans []span, total int64, err error) {
	type counted struct {
		span
		rows int64
	}
	all := span{f.query.SentAfter, f.query.SentBefore}
	if total, err = f.total(ctx, all); err != nil {
		return nil, 0, err
	}
	for left := []counted{{all, total}}; len(left) > 0; {
		s := left[len(left)-1]
		left = left[:len(left)-1]
		early, late, divisible := s.halves()
		if s.rows <= int64(f.atOnce) || !divisible {
			spans = append(spans, s.span)
			continue
		}
		earlyRows, err := f.total(ctx, early)
		if err != nil {
			return nil, 0, err
		}
		lateRows, err := f.total(ctx, late)
		if err != nil {
			return nil, 0, err
		}
		if earlyRows+lateRows > s.rows+int64(f.atOnce)/2 { // more than arrives meanwhile: bounds don't bind
			return nil, 0, errNoParts
		}
		left = append(left, counted{late, lateRows}, counted{early, earlyRows})
	}
	return spans, total, nil
}

func (s span) halves() (early, late span, divisible bool) {
	from, until := s.from, s.until
	if from.IsZero() {
		from = earliest
	}
	if until.IsZero() {
		until = time.Now()
	}
	middle := from.Add(until.Sub(from) / 2).Truncate(time.Second)
	return span{s.from, middle}, span{middle, s.until}, until.Sub(from) > time.Minute
}

// asked returns the query for a part.
func (f *fetcher) asked(s span) smartlead.StatisticsQuery {
	q := f.query
	if len(q.SequenceNumbers) > 1 { // of which there is no total
		q.SequenceNumbers = nil
	}
	if !s.from.Equal(q.SentAfter) {
		q.SentAfter = s.from.Add(-overlap)
	}
	if !s.until.Equal(q.SentBefore) {
		q.SentBefore = s.until.Add(overlap)
	}
	return q
}

func (f *fetcher) total(ctx context.Context, s span) (int64, error) {
	total, err := f.client.Total(ctx, f.asked(s))
	if errors.Is(err, smartlead.ErrBadResponse) || err == nil && total.Rows < 0 {
		return 0, errNoParts
	}
	return total.Rows, err
}

// part counts the e-mails that were sent in a span, and returns how many there were of any step.
func (f *fetcher) part(ctx context.Context, s span) (*tally, int, error) {
	t, again := f.newTally(), 0
	q := f.asked(s)
	several := len(f.query.SequenceNumbers) > 1
	statistics, err := f.client.EachRow(ctx, q, smartlead.Times{
		Reset: func() { t.reset(); again = 0 },
		Row: func(row smartlead.RowTimes) {
			before := !s.from.IsZero() && row.Sent.Before(s.from) // as is a row without a time
			if before || !s.until.IsZero() && !row.Sent.Before(s.until) {
				again++ // it is in the part next to this one
				return
			}
			if !several || slices.Contains(f.query.SequenceNumbers, row.SequenceNumber) {
				t.add(row)
			}
		},
	})
	if errors.Is(err, smartlead.ErrBadResponse) || errors.Is(err, smartlead.ErrIncomplete) {
		return nil, 0, errNoParts
	}
	return t, statistics.Rows - again, err
}
