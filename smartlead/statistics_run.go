package smartlead

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

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
		Steps: r.tally.list(r.query.wants), Shape: r.tally.shape, Recent: r.tally.recent.list(),
		Sequences: r.tally.sequenceSteps(), Variants: r.tally.variants.list(r.query.wants),
		Rows: r.tally.rows, RowsWithoutStep: r.tally.odd.withoutStep, Requests: r.requests,
	}, nil
}

// pin keeps rows that arrive from now on out of the set.
func (r *statisticsRun) pin() {
	if r.query.SentBefore.IsZero() || r.began.Before(r.query.SentBefore) {
		r.query.SentBefore = r.began
	}
}

// fetch fetches a complete set in which not every row lacks a step.
func (r *statisticsRun) fetch(ctx context.Context) error {
	r.tally, r.returned, r.began, r.total, r.endedByEmptyPage = newTally(), 0, time.Time{}, -1, false
	r.tally.fits, r.tally.keepsFacts = r.fits, r.keepsFacts
	err := r.pages(ctx)
	if err != nil && !errors.Is(err, ErrIncomplete) {
		return err
	}
	if wrong := r.tally.check(); wrong != nil {
		return &Error{Op: "GET " + r.query.path(), Reason: ErrBadResponse, StatusCode: http.StatusOK, Message: wrong.Error()}
	}
	return err
}

// pages fetches pages until the set is complete.
func (r *statisticsRun) pages(ctx context.Context) error {
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
			if err := read(body, at); err != nil {
				return err
			}
			return r.tally.checkPage()
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
