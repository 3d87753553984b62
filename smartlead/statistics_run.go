package smartlead

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

var errNothingNew = errors.New("a page brought no row that is known to be new")

// statisticsRun is one call of Statistics, Rows or EachRow.
type statisticsRun struct {
	client     *Client
	query      StatisticsQuery
	fits       func(*statisticsRow) bool // a row that doesn't fit ends the run; nil: all fit
	keepsFacts bool                      // of each row
	reset      func()                    // is called before each set is begun; nil: nobody is told
	each       func(RowTimes)            // is handed the rows of the set; nil: nobody is
	requests   int
	proved     int64 // total_stats of the newest page of a set that didn't add up, or -1

	// Of the set being fetched:
	tally            *tally
	returned         int   // rows, those seen before included
	first, total     int64 // total_stats of its first and of its newest page that had one; -1 for none
	firstRows        int   // of its first page
	endedByEmptyPage bool
	pin              time.Time // sent_time_end_date of the pages from here on; zero: as the query has it
	pinned           pinState
	date             time.Time // of the first page, by the server's clock
}

// pinState is what is known of a pin.
type pinState int

const (
	pinPossible pinState = iota // none yet
	pinDoubtful                 // it may leave out rows that were there before
	pinProven                   // it doesn't
	pinForbidden
)

// whole fetches the set, once more if it doesn't add up, and counts it.
func (r *statisticsRun) whole(ctx context.Context) (Statistics, error) {
	ctx, end := r.client.begin(ctx)
	defer end()
	r.proved = -1
	err := r.fetch(ctx, pinPossible)
	if errors.Is(err, ErrIncomplete) {
		r.proved = r.total
		// Without a pin this time: whatever it leaves out is missing each time.
		err = r.fetch(ctx, pinForbidden)
		if errors.Is(err, ErrIncomplete) && r.query.filtered() && r.looksWhole() {
			err = r.doubtTotal(ctx, err)
		}
	}
	if err != nil {
		return Statistics{Requests: r.requests}, err
	}
	counts := Statistics{
		Steps: r.tally.list(r.query.wants), Shape: r.tally.shape, Recent: r.tally.recent.list(),
		Sequences: r.tally.sequenceSteps(), Variants: r.tally.variants.list(r.query.wants),
		Rows: r.tally.rows, RowsWithoutStep: r.tally.odd.withoutStep, Requests: r.requests,
	}
	if counts.Shape == ShapePerEmail {
		counts.Replies = r.tally.replies.list()
	}
	return counts, nil
}

// fetch fetches a complete set in which not every row lacks a step.
func (r *statisticsRun) fetch(ctx context.Context, pinned pinState) error {
	r.tally, r.returned, r.first, r.total, r.endedByEmptyPage = newTally(), 0, -1, -1, false
	r.pin, r.pinned, r.date = time.Time{}, pinned, time.Time{}
	r.tally.fits, r.tally.keepsFacts, r.tally.each, r.tally.wants = r.fits, r.keepsFacts, r.each, r.query.wants
	r.tally.outside = r.query.outside
	if r.reset != nil {
		r.reset()
	}
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
		if r.leavesOut(page.total) {
			r.pin, r.pinned = time.Time{}, pinForbidden
			continue // with the same page
		}
		fresh := r.tally.commit()
		if r.tally.misfits > 0 {
			return r.query.filterIgnored(http.StatusOK, "a row came that they leave out")
		}
		if r.returned == 0 {
			r.first, r.firstRows = page.total, page.rows
		}
		r.returned += page.rows
		if page.total >= 0 { // a page without a total, such as an empty one before the end, doesn't undo the last one's
			before := r.total
			if r.total = page.total; r.total < before {
				// What vanished moved up all rows behind it, so that some were never on a page, and rows that are gone
				// were. Both numbers can be equal, which the total alone wouldn't tell.
				return r.incomplete(fmt.Sprintf("total_stats sank from %d to %d between two pages", before, r.total))
			}
		}
		total, full := r.total, r.fullPage(page)
		if r.tally.shape == ShapeAggregated {
			total = -1 // whatever it would count, it isn't documented to count steps
		}
		r.client.expect(ctx, pagesLeft(total, r.returned, page.rows, full))
		switch {
		case page.rows == 0:
			r.endedByEmptyPage = true
		case total >= 0 && int64(r.returned) < total, total < 0 && page.rows >= full:
			switch {
			case fresh && (total >= 0 || !r.tally.repeated):
				r.setPin()
				continue
			case fresh || total >= 0 || page.rows >= r.firstRows: // the server doesn't mind the offset, and would go on for ever
				return r.incomplete(errNothingNew.Error())
			}
			// What arrived in front has moved the last rows behind the offset once more: that is the end.
		}
		if total >= 0 && !r.addsUp() && !r.excused() {
			return r.incomplete(fmt.Sprintf("%d distinct rows of %d arrived", r.tally.rows, max(total, r.proved)))
		}
		return nil
	}
}

// fullPage returns how many rows a page has, at the least, behind which another one is to be expected where no total
// tells: the limit that the server says it went by, or that it was asked for. A page of e-mails can be short without saying
// so; behind it comes at least an empty one. Where there is a total, it is about how many rows a page has.
func (r *statisticsRun) fullPage(page statisticsPage) int {
	limit := r.query.PageSize
	switch {
	case r.tally.shape == ShapePerEmail && r.total < 0:
		return 1
	case page.limit > 0 && page.limit < int64(limit):
		return int(page.limit)
	default:
		return limit
	}
}

// addsUp reports whether the rows are as many as the server says, now or when the set was begun. If they are as many as
// then, and not as now, those that came meanwhile stand before rows that came twice, and in front of the pages that came
// before. That can't be told where rows can't be known again.
func (r *statisticsRun) addsUp() bool {
	rows := int64(r.tally.rows)
	if rows < r.proved || r.total != r.first && r.tally.anonymous > 0 {
		return false
	}
	return rows == r.total || rows == r.first
}

// setPin has the pages behind the first be of e-mails that were sent up to now, so that those that arrive meanwhile move
// none to another page. What "now" is can't be known: the server's clocks may differ from ours, and from each other. It
// is the latest of what is known, and the next page's total tells whether it leaves something out.
func (r *statisticsRun) setPin() {
	if r.pinned != pinPossible || r.tally.shape != ShapePerEmail || r.first < 0 || r.client.totals.ignoreFilters.Load() {
		return
	}
	now := time.Now()
	pin := now
	for _, at := range []time.Time{r.date, r.tally.newest} {
		if at.After(pin) && at.Sub(now) < maxClockSkew {
			pin = at
		}
	}
	pin = pin.Truncate(time.Second).Add(pinMargin)
	if r.tally.newest.After(pin) || !r.query.SentBefore.IsZero() && !pin.Before(r.query.SentBefore) {
		r.pinned = pinForbidden // it would leave out a row that is there, or the query's own end is earlier
		return
	}
	r.pin, r.pinned = pin, pinDoubtful
}

const (
	// maxClockSkew bounds by how much a clock can be ahead of ours that is believed.
	maxClockSkew = time.Hour
	// pinMargin covers a Date in whole seconds, an end that is exclusive, and times that are rounded.
	pinMargin = 2 * time.Second
)

// leavesOut reports whether the pin is found to leave out rows that were there when the set was begun, such as rows
// without a time. total is that of the page that was just read, or -1.
func (r *statisticsRun) leavesOut(total int64) bool {
	if r.pinned != pinDoubtful || total < 0 {
		return false
	}
	r.pinned = pinProven
	return total < r.first
}

// page fetches the next page and counts its rows, for the tally to commit.
func (r *statisticsRun) page(ctx context.Context) (page statisticsPage, err error) {
	query := r.query
	if !r.pin.IsZero() {
		query.SentBefore = r.pin
	}
	read := query.reader(&page, r.tally)
	req := &request{
		path:  query.path(),
		query: query.values(r.returned, query.PageSize),
		read: func(body *pageReader, at time.Time) error {
			if r.returned == 0 {
				r.date = at
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

// looksWhole reports whether an empty page ended the set and no row moved meanwhile.
func (r *statisticsRun) looksWhole() bool {
	return r.endedByEmptyPage && r.tally.rows == r.returned
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
