package smartlead

import (
	"context"
	"slices"
	"time"
)

const (
	// largeCall is the number of requests from which on a call counts as large.
	largeCall = 21
	// longPause is how long a pause has to be for nothing to wait for its end.
	longPause = 10 * time.Minute
)

// ticket is the place of a call in the queues: tokens go to the call that began first, not to the request that did.
type ticket struct {
	order    uint64
	sent     int // requests so far
	expected int // more requests
	holds    *budget
}

func (t *ticket) large() bool { return t.sent+t.expected >= largeCall }

// waiter is a request that may not be sent yet.
type waiter struct {
	ticket  *ticket
	member  *member
	wake    chan struct{} // has one element when something below has changed
	granted *permit
	err     error // why it never will be
	// held says that the quota or a pause keeps it, as against other requests of its account.
	held bool
}

func (w *waiter) tell() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// begin makes the ticket of a call.
func (q *Budgets) begin() *ticket {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tickets++
	return &ticket{order: q.tickets}
}

// expect takes note of how many more requests a call will send.
func (q *Budgets) expect(t *ticket, requests int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	t.expected = requests
	if b := t.holds; b != nil && !t.large() {
		t.yield()
		q.dispatch(b)
	}
}

// end takes note that a call has ended.
func (q *Budgets) end(t *ticket) {
	q.mu.Lock()
	defer q.mu.Unlock()
	t.sent, t.expected = 0, 0
	if b := t.holds; b != nil {
		t.yield()
		q.dispatch(b)
	}
}

// yield lets another large call run.
func (t *ticket) yield() {
	t.holds.large = nil
	t.holds = nil
}

// acquire waits until a request may be sent with a key. When the quota or a pause begins to hold it up, and when that ends, it
// calls held, if that isn't nil. The error is a *keyRefused, a *keyPaused, errRecalled, or the end of ctx.
func (q *Budgets) acquire(ctx context.Context, id keyID, m *member, t *ticket, held func(bool)) (*permit, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	w := &waiter{ticket: t, member: m, wake: make(chan struct{}, 1)}
	q.mu.Lock()
	b := q.of(id, m)
	if before := t.holds; before != nil && before != b { // the key has changed
		t.yield()
		q.dispatch(before)
	}
	b.queue = append(b.queue, w)
	q.dispatch(b)
	told := false
	for {
		granted, err, isHeld := w.granted, w.err, w.held
		q.mu.Unlock()
		if isHeld = isHeld && granted == nil && err == nil; isHeld != told {
			told = isHeld
			if held != nil {
				held(told)
			}
		}
		if granted != nil || err != nil {
			return granted, err
		}
		select {
		case <-w.wake:
			q.mu.Lock()
		case <-ctx.Done():
			q.mu.Lock()
			if w.granted != nil {
				q.undo(w.granted)
			} else {
				b.queue = slices.DeleteFunc(b.queue, func(other *waiter) bool { return other == w })
				q.dispatch(b)
			}
			w.granted, w.err = nil, context.Cause(ctx)
		}
	}
}

// recall makes a member's waiting requests start anew, with the key that is in use now.
func (b *budget) recall(m *member) {
	b.queue = slices.DeleteFunc(b.queue, func(w *waiter) bool {
		if w.member != m {
			return false
		}
		w.err = errRecalled
		w.tell()
		return true
	})
}

// dispatch lets as many requests go as may, and sees to it that it is called when the next one may. It has to be called
// whenever something changed that a request could be waiting for.
func (q *Budgets) dispatch(b *budget) {
	now := time.Now()
	if b.timer != nil {
		b.timer.Stop()
		b.timer = nil
	}
	for len(b.queue) > 0 {
		wait, err := b.ready(now)
		if err != nil {
			for _, w := range b.queue {
				w.err = err
				w.tell()
			}
			b.queue = nil
			return
		}
		if wait > 0 {
			b.timer = time.AfterFunc(wait, func() {
				q.mu.Lock()
				defer q.mu.Unlock()
				q.dispatch(b)
			})
			break
		}
		w := b.next()
		if w == nil {
			break
		}
		b.grant(w, now)
	}
	for _, w := range b.queue {
		if held := w.member.slots.free(); held != w.held {
			w.held = held
			w.tell()
		}
	}
}

// ready returns how long it is until the next request may be sent, or why those that wait for it shouldn't.
func (b *budget) ready(now time.Time) (time.Duration, error) {
	if d := b.refused.wait(now); d > 0 {
		return 0, &keyRefused{d}
	}
	pause := max(0, b.pausedUntil.Sub(now))
	if pause > longPause {
		return 0, &keyPaused{b.pausedUntil}
	}
	return max(pause, b.minute.wait(now), b.hour.wait(now), b.server.wait(now)), nil
}

// next returns the request that is to be sent next, or nil if no one can be. A large call gets every second token while
// others wait, and one such runs at a time.
func (b *budget) next() *waiter {
	var small, large *waiter
	for _, w := range b.queue {
		if !w.member.slots.free() {
			continue
		}
		first := &small
		if w.ticket.large() {
			if b.large != nil && b.large != w.ticket {
				continue
			}
			first = &large
		}
		if *first == nil || w.ticket.order < (*first).ticket.order {
			*first = w
		}
	}
	switch {
	case small == nil:
		return large
	case large == nil:
		return small
	}
	b.lastLarge = !b.lastLarge && large.ticket.order < small.ticket.order
	if b.lastLarge {
		return large
	}
	return small
}

func (b *budget) grant(w *waiter, now time.Time) {
	b.queue = slices.DeleteFunc(b.queue, func(other *waiter) bool { return other == w })
	b.refused.admit(now)
	if w.ticket.large() && b.large == nil {
		b.large, w.ticket.holds = w.ticket, b
	}
	w.member.slots.running++
	b.inFlight++
	b.take(now)
	w.ticket.sent++
	w.ticket.expected = max(0, w.ticket.expected-1)
	w.granted = &permit{budget: b, member: w.member, ticket: w.ticket, send: b.sends}
	w.tell()
}

// take spends a token on a request.
func (b *budget) take(now time.Time) {
	b.minute.take(now)
	b.hour.take(now)
	b.server.sent(now)
	b.sends++
	b.used = now
}
