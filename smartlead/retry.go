package smartlead

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	maxTries = 4 // of one page

	firstBackoff = time.Second // before the second try of a page
	maxBackoff   = 30 * time.Second

	firstPause = 5 * time.Second // after a 429 that doesn't say how long to wait
	maxPause   = 5 * time.Minute

	// maxRetryAfter bounds a Retry-After: the longest quota window anyone has published is an hour, so a day leaves
	// room for one that nobody has, and a nonsensical value can't silence an account for ever.
	maxRetryAfter = 24 * time.Hour
	// maxReset bounds a wait for X-RateLimit-Reset likewise.
	maxReset = time.Hour
	// unknownReset is waited where Remaining is 0 and nothing says until when: the documented window is a minute.
	unknownReset = time.Minute
)

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

// serverTime is the server's clock at the moment of an answer, by its Date header. Moments that a server names are
// compared with it and not with this machine's clock, since the two can differ by minutes.
func serverTime(header http.Header) time.Time {
	if t, err := http.ParseTime(header.Get("Date")); err == nil {
		return t
	}
	return time.Now()
}

// parseRetryAfter reads a Retry-After: a number of seconds, or a date (RFC 9110, section 10.2.3). The result is
// between 0 and maxRetryAfter; ok is false where the value is neither.
func parseRetryAfter(value string, now time.Time) (d time.Duration, ok bool) {
	value = strings.TrimSpace(value)
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds == seconds { // NaN parses, too
		if seconds >= maxRetryAfter.Seconds() {
			return maxRetryAfter, true
		}
		return time.Duration(max(seconds, 0) * float64(time.Second)), true
	}
	if t, err := http.ParseTime(value); err == nil {
		return min(max(t.Sub(now), 0), maxRetryAfter), true
	}
	return 0, false
}

// quotaLeft reads what the rate-limit headers say (documented by Smartlead): how many requests are left in the
// window, and, where none are, for how long to wait. known is false where the headers are missing or make no sense.
func quotaLeft(header http.Header) (remaining int, wait time.Duration, known bool) {
	remaining, err := strconv.Atoi(strings.TrimSpace(header.Get("X-RateLimit-Remaining")))
	if err != nil || remaining < 0 {
		return 0, 0, false
	}
	if remaining > 0 {
		return remaining, 0, true
	}
	reset, err := strconv.ParseInt(strings.TrimSpace(header.Get("X-RateLimit-Reset")), 10, 64)
	if err != nil {
		return 0, unknownReset, true
	}
	return 0, min(max(time.Unix(reset, 0).Sub(serverTime(header)), 0), maxReset), true
}
