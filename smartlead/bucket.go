package smartlead

import "time"

// bucket is a token bucket that keeps a limit in every sliding window and spreads it over the window: with B tokens at
// most and r more a second, a window of length T sees at most B + r·T requests. A tenth of the limit for B and nine
// tenths for r·T add up to the limit. Where a tenth is less than one, B is one, and since requests are whole, B +
// 0.9·limit rounded down is still the limit.
type bucket struct {
	limit  int // 0: none
	window time.Duration
	tokens float64 // at that moment
	at     time.Time
	held   int // tokens that were taken, and with which nothing has been written yet
}

// room is what the bucket holds at most. Tokens that are held can be used at any time, and so take up room.
func (b *bucket) room() float64 { return max(0, Burst(b.limit)-float64(b.held)) }

// refill is in tokens a second.
func refill(limit int, window time.Duration) float64 {
	return 0.9 * float64(max(limit, 0)) / window.Seconds()
}

// Burst returns how many requests of a limit can be saved up, and so be sent at once: a tenth of it, and one at least.
func Burst(limit int) float64 { return float64(max(1, limit/10)) }

// set changes the limit. What was spent stays spent: a bucket keeps its tokens.
func (b *bucket) set(limit int, now time.Time) {
	b.advance(now)
	b.limit = max(limit, 0)
	if b.limit > 0 {
		b.tokens = min(b.tokens, b.room())
	}
}

// fill sets the tokens to what a bucket holds that has been idle.
func (b *bucket) fill(now time.Time) { b.tokens, b.at = Burst(b.limit), now }

// advance adds what has come in until now. While there is no limit nothing does: what was spent then isn't known.
func (b *bucket) advance(now time.Time) {
	if d := now.Sub(b.at); d > 0 && b.limit > 0 {
		b.tokens = min(b.room(), b.tokens+refill(b.limit, b.window)*d.Seconds())
	}
	b.at = now
}

// left returns the tokens, and -1 where there is no limit.
func (b *bucket) left(now time.Time) float64 {
	if b.limit == 0 {
		return -1
	}
	b.advance(now)
	return b.tokens
}

// wait returns how long it is until there is a token. What is missing by rounding alone counts as there.
func (b *bucket) wait(now time.Time) time.Duration {
	if b.limit == 0 {
		return 0
	}
	b.advance(now)
	return timeFor(1-b.tokens, refill(b.limit, b.window))
}

// timeFor returns how long so many tokens take to come in, rounded down.
func timeFor(tokens, perSecond float64) time.Duration {
	return time.Duration(max(tokens, 0) / perSecond * float64(time.Second))
}

func (b *bucket) take(now time.Time) {
	b.advance(now)
	if b.limit > 0 {
		b.tokens = max(0, b.tokens-1)
	}
}

// giveBack undoes a take of which nothing was sent. A bucket that is full meanwhile stays full, so that it is as if the
// token had never been taken.
func (b *bucket) giveBack(now time.Time) {
	b.advance(now)
	if b.limit > 0 {
		b.tokens = min(b.room(), b.tokens+1)
	}
}

// hold takes note that so many more tokens, or fewer, are held.
func (b *bucket) hold(more int, now time.Time) {
	b.advance(now)
	b.held += more
	if b.limit > 0 {
		b.tokens = min(b.tokens, b.room())
	}
}
