package smartlead

import (
	"context"
	"time"
)

// RowTimes is when what happened to one e-mail. Nothing in it tells who received it.
type RowTimes struct {
	SequenceNumber int
	// Sent, Opened, Clicked and Replied are zero if it didn't happen, or if the row doesn't say when: see Happened.
	Sent, Opened, Clicked, Replied time.Time
	// Happened are the counts that the e-mail is in. Of bounces and unsubscriptions no row says when they happened.
	Happened CountSet
}

// Times takes what EachRow hands out.
type Times struct {
	// Reset is called before a set is begun: what was handed out before is to be forgotten. It is called more than once
	// where a set has to be fetched again since it didn't add up.
	Reset func()
	// Row is called for each distinct e-mail of a step that the query wants, page after page.
	Row func(RowTimes)
}

// EachRow is Statistics that also hands out, of each e-mail counted, when what happened to it. Rows are handed out as pages
// come, and aren't kept. What was handed out counts only if the error is nil. Statistics of the aggregated shape have no
// such rows, and none is handed out.
func (c *Client) EachRow(ctx context.Context, q StatisticsQuery, to Times) (Statistics, error) {
	if err := q.check(); err != nil {
		return Statistics{}, err
	}
	q.fixWindow()
	run := &statisticsRun{client: c, query: q, reset: to.Reset, each: func(row RowTimes) {
		if q.wants(row.SequenceNumber) {
			to.Row(row)
		}
	}}
	return run.whole(ctx)
}

func (r *statisticsRow) times() RowTimes {
	times := RowTimes{SequenceNumber: r.step, Sent: r.sentAt, Opened: r.openedAt, Clicked: r.clickedAt, Replied: r.repliedAt}
	for c := range countKinds {
		if r.counts[c] > 0 {
			times.Happened = times.Happened.with(c)
		}
	}
	return times
}
