package smartlead

import (
	"context"
	"math"
)

// Progress holds functions that are told how the calls go that are made with a context of WithProgress. A nil function is
// skipped. They are called in the goroutine of the call, and must not block.
type Progress struct {
	// Waiting is called with true when the call begins to wait for the quota or for the end of a pause, and with false
	// when that has ended. Waiting for other requests of the account isn't told.
	Waiting func(bool)
	// Asked is called when a request of the call has got its token and is about to be sent; again for each try.
	Asked func()
	// Expected is called after each page with how many more requests the call expects to send, if nothing has to be
	// tried again.
	Expected func(requests int)
}

type progressKey struct{}

// WithProgress returns a context whose calls tell p how they go.
func WithProgress(ctx context.Context, p Progress) context.Context {
	return context.WithValue(ctx, progressKey{}, p)
}

// ProgressOf returns what calls with this context tell how they go; its functions are nil if nobody wants to know.
func ProgressOf(ctx context.Context) Progress {
	p, _ := ctx.Value(progressKey{}).(Progress)
	return p
}

type ticketKey struct{}

// AsOneCall returns a context whose calls count as one that has begun now: they have one place in the order in which
// requests are sent. It is for work that takes several calls, one after another, and has to be ended.
func (c *Client) AsOneCall(ctx context.Context) (_ context.Context, end func()) {
	t := c.budgets.begin()
	return context.WithValue(ctx, ticketKey{}, t), func() { c.budgets.end(t) }
}

func ticketOf(ctx context.Context) *ticket {
	t, _ := ctx.Value(ticketKey{}).(*ticket)
	return t
}

// begin returns a context with the call's place in the order, unless ctx has one, and a function to be called at its end.
func (c *Client) begin(ctx context.Context) (_ context.Context, end func()) {
	if t := ticketOf(ctx); t != nil {
		return ctx, func() { c.budgets.expect(t, 0) }
	}
	return c.AsOneCall(ctx)
}

// expect takes note of how many more requests the call expects to send.
func (c *Client) expect(ctx context.Context, requests int) {
	if t := ticketOf(ctx); t != nil {
		c.budgets.expect(t, requests)
	}
	if told := ProgressOf(ctx).Expected; told != nil {
		told(requests)
	}
}

// pagesLeft returns how many more pages are to be expected after one of so many rows. total is -1 if it isn't known.
func pagesLeft(total int64, returned, rows, limit int) int {
	switch {
	case total < 0 && rows >= limit:
		return 1
	case total < 0 || rows == 0:
		return 0
	default:
		return int(min(max(0, total-int64(returned)+int64(limit)-1)/int64(limit), math.MaxInt32))
	}
}
