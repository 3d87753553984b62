package smartlead

import (
	"context"
	"time"
)

// Size is what fetching a campaign's statistics would cost.
type Size struct {
	Shape Shape
	Rows  int64 // -1 if the server doesn't say, as in the aggregated shape
	// Requests are those that Statistics would take, if nothing has to be tried again. Without a total it is the least:
	// one for the rows, and for e-mails one for the empty page behind them.
	Requests int
}

// Size asks, with one request for one row, how large a campaign's statistics are. Its errors are those of Statistics.
func (c *Client) Size(ctx context.Context, q StatisticsQuery) (Size, error) {
	if err := q.check(); err != nil {
		return Size{}, err
	}
	pageSize := int64(q.PageSize)
	if q.SentWithin > 0 {
		q.SentAfter = time.Now().Add(-q.SentWithin)
	}
	tally := newTally()
	var page statisticsPage
	req := &request{path: q.path(), query: q.values(0, 1), read: func(body *pageReader, _ time.Time) (err error) {
		tally.begin()
		page, err = readStatisticsPage(body, tally.add)
		return err
	}}
	if err := c.do(ctx, req); err != nil {
		return Size{}, err
	}
	tally.commit()
	size := Size{Shape: tally.shape, Rows: -1, Requests: 1}
	switch {
	case tally.shape != ShapePerEmail:
	case page.total < 0:
		size.Requests = 2
	default:
		size.Rows = page.total
		size.Requests = int(max(1, (page.total+pageSize-1)/pageSize))
	}
	return size, nil
}
