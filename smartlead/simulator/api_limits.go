package simulator

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Limits are the rate limits of one API key. All of them are sliding windows: a request is refused if the window that
// ends with it is full. A limit of 0 is none.
type Limits struct {
	PerSecond int
	PerMinute int
	PerHour   int

	// CountRefused lets refused requests count as well, so that a key which goes on asking stays refused, as the real
	// one was seen to.
	CountRefused bool

	// Clock tells the time for the limits and for Requests. The default is time.Now: quotas are counted in the client's
	// time, even when the campaigns' own clock runs fast.
	Clock func() time.Time
}

type window struct {
	length time.Duration
	max    int
}

// limiter keeps the times of the counted requests of each key, as far back as the longest window.
type limiter struct {
	windows      []window // shortest first
	countRefused bool
	clock        func() time.Time

	mu      sync.Mutex
	counted map[string][]time.Time // by key hash, oldest first
}

func newLimiter(limits Limits) *limiter {
	l := &limiter{countRefused: limits.CountRefused, clock: limits.Clock, counted: make(map[string][]time.Time)}
	if l.clock == nil {
		l.clock = time.Now
	}
	for _, w := range []window{
		{time.Second, limits.PerSecond},
		{time.Minute, limits.PerMinute},
		{time.Hour, limits.PerHour},
	} {
		if w.max > 0 {
			l.windows = append(l.windows, w)
		}
	}
	return l
}

// admit counts a request of a key, sets the X-RateLimit headers and reports whether the request is within the limits.
// If it isn't, admit has answered it.
func (l *limiter) admit(w http.ResponseWriter, keyHash string) bool {
	if len(l.windows) == 0 {
		return true
	}
	now := l.clock()
	limit, remaining, reset, ok := l.count(keyHash, now)
	h := w.Header()
	h.Set("X-RateLimit-Limit", strconv.Itoa(limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(remaining))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(ceilSeconds(reset.Sub(time.Unix(0, 0))), 10))
	if ok {
		return true
	}
	wait := max(ceilSeconds(reset.Sub(now)), 1)
	writeAnswer(w, TooManyRequests(strconv.FormatInt(wait, 10)))
	return false
}

// count returns the numbers of the fullest window: its limit, what is left of it after this request, and when its
// oldest request leaves it.
func (l *limiter) count(keyHash string, now time.Time) (limit, remaining int, reset time.Time, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()

	times := l.counted[keyHash]
	longest := l.windows[len(l.windows)-1].length
	for len(times) > 0 && now.Sub(times[0]) >= longest {
		times = times[1:]
	}
	ok = true
	for _, win := range l.windows {
		if len(within(times, now, win.length)) >= win.max {
			ok = false
		}
	}
	if ok || l.countRefused {
		times = append(times, now)
	}
	l.counted[keyHash] = times

	for i, win := range l.windows {
		inside := within(times, now, win.length)
		left := max(win.max-len(inside), 0)
		// Of two windows that are equally full, the longer one is the one to wait for.
		if i == 0 || left <= remaining {
			limit, remaining = win.max, left
			reset = now
			if over := len(inside) - win.max; over >= 0 {
				reset = inside[over].Add(win.length) // a place is free when this one leaves
			} else if len(inside) > 0 {
				reset = inside[0].Add(win.length)
			}
		}
	}
	return limit, remaining, reset, ok
}

// within returns the times less than length before now.
func within(times []time.Time, now time.Time, length time.Duration) []time.Time {
	i := len(times)
	for i > 0 && now.Sub(times[i-1]) < length {
		i--
	}
	return times[i:]
}

// ceilSeconds rounds up to whole seconds, so that who waits that long has waited long enough.
func ceilSeconds(d time.Duration) int64 {
	return int64((d + time.Second - 1) / time.Second)
}

// TooManyRequests is the answer to a request over the limit. Retry-After is sent as it is given, in seconds or as an
// HTTP-date, and left out if empty. The body names 30 seconds unless Retry-After names another number of them.
func TooManyRequests(retryAfter string) Answer {
	seconds, err := strconv.Atoi(retryAfter)
	if err != nil {
		seconds = 30
	}
	a := jsonAnswer(http.StatusTooManyRequests, fmt.Sprintf(
		`{"error":{"code":"RATE_LIMIT_EXCEEDED","message":"Too many requests. Please retry after %d seconds.","retry_after":%d}}`,
		seconds, seconds))
	a.Name = "rate limit exceeded"
	if retryAfter != "" {
		a.Header.Set("Retry-After", retryAfter)
	}
	return a
}
