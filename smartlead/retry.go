package smartlead

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	maxTries = 4 // of one page

	firstBackoff = time.Second // before the second try of a page
	maxBackoff   = 30 * time.Second
)

type triesKey struct{}

// WithTries returns a context whose calls ask for each page at most n times, at least once. Without it that is four
// times. It is for a call that is to tell whether the API answers at all.
func WithTries(ctx context.Context, n int) context.Context {
	return context.WithValue(ctx, triesKey{}, n)
}

func triesOf(ctx context.Context) int {
	if n, ok := ctx.Value(triesKey{}).(int); ok {
		return n
	}
	return maxTries
}

// backoff returns base doubled step times, at most limit, with between half and all of it drawn at random, so that
// programs which failed together don't come back together.
func backoff(base, limit time.Duration, step int) time.Duration {
	d := limit
	if step < 30 && base<<step < limit {
		d = base << step
	}
	return d/2 + rand.N(d/2+1)
}

// sleep waits for d, or for the end of ctx, whose error it then returns.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
