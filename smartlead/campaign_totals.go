package smartlead

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// ErrFilterIgnored is wrapped by the errors of Total and Rows when an answer shows that the server doesn't apply the
// filters it was asked for: a row came that they leave out, or a total that counts more than they let pass. That it
// applies them, and counts total_stats with them applied, is what published clients depend on, but nothing proves it;
// who meets this error counts all rows instead, with Statistics. Its reason is ErrBadResponse.
var ErrFilterIgnored = errors.New("the server doesn't apply the filters of the request")

// Total is how many e-mails of a campaign pass a query's filters.
type Total struct {
	// Rows is total_stats, or -1 where the server doesn't say: it doesn't in the aggregated shape, and needn't for a
	// draft.
	Rows int64
	// Row is the one e-mail that came with the total, which fits the filters; nil if there is none, or
	// it is in no step.
	Row *RowFacts
	// Shape is that of the row; ShapeUnknown without one.
	Shape Shape
	// Requests is the number of requests it took. It is set with an error, too.
	Requests int
}

// Total asks how many e-mails pass a query's filters, with one request for one row: GET /campaigns/{id}/statistics with
// limit=1, of whose answer total_stats counts. Of SequenceNumbers there may be one at most.
//
// The error is an *Error, which wraps ErrFilterIgnored if filters aren't applied, an error of the query itself, or
// wraps the end of ctx. Where total_stats is known to leave filters out, that error comes without a request.
func (c *Client) Total(ctx context.Context, q StatisticsQuery) (Total, error) {
	if err := q.check(); err != nil {
		return Total{}, err
	}
	if len(q.SequenceNumbers) > 1 {
		return Total{}, errors.New("smartlead: a total is of one step, or of all")
	}
	q.fixWindow()
	if q.filtered() && c.totals.ignoreFilters.Load() {
		return Total{}, q.filterIgnored(0, "total_stats was seen to count without them")
	}
	tally := newTally()
	tally.fits, tally.keepsFacts = q.fits, true
	var page statisticsPage
	req := &request{path: q.path(), query: q.values(0, 1), read: q.reader(&page, tally)}
	if err := c.do(ctx, req); err != nil {
		return Total{Requests: req.sent}, err
	}
	tally.commit()
	total := Total{Rows: page.total, Shape: tally.shape, Requests: req.sent}
	switch {
	case tally.shape == ShapeAggregated:
		total.Rows = -1 // whatever it would count, it isn't documented to count e-mails
	case tally.misfits > 0:
		return Total{Requests: req.sent}, q.filterIgnored(http.StatusOK, "a row came that they leave out")
	case page.rows > 0 && page.total == 0:
		return Total{Requests: req.sent}, q.untrue("total_stats is 0, but a row came")
	case page.rows == 0 && page.total > 0 && q.filtered():
		return Total{Requests: req.sent}, q.filterIgnored(http.StatusOK, fmt.Sprintf("total_stats is %d, but no row came", page.total))
	case page.rows == 0 && page.total > 0:
		return Total{Requests: req.sent}, q.untrue(fmt.Sprintf("total_stats is %d, but no row came", page.total))
	case page.rows == 0:
		total.Rows = 0
	case len(tally.facts) > 0:
		total.Row = &tally.facts[0]
	}
	return total, nil
}

// RowSet is a complete set of rows, counted and each told apart.
type RowSet struct {
	// Statistics are the counts by step of the distinct rows that pass the filters: of e-mails with a status, of those
	// sent in a window.
	Statistics
	// Facts are of each distinct row in the order in which they came; nil in the aggregated shape. The caller owns them.
	Facts []RowFacts
}

// Rows fetches the rows that pass a query's filters, in as many requests as it takes, as Statistics does, and tells
// them apart, so that a caller can know a row again that it saw in an earlier set. Memory grows by some 100 bytes a row.
//
// It stops at the first page that has a row which the filters leave out; its error wraps ErrFilterIgnored then. Else it
// fails like Statistics.
func (c *Client) Rows(ctx context.Context, q StatisticsQuery) (RowSet, error) {
	if err := q.check(); err != nil {
		return RowSet{}, err
	}
	q.fixWindow()
	run := &statisticsRun{client: c, query: q, fits: q.fits, keepsFacts: true}
	counts, err := run.whole(ctx)
	if err != nil {
		return RowSet{Statistics: counts}, err
	}
	set := RowSet{Statistics: counts}
	if counts.Shape == ShapePerEmail {
		for _, row := range run.tally.facts {
			if q.wants(row.SequenceNumber) {
				set.Facts = append(set.Facts, row)
			}
		}
	}
	return set, nil
}

func (q *StatisticsQuery) filterIgnored(status int, what string) error {
	return &Error{
		Op: "GET " + q.path(), Reason: ErrBadResponse, StatusCode: status, Message: what, Err: ErrFilterIgnored,
	}
}

func (q *StatisticsQuery) untrue(what string) error {
	return &Error{Op: "GET " + q.path(), Reason: ErrBadResponse, StatusCode: http.StatusOK, Message: what}
}
