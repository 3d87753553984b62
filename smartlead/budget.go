package smartlead

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"
)

// Limits are what an account may ask. Zero means no limit of that kind. Published numbers disagree (the rate-limit
// guide says 60 a minute and 1,000 an hour), so they are the caller's to choose.
type Limits struct {
	PerMinute   int // requests in any 60 s
	PerHour     int // requests in any 60 min
	Concurrency int // requests at the same time
}

// Budget decides when an account may ask: it keeps the quota, the pauses the server demanded and the memory of a
// refused key. All clients of one API key should share one Budget, since the quota belongs to the key. Its methods
// may be called concurrently.
type Budget struct {
	// turn is held by the one request that is waiting for the quota, so that quota is taken at the moment of asking
	// and in the order of arrival. Tokens handed out ahead of time could be spent together later and break a limit.
	turn chan struct{}

	refusals refusals

	mu             sync.Mutex
	slots          *semaphore.Weighted // nil: any number
	limits         Limits
	changed        chan struct{} // closed when the limits change
	minute         *rate.Limiter // nil: no limit
	hour           *rate.Limiter // likewise
	pausedUntil    time.Time
	throttled      int       // answers of 429 in a row, those during the pause for one not counted
	throttledUntil time.Time // the end of that pause
}

// NewBudget returns a Budget that starts with a tenth of each limit to spend at once.
func NewBudget(limits Limits) *Budget {
	b := &Budget{
		turn:    make(chan struct{}, 1),
		changed: make(chan struct{}),
	}
	b.SetLimits(limits)
	return b
}

// SetLimits changes the limits, also for those who wait, and keeps what has been spent. Requests under way keep their
// slots, so that for their duration the old and the new concurrency can add up.
func (b *Budget) SetLimits(limits Limits) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.minute = bucket(b.minute, limits.PerMinute, time.Minute)
	b.hour = bucket(b.hour, limits.PerHour, time.Hour)
	if limits.Concurrency != b.limits.Concurrency || b.slots == nil {
		b.slots = nil
		if limits.Concurrency > 0 {
			b.slots = semaphore.NewWeighted(int64(limits.Concurrency))
		}
	}
	b.limits = limits
	close(b.changed)
	b.changed = make(chan struct{})
}

// Limits returns the limits in force.
func (b *Budget) Limits() Limits {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.limits
}

// Sustained returns how many requests a minute the limits allow for hours on end, or 0 where there is no limit.
func (l Limits) Sustained() float64 {
	perMinute := refill(l.PerMinute, time.Minute) * 60
	perHour := refill(l.PerHour, time.Hour) * 60
	switch {
	case perMinute == 0:
		return perHour
	case perHour == 0:
		return perMinute
	default:
		return min(perMinute, perHour)
	}
}

// bucket makes, or changes, a token bucket that keeps a limit in every sliding window and spreads it over the window:
// with B tokens to start with and r a second, a window of length T sees at most B + r·T requests. A tenth of the limit
// for B and nine tenths for r·T add up to the limit. Where a tenth is less than one, B is one, and since requests are
// whole, B + 0.9·limit rounded down is still the limit. A changed bucket keeps its tokens.
func bucket(old *rate.Limiter, limit int, window time.Duration) *rate.Limiter {
	if limit <= 0 {
		return nil
	}
	refill, burst := rate.Limit(refill(limit, window)), max(1, limit/10)
	if old == nil {
		return rate.NewLimiter(refill, burst)
	}
	now := time.Now()
	old.SetLimitAt(now, refill)
	old.SetBurstAt(now, burst)
	return old
}

// refill is in tokens a second.
func refill(limit int, window time.Duration) float64 {
	return 0.9 * float64(max(limit, 0)) / window.Seconds()
}

// acquire waits until a request may be sent and returns a function that says it has ended. waited is told how long
// the quota or a pause, as against other requests under way, held it up.
func (b *Budget) acquire(ctx context.Context, waited func(time.Duration)) (release func(), err error) {
	b.mu.Lock()
	slots := b.slots
	b.mu.Unlock()
	release = func() {}
	if slots != nil {
		if err := slots.Acquire(ctx, 1); err != nil {
			return nil, context.Cause(ctx)
		}
		release = func() { slots.Release(1) }
	}
	start := time.Now()
	err = b.wait(ctx)
	if d := time.Since(start); d > 0 && waited != nil {
		waited(d)
	}
	if err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// wait returns when the quota allows one request, which is then spent.
func (b *Budget) wait(ctx context.Context) error {
	select {
	case b.turn <- struct{}{}:
		defer func() { <-b.turn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		d, changed := b.spend(time.Now())
		if d == 0 {
			return nil
		}
		timer := time.NewTimer(d)
		select {
		case <-timer.C:
		case <-changed: // a limit that was raised may allow it sooner
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// spend takes one request out of the quota and returns 0, or takes nothing and returns how long to wait before asking
// again. When changed is closed, that can be sooner.
func (b *Budget) spend(now time.Time) (wait time.Duration, changed <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if d := b.pausedUntil.Sub(now); d > 0 {
		return d, b.changed
	}
	var taken []*rate.Reservation
	for _, bucket := range []*rate.Limiter{b.minute, b.hour} {
		if bucket == nil {
			continue
		}
		r := bucket.ReserveN(now, 1)
		taken = append(taken, r)
		wait = max(wait, r.DelayFrom(now))
	}
	if wait > 0 {
		for _, r := range taken {
			r.CancelAt(now)
		}
	}
	return wait, b.changed
}

// pause lets no request out for d.
func (b *Budget) pause(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pausedUntil = later(b.pausedUntil, time.Now().Add(d))
}

// throttle takes note of a 429 and pauses the account for the larger of retryAfter and a back-off that doubles with
// each 429 in a row. Published notes say that a key stays refused for minutes when a client goes on asking.
func (b *Budget) throttle(retryAfter time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if !now.Before(b.throttledUntil) { // else one of several requests that were under way when the first was refused
		b.throttled++
	}
	until := now.Add(max(retryAfter, backoff(firstPause, maxPause, max(b.throttled-1, 0))))
	b.throttledUntil = later(b.throttledUntil, until)
	b.pausedUntil = later(b.pausedUntil, until)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// succeeded forgets the 429s.
func (b *Budget) succeeded() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.throttled = 0
}
