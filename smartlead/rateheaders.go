package smartlead

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// longestPause bounds what a server can demand: the longest quota window anyone has published is an hour. What goes
	// beyond is in another unit, or a mistake, and is taken for unknownPause.
	longestPause = time.Hour
	// unknownPause is waited where nothing that can be believed says until when: the documented window is a minute.
	unknownPause = time.Minute
	// maxAdvertised bounds an X-RateLimit-Limit that is believed.
	maxAdvertised = 1_000_000

	maxUnix = 253402300799 // the end of the year 9999
)

// rateHeaders is what the rate-limit headers of an answer say (documented by Smartlead).
type rateHeaders struct {
	limit     int // requests in a window; -1 if missing or nonsense
	remaining int // what is left of it; -1 likewise
	// reset is in how long the window ends: above 0, at most longestPause. resetKnown tells whether the answer says so;
	// else it is unknownPause.
	reset      time.Duration
	resetKnown bool
}

func parseRateHeaders(header http.Header) rateHeaders {
	h := rateHeaders{
		limit:     headerCount(header.Get("X-RateLimit-Limit")),
		remaining: headerCount(header.Get("X-RateLimit-Remaining")),
		reset:     unknownPause,
	}
	if h.limit == 0 || h.limit > maxAdvertised {
		h.limit = -1 // by which nothing, or everything, could ever be asked
	}
	seconds, err := strconv.ParseFloat(strings.TrimSpace(header.Get("X-RateLimit-Reset")), 64)
	if err != nil || !(seconds >= 0 && seconds <= maxUnix) {
		return h
	}
	// Both clocks count whole seconds, so that the same second can be up to one ahead.
	d := time.UnixMilli(int64(seconds * 1000)).Sub(serverTime(header))
	if d >= 0 && d <= longestPause {
		h.reset, h.resetKnown = max(d, time.Second), true
	}
	return h
}

// headerCount reads a number of requests, and -1 if it is none. What may follow it, as in "60, 60;w=60", is left out.
func headerCount(value string) int {
	value, _, _ = strings.Cut(value, ",")
	value, _, _ = strings.Cut(value, ";")
	n, err := strconv.Atoi(strings.TrimSpace(value))
	if err != nil || n < 0 {
		return -1
	}
	return n
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
// between 0 and longestPause; ok is false where the value is neither.
func parseRetryAfter(value string, now time.Time) (d time.Duration, ok bool) {
	value = strings.TrimSpace(value)
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds == seconds { // NaN parses, too
		if seconds > longestPause.Seconds() {
			return unknownPause, true
		}
		return time.Duration(max(seconds, 0) * float64(time.Second)), true
	}
	if t, err := http.ParseTime(value); err == nil {
		if d := t.Sub(now); d <= longestPause {
			return max(d, 0), true
		}
		return unknownPause, true
	}
	return 0, false
}
