package smartlead

import (
	"net/http"
	"time"
)

// ParseRetryAfter is for tests.
var ParseRetryAfter = parseRetryAfter

// RateHeaders is what ParseRateHeaders returns.
type RateHeaders struct {
	Limit, Remaining int
	Reset            time.Duration
}

// ParseRateHeaders is for tests.
func ParseRateHeaders(header http.Header) RateHeaders {
	h := parseRateHeaders(header)
	return RateHeaders{Limit: h.limit, Remaining: h.remaining, Reset: h.reset}
}
