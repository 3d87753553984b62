package smartlead

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Reason is why a request, or the set of requests behind one call, failed. It is an error itself, so that
// errors.Is(err, smartlead.ErrNotFound) answers for any error of this package. Its text is fit for a metric's label:
// lower-case ASCII letters and underscores.
type Reason string

// The reasons; every failure that isn't the end of the caller's context has exactly one of them.
const (
	// ErrBadRequest is a refusal of the request as such: status 400, 422 or another 4xx without a reason of its own.
	ErrBadRequest Reason = "bad_request"
	// ErrUnauthorized is a refused key (401), a key that can't be read, or a key that was refused a short while ago.
	ErrUnauthorized Reason = "unauthorized"
	// ErrForbidden is status 403. Published clients report it for User-Agent headers the gateway dislikes.
	ErrForbidden Reason = "forbidden"
	// ErrNotFound is status 404: no such campaign, or not one of this key's account.
	ErrNotFound Reason = "not_found"
	// ErrRateLimited is status 429, still after the last try, or a pause that the server demanded and that is too long to
	// be waited for: it ends in more than ten minutes.
	ErrRateLimited Reason = "rate_limited"
	// ErrServer is any 5xx status, still after the last try.
	ErrServer Reason = "server_error"
	// ErrTimeout is a page that didn't arrive within the request timeout, or status 408, still after the last try.
	ErrTimeout Reason = "timeout"
	// ErrNetwork is a failure to resolve, connect, shake hands, or to keep the connection until the body's end.
	ErrNetwork Reason = "network"
	// ErrBadResponse is an answer that can't be true: not JSON, cut off, a failure dressed as 200, impossible numbers,
	// a redirect.
	ErrBadResponse Reason = "bad_response"
	// ErrIncomplete is a set of pages, each of them good, that doesn't add up to the total the server states.
	ErrIncomplete Reason = "incomplete"
)

// Reasons returns every reason there is, in the order of their declaration. The caller owns the slice.
func Reasons() []Reason {
	return []Reason{
		ErrBadRequest, ErrUnauthorized, ErrForbidden, ErrNotFound, ErrRateLimited,
		ErrServer, ErrTimeout, ErrNetwork, ErrBadResponse, ErrIncomplete,
	}
}

// Error returns the reason in words.
func (r Reason) Error() string { return strings.ReplaceAll(string(r), "_", " ") }

// ReasonOf returns the reason of an error of this package, and "" for any other error, the end of a context among
// them.
func ReasonOf(err error) Reason {
	reason, _ := errors.AsType[Reason](err)
	return reason
}

// Error is a failed request. Neither it nor anything it wraps holds the key or the request's query.
type Error struct {
	// Op is what was asked: the method and the path below the base URL, without the query.
	Op string
	// Reason is the kind of the failure; errors.Is finds it.
	Reason Reason
	// StatusCode is the answer's HTTP status, 0 if there was none.
	StatusCode int
	// Message is what the server said, or what was wrong with its answer: one line of at most 200 characters.
	Message string
	// RetryAfter is how long the server asked to be left alone, 0 if it didn't say. At most an hour.
	RetryAfter time.Duration
	// Err is the cause below this package, such as a *net.OpError, or nil.
	Err error
}

// Error returns one line: what was asked, the reason, the status if there was an answer, and the details.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	b.WriteString(": ")
	b.WriteString(e.Reason.Error())
	if e.StatusCode != 0 {
		fmt.Fprintf(&b, " (status %d)", e.StatusCode)
	}
	if e.Message != "" {
		b.WriteString(": ")
		b.WriteString(e.Message)
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the reason and, if there is one, the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Reason}
	}
	return []error{e.Reason, e.Err}
}

// untrue reports whether an answer of status 200 can't be true. Once it may be a moment's fault, such as a gateway's page
// or a body that was cut off; twice it would be again, and cost budget.
func untrue(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Reason == ErrBadResponse && e.StatusCode == http.StatusOK
}

// retryable reports whether another try of the same page can have another end, however often it failed. A refusal would
// be repeated and cost budget; a 429 is tried again once the account's pause is over.
func retryable(err error) bool {
	switch ReasonOf(err) {
	case ErrServer, ErrTimeout, ErrNetwork:
		return true
	case ErrRateLimited:
		e, ok := errors.AsType[*Error](err)
		return ok && e.StatusCode != 0 // else the pause is too long
	default:
		return false
	}
}
