package smartlead

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"
)

// MaxPageSize is the documented maximum of rows a page, and what is asked for by default.
const MaxPageSize = 1000

// timeFormat is how the API wants a moment in a query (documented), in UTC.
const timeFormat = "2006-01-02 15:04:05.000Z"

// EmailStatus restricts statistics to e-mails that something happened to.
type EmailStatus string

// The documented values.
const (
	StatusOpened       EmailStatus = "opened"
	StatusClicked      EmailStatus = "clicked"
	StatusReplied      EmailStatus = "replied"
	StatusUnsubscribed EmailStatus = "unsubscribed"
	StatusBounced      EmailStatus = "bounced"
)

// StatisticsQuery says which e-mails of a campaign to count. The zero value of each field but CampaignID means all.
type StatisticsQuery struct {
	CampaignID int64
	// SequenceNumbers are the steps wanted. A single one from 1 to 20 is asked for by the API's own parameter; several
	// are fetched with all others and chosen here, since each would cost a request of its own.
	SequenceNumbers []int
	EmailStatus     EmailStatus
	SentAfter       time.Time
	SentBefore      time.Time
	// SentWithin is a window that ends now, instead of SentAfter.
	SentWithin time.Duration
	// PageSize is the number of rows asked for at a time, 1 to MaxPageSize. Default: MaxPageSize.
	PageSize int
}

// Statistics are a campaign's counts, from a set of pages that was complete.
type Statistics struct {
	// Steps are in ascending order of their number; empty for a campaign without statistics. The caller owns them.
	Steps []Step
	// Shape is that of the rows they were counted from.
	Shape Shape
	// Sequences say which step an email_campaign_seq_id is: each pair that a row had, once, in ascending order of the
	// id. Rows of the aggregated shape have none. The caller owns them.
	Sequences []SequenceStep
	// Rows is the number of distinct rows.
	Rows int
	// Requests is the number of requests it took. It is set with an error, too.
	Requests int
}

// Step holds the e-mails of one step of a campaign's sequence, each counted once per kind of event. Counts are never
// negative, but can be smaller than they were: replies are recategorised and leads deleted.
type Step struct {
	SequenceNumber int // 0 to MaxSequenceNumber

	Sent, Opened, Clicked, Replied, Unsubscribed, Bounced int64

	// LastSent is when the newest e-mail left; zero if unknown, as it always is in the aggregated shape.
	LastSent time.Time
}

// Statistics fetches the counts of a campaign, in as many requests as it takes: GET /campaigns/{id}/statistics, page
// after page. It returns complete sets only. With per-e-mail rows it keeps some bytes of each row, to know it again
// when rows that arrive meanwhile move it to another page; a set that doesn't add up to the server's total is fetched
// once more with sent_time_end_date set to the moment it began, and is ErrIncomplete if that doesn't help.
//
// The error is an *Error, an error of the query itself, or wraps the end of ctx.
func (c *Client) Statistics(ctx context.Context, q StatisticsQuery) (Statistics, error) {
	if err := q.check(); err != nil {
		return Statistics{}, err
	}
	q.fixWindow()
	return (&statisticsRun{client: c, query: q}).whole(ctx)
}

// LastSent is when the newest e-mail of all steps left; zero if unknown.
func (s Statistics) LastSent() time.Time {
	var last time.Time
	for _, step := range s.Steps {
		if step.LastSent.After(last) {
			last = step.LastSent
		}
	}
	return last
}

// fixWindow has a window that ends now begin at a moment that stays.
func (q *StatisticsQuery) fixWindow() {
	if q.SentWithin > 0 {
		q.SentAfter, q.SentWithin = time.Now().Add(-q.SentWithin), 0
	}
}

func (q *StatisticsQuery) check() error {
	switch {
	case q.CampaignID <= 0:
		return fmt.Errorf("smartlead: campaign id %d is not positive", q.CampaignID)
	case q.PageSize < 0 || q.PageSize > MaxPageSize:
		return fmt.Errorf("smartlead: page size %d is not between 1 and %d", q.PageSize, MaxPageSize)
	case q.SentWithin < 0 || q.SentWithin > 0 && !q.SentAfter.IsZero():
		return errors.New("smartlead: SentWithin is negative, or stands beside SentAfter")
	}
	for _, step := range q.SequenceNumbers {
		if step < 1 || step > 20 {
			return fmt.Errorf("smartlead: sequence number %d is not between 1 and 20", step)
		}
	}
	if q.PageSize == 0 {
		q.PageSize = MaxPageSize
	}
	return nil
}

// values are the parameters of one page; the key is added where the request is made.
func (q *StatisticsQuery) values(offset, limit int) url.Values {
	v := url.Values{"offset": {strconv.Itoa(offset)}, "limit": {strconv.Itoa(limit)}}
	if len(q.SequenceNumbers) == 1 {
		v.Set("email_sequence_number", strconv.Itoa(q.SequenceNumbers[0]))
	}
	if q.EmailStatus != "" {
		v.Set("email_status", string(q.EmailStatus))
	}
	if !q.SentAfter.IsZero() {
		v.Set("sent_time_start_date", q.SentAfter.UTC().Format(timeFormat))
	}
	if !q.SentBefore.IsZero() {
		v.Set("sent_time_end_date", q.SentBefore.UTC().Format(timeFormat))
	}
	return v
}

// filtered reports whether the API is asked to leave something out.
func (q *StatisticsQuery) filtered() bool {
	return len(q.SequenceNumbers) == 1 || q.EmailStatus != "" || !q.SentAfter.IsZero() || !q.SentBefore.IsZero()
}

func (q *StatisticsQuery) path() string {
	return "/campaigns/" + strconv.FormatInt(q.CampaignID, 10) + "/statistics"
}

// statisticsRun is one call of Statistics or Rows.
type statisticsRun struct {
	client     *Client
	query      StatisticsQuery
	fits       func(*statisticsRow) bool // a row that doesn't fit ends the run; nil: all fit
	keepsFacts bool                      // of each row
	requests   int

	tally            *tally
	returned         int       // rows, those seen before included
	began            time.Time // by the server's clock, when the newest set of pages was begun
	total            int64     // the newest total_stats of the set; -1 if no page had one
	atLeast          int64     // total_stats when it began, of a query without filters: a set up to that moment has as many
	endedByEmptyPage bool
}

// whole fetches the set, once more if it doesn't add up, and counts it.
func (r *statisticsRun) whole(ctx context.Context) (Statistics, error) {
	ctx, end := r.client.begin(ctx)
	defer end()
	err := r.fetch(ctx)
	if errors.Is(err, ErrIncomplete) {
		r.pin()
		err = r.fetch(ctx)
		if errors.Is(err, ErrIncomplete) && r.looksWhole() {
			err = r.doubtTotal(ctx, err)
		}
	}
	if err != nil {
		return Statistics{Requests: r.requests}, err
	}
	return Statistics{
		Steps: r.tally.list(r.query.wants), Shape: r.tally.shape, Sequences: r.tally.sequenceSteps(),
		Rows: r.tally.rows, Requests: r.requests,
	}, nil
}

// pin keeps rows that arrive from now on out of the set.
func (r *statisticsRun) pin() {
	if r.query.SentBefore.IsZero() || r.began.Before(r.query.SentBefore) {
		r.query.SentBefore = r.began
	}
}

// fetch fetches pages until the set is complete.
func (r *statisticsRun) fetch(ctx context.Context) error {
	r.tally, r.returned, r.began, r.total, r.endedByEmptyPage = newTally(), 0, time.Time{}, -1, false
	r.tally.fits, r.tally.keepsFacts = r.fits, r.keepsFacts
	for {
		page, err := r.page(ctx)
		if err != nil {
			return err
		}
		if r.returned == 0 && !r.query.filtered() {
			r.atLeast = page.total
		}
		fresh, sure := r.tally.commit()
		if r.tally.misfits > 0 {
			return r.query.filterIgnored(http.StatusOK, "a row came that they leave out")
		}
		r.returned += page.rows
		if page.total >= 0 { // a page without a total, such as an empty one before the end, doesn't undo the last one's
			if page.total < r.total {
				// What vanished moved up all rows behind it, so that some were never on a page, and rows that are gone
				// were. Both numbers can be equal, which the total alone wouldn't tell.
				return r.incomplete(fmt.Sprintf("total_stats sank from %d to %d between two pages", r.total, page.total))
			}
			r.total = page.total
		}
		total := r.total
		if r.tally.shape == ShapeAggregated {
			total = -1 // whatever it would count, it isn't documented to count steps
		}
		// Without a total, a page shorter than the limit is the last one. The limit is the one the server says it went
		// by, if that is less than was asked for.
		limit := r.query.PageSize
		if page.limit > 0 && page.limit < int64(limit) {
			limit = int(page.limit)
		}
		r.client.expect(ctx, pagesLeft(total, r.returned, page.rows, limit))
		switch {
		case page.rows == 0:
			r.endedByEmptyPage = true
		case total >= 0 && int64(r.returned) < total, total < 0 && page.rows >= limit:
			if !fresh || total < 0 && !sure { // the server doesn't mind the offset, and would go on for ever
				return r.incomplete(errNothingNew.Error())
			}
			continue
		}
		if total >= 0 && int64(r.tally.rows) != total && !r.excused() {
			return r.incomplete(fmt.Sprintf("%d distinct rows of %d arrived", r.tally.rows, total))
		}
		return nil
	}
}

// page fetches the next page and counts its rows, for the tally to commit.
func (r *statisticsRun) page(ctx context.Context) (page statisticsPage, err error) {
	read := r.query.reader(&page, r.tally)
	req := &request{
		path:  r.query.path(),
		query: r.query.values(r.returned, r.query.PageSize),
		read: func(body *pageReader, at time.Time) error {
			if r.began.IsZero() {
				r.began = at
			}
			return read(body, at)
		},
	}
	err = r.client.do(ctx, req)
	r.requests += req.sent
	return page, err
}

func (r *statisticsRun) incomplete(message string) error {
	return &Error{Op: "GET " + r.query.path(), Reason: ErrIncomplete, Message: message}
}

// totals is what a client has found out about total_stats.
type totals struct{ ignoreFilters atomic.Bool }

// excused reports whether a set that is smaller than total_stats is complete all the same: the server is known to
// leave filters out of its totals, the query has one, and the set looks whole.
func (r *statisticsRun) excused() bool {
	return r.client.totals.ignoreFilters.Load() && r.query.filtered() && r.looksWhole()
}

// looksWhole reports whether an empty page ended the set, no row moved meanwhile, and none is missing that was there
// when it began, as far as that is known.
func (r *statisticsRun) looksWhole() bool {
	return r.endedByEmptyPage && r.tally.rows == r.returned && int64(r.tally.rows) >= r.atLeast
}

// doubtTotal is asked when a set that looks whole is smaller than total_stats says. That total_stats counts with the
// filters applied is likely but unproven, so the server is asked for e-mails of the far future: if it counts some, its
// totals ignore filters. It returns nil if they do, else the error that it was called for.
func (r *statisticsRun) doubtTotal(ctx context.Context, incomplete error) error {
	probe := StatisticsQuery{CampaignID: r.query.CampaignID, SentAfter: time.Now().AddDate(50, 0, 0)}
	var page statisticsPage
	req := &request{
		path:  probe.path(),
		query: probe.values(0, 1),
		read: func(body *pageReader, _ time.Time) (err error) {
			page, err = readStatisticsPage(body, func(*statisticsRow) error { return nil })
			return err
		},
	}
	err := r.client.do(ctx, req)
	r.requests += req.sent
	if err != nil {
		return err
	}
	if page.rows > 0 || page.total <= 0 {
		return incomplete
	}
	r.client.totals.ignoreFilters.Store(true)
	return nil
}
