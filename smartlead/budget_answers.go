package smartlead

import (
	"net/http"
	"strconv"
	"time"
)

const (
	firstPause = 5 * time.Second // after a 429 that doesn't say how long to wait
	maxPause   = 5 * time.Minute

	toldPause = 5 * time.Second // a pause longer than that is told
)

// Pause is a time without requests that the server demanded of a key.
type Pause struct {
	Until time.Time
	// Cause says how the server demanded it, in a few words of this package.
	Cause string
}

// answered is what is to be told of an answer.
type answered struct {
	pause *Pause       // nil if there is none, or it has been told
	limit *BudgetState // nil unless what is known of the server's limit has changed
}

// headers takes in the rate-limit headers of an answer.
func (q *Budgets) headers(p *permit, h rateHeaders) answered {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	b := p.budget
	var told answered
	if b.server.hear(h, p.send, b.sends, b.inFlight-1, now) {
		b.apply(now)
		state := b.state(now)
		told.limit = &state
	}
	if h.remaining == 0 { // other programs use the key, too: the server's count wins
		told.pause = b.pause(h.reset, "X-RateLimit-Remaining is 0", now)
	}
	q.dispatch(b)
	return told
}

// status takes in the status of an answer. retryAfter is 0 if the answer names none.
func (q *Budgets) status(p *permit, code int, retryAfter time.Duration) answered {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	b := p.budget
	var told answered
	switch {
	case code == http.StatusOK:
		b.throttled = 0
		b.refused = refusal{}
	case code == http.StatusNotFound:
		b.refused = refusal{}
	case code == http.StatusUnauthorized:
		b.refused.refuse(now)
	case code == http.StatusTooManyRequests:
		told.pause = b.throttle(retryAfter, now)
	case code >= 500 && retryAfter > 0:
		told.pause = b.pause(retryAfter, "Retry-After of status "+strconv.Itoa(code), now)
	}
	q.dispatch(b)
	return told
}

// pause lets no request out for d. It returns the pause if it is worth telling, and hasn't been told.
func (b *budget) pause(d time.Duration, cause string, now time.Time) *Pause {
	until := now.Add(min(d, longestPause))
	b.pausedUntil = later(b.pausedUntil, until)
	if d <= toldPause || until.Sub(b.toldUntil) <= toldPause && b.toldUntil.After(now) {
		return nil
	}
	b.toldUntil = b.pausedUntil
	return &Pause{Until: b.pausedUntil, Cause: cause}
}

// throttle takes note of a 429 and pauses the key for the larger of retryAfter and a back-off that doubles with
// each 429 in a row. Published notes say that a key stays refused for minutes when a client goes on asking.
func (b *budget) throttle(retryAfter time.Duration, now time.Time) *Pause {
	if !now.Before(b.throttledUntil) { // else one of several requests that were under way when the first was refused
		b.throttled++
	}
	d := max(retryAfter, backoff(firstPause, maxPause, max(b.throttled-1, 0)))
	b.throttledUntil = later(b.throttledUntil, now.Add(d))
	return b.pause(d, "status 429", now)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
