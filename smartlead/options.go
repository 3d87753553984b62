package smartlead

import (
	"net/http"
	"time"
)

// Options are what a Client needs to know. Key is required; the zero value of every other field means its default.
type Options struct {
	// Key returns the API key. It is called before every request, so a key that changes is used at once. It is never called
	// twice at the same time, and a call that takes long holds up requests, but neither Budget nor the end of a context.
	Key func() (string, error)
	// BaseURL is the part of the address that all endpoints share; http or https. Default: DefaultBaseURL.
	BaseURL string
	// Budgets keeps the quota, and should be the same for all clients of a program. Default: one of its own.
	Budgets *Budgets
	// Account names whose client this is. Clients of one account have one concurrency, and of their limits, if they are
	// used at the same time, those of the newest count. Default: an account of its own.
	Account string
	// Limits are what the account may ask, or the key, see Shares. Default: DefaultLimits.
	Limits *Limits
	// Shares tells which of the limits are the account's share of the key's quota. Default: none.
	Shares Shares
	// Secrets returns what besides the key is never to be told, such as passwords of Transport and tokens in headers that
	// it sets, which a server may repeat. It is called when there is an error. Default: none.
	Secrets func() []string
	// RequestTimeout is for one page, from sending the request to the last byte. Default: DefaultRequestTimeout.
	RequestTimeout time.Duration
	// Transport carries the requests, and belongs to the client: Close closes its idle connections. Default: one like
	// http.DefaultTransport. Redirects are refused whatever it is.
	Transport http.RoundTripper
	// UserAgent should name the program and its version: the API's gateway refuses some libraries' own (status 403).
	UserAgent string
	// Trace is told what happens on the way.
	Trace Trace
}

// Trace holds functions that are told what a Client does. A nil function is skipped; all of them may be called
// concurrently and must not block. None is ever told the key.
type Trace struct {
	// Request is called after each request.
	Request func(RequestInfo)
	// Wait is called when the quota or a pause held up a request, with for how long.
	Wait func(time.Duration)
	// Remaining is called with the X-RateLimit-Remaining of an answer that has one.
	Remaining func(requests int)
	// Pause is called when the server demands a pause of more than 5 s, or a longer one than before: once, however many
	// answers demand it.
	Pause func(Pause)
	// Limit is called when what is known of the server's limit has changed: once for a key, however many clients use it.
	Limit func(BudgetState)
}

// RequestInfo describes a request that has ended.
type RequestInfo struct {
	Op         string        // method and path below the base URL, without the query
	Offset     int           // of the first row asked for; -1 for what doesn't come by pages
	StatusCode int           // 0: there was no answer
	Duration   time.Duration // until the last byte of the answer
	Err        error         // nil, an *Error, or the end of the caller's context
}
