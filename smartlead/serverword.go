package smartlead

import "time"

const (
	// nearestEnd to farthestEnd is how far away the end of a window of a minute can be seen to be. Where answers
	// never name an end as far away as that, the window is a shorter one, or they just didn't.
	nearestEnd  = 45 * time.Second
	farthestEnd = 75 * time.Second
)

// serverWord is what the rate-limit headers of a key's answers say.
type serverWord struct {
	limit    int           // the newest X-RateLimit-Limit; -1 if none was seen
	limitAt  time.Time     // when it was last seen
	farthest time.Duration // the most that an answer with that limit said was left of the window

	// What is left of the present window, as far as an answer told; without one known is false.
	known    bool
	smallest int       // the smallest X-RateLimit-Remaining
	left     int       // what may still be sent; below 0 if more than that is under way
	reset    time.Time // the window's end
	mark     uint64    // the budget's requests when the answer with the smallest came
}

// bound returns a limit of requests a minute, or the server's where that is lower and is known to be one.
func (s *serverWord) bound(perMinute int) int {
	if !s.aMinute() || perMinute > 0 && perMinute <= s.limit {
		return perMinute
	}
	return s.limit
}

// aMinute reports whether the server's limit is one of requests a minute, as far as answers show it.
func (s *serverWord) aMinute() bool {
	return s.limit > 0 && s.farthest >= nearestEnd && s.farthest <= farthestEnd
}

// open reports whether the window that is known goes on. What it said is void when it has ended.
func (s *serverWord) open(now time.Time) bool {
	if s.known && !s.reset.After(now) {
		s.known = false
	}
	return s.known
}

// wait returns for how long nothing may be sent.
func (s *serverWord) wait(now time.Time) time.Duration {
	if !s.open(now) || s.left > 0 {
		return 0
	}
	return s.reset.Sub(now)
}

func (s *serverWord) sent(now time.Time) {
	if s.open(now) {
		s.left--
	}
}

func (s *serverWord) unsent(now time.Time) {
	if s.open(now) {
		s.left++
	}
}

// hear takes in the headers of an answer to a request. others are the budget's requests under way besides it, send is
// its number and sends that of the newest one. It reports whether the limit, or what is known of it, has changed.
func (s *serverWord) hear(h rateHeaders, send, sends uint64, others int, now time.Time) (changed bool) {
	changed = s.hearLimit(h, now)
	if h.remaining < 0 {
		return changed
	}
	reset := now.Add(h.reset)
	// The ends that answers name of one window differ by rounding, and in a window that slides they move on.
	const rounding = 2 * time.Second
	switch {
	case !s.open(now), reset.After(s.reset.Add(rounding)): // another window
		s.smallest = h.remaining
	case reset.Before(s.reset.Add(-rounding)): // an answer that comes late, of the window before
		return changed
	case h.remaining > s.smallest:
		// It was counted before the answer that has the smallest, and so is in that one, which it was thought not to be.
		if send < s.mark {
			s.left++
		}
		return changed
	default:
		s.smallest = h.remaining
	}
	// Whether the server has counted those under way isn't known, so they are counted here.
	s.known, s.left, s.reset, s.mark = true, h.remaining-others, reset, sends
	return changed
}

// hearLimit takes in the limit. One that hasn't been named for an hour isn't believed any more.
func (s *serverWord) hearLimit(h rateHeaders, now time.Time) (changed bool) {
	limit, aMinute := s.limit, s.aMinute()
	switch {
	case h.limit > 0:
		if h.limit != s.limit {
			s.limit, s.farthest = h.limit, 0
		}
		s.limitAt = now
		if h.resetKnown {
			s.farthest = max(s.farthest, h.reset)
		}
	case s.limit > 0 && now.Sub(s.limitAt) > time.Hour:
		s.limit, s.farthest = -1, 0
	}
	return s.limit != limit || s.aMinute() != aMinute
}
