package smartlead

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// DefaultBaseURL is the documented address of the API.
	DefaultBaseURL = "https://server.smartlead.ai/api/v1"
	// DefaultRequestTimeout is for one page: the API can take tens of seconds, and its gateway gives up at about 100 s.
	DefaultRequestTimeout = 90 * time.Second

	defaultUserAgent = "smartlead-go"

	maxErrorBody = 64 << 10 // bytes of a refusal that are looked at
)

// Options are what a Client needs to know. Key is required; the zero value of every other field means its default.
type Options struct {
	// Key returns the API key. It is called before every request, so a key that changes is used at once.
	Key func() (string, error)
	// BaseURL is the part of the address that all endpoints share; http or https. Default: DefaultBaseURL.
	BaseURL string
	// Budget is shared by all clients of the same key. Default: one of its own with 60 requests a minute, 1,000 an
	// hour and 4 at a time.
	Budget *Budget
	// RequestTimeout is for one page, from sending the request to the last byte. Default: DefaultRequestTimeout.
	RequestTimeout time.Duration
	// Transport carries the requests. Default: http.DefaultTransport. Redirects are refused whatever it is.
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
}

// RequestInfo describes a request that has ended.
type RequestInfo struct {
	Op         string        // method and path below the base URL, without the query
	StatusCode int           // 0: there was no answer
	Duration   time.Duration // until the last byte of the answer
	Err        error         // nil, an *Error, or the end of the caller's context
}

// Client asks the Smartlead API on behalf of one key. Its methods may be called concurrently.
type Client struct {
	base      string
	key       func() (string, error)
	budget    *Budget
	timeout   time.Duration
	userAgent string
	http      http.Client
	trace     Trace
	totals    totals
}

// NewClient checks the options and returns a client. It asks the API nothing.
func NewClient(o Options) (*Client, error) {
	if o.Key == nil {
		return nil, errors.New("smartlead: no key: set Options.Key")
	}
	if o.BaseURL == "" {
		o.BaseURL = DefaultBaseURL
	}
	u, err := url.Parse(o.BaseURL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return nil, errors.New("smartlead: the base URL must look like " + DefaultBaseURL)
	}
	if o.Budget == nil {
		o.Budget = NewBudget(Limits{PerMinute: 60, PerHour: 1000, Concurrency: 4})
	}
	if o.RequestTimeout == 0 {
		o.RequestTimeout = DefaultRequestTimeout
	}
	if o.UserAgent == "" {
		o.UserAgent = defaultUserAgent
	}
	return &Client{
		base:      strings.TrimRight(o.BaseURL, "/"),
		key:       o.Key,
		budget:    o.Budget,
		timeout:   o.RequestTimeout,
		userAgent: o.UserAgent,
		trace:     o.Trace,
		http: http.Client{
			Transport: o.Transport,
			// Following a redirect would hand the key to whoever it points to, in the URL or the Referer.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// request is one resource to be had.
type request struct {
	path  string // below the base URL, without the query
	query url.Values
	// read decodes the body of a 200. It runs once a try, so it has to start afresh each time. What it returns is
	// an ErrBadResponse unless the connection failed.
	read func(body *pageReader, at time.Time) error
	sent int // requests that left so far, whatever became of them
}

func (r *request) op() string { return "GET " + r.path }

// do tries until the resource is had, can't be had, or has been tried often enough.
func (c *Client) do(ctx context.Context, r *request) error {
	for try := 1; ; try++ {
		err := c.try(ctx, r)
		if err == nil || try == maxTries || !retryable(err) || ctx.Err() != nil {
			return err
		}
		if errors.Is(err, ErrRateLimited) {
			continue // the account is paused, and that is waited for before the next try
		}
		if err := sleep(ctx, backoff(firstBackoff, maxBackoff, try-1)); err != nil {
			return fmt.Errorf("%s: %w", r.op(), err)
		}
	}
}

// try waits for the budget's permission and asks once.
func (c *Client) try(ctx context.Context, r *request) error {
	key, err := c.currentKey(r)
	if err != nil {
		return err
	}
	if d := c.budget.refusals.wait(key); d > 0 {
		return refusedBefore(r, d)
	}
	release, err := c.budget.acquire(ctx, c.trace.Wait)
	if err != nil {
		return fmt.Errorf("%s: waiting for the request budget: %w", r.op(), err)
	}
	defer release()
	if key, err = c.currentKey(r); err != nil { // the wait may have been long
		return err
	}
	if d := c.budget.refusals.admit(key); d > 0 {
		return refusedBefore(r, d)
	}

	start := time.Now()
	r.sent++
	status, err := c.exchange(ctx, r, key)
	if c.trace.Request != nil {
		c.trace.Request(RequestInfo{Op: r.op(), StatusCode: status, Duration: time.Since(start), Err: err})
	}
	return err
}

func (c *Client) currentKey(r *request) (string, error) {
	key, err := c.key()
	if err == nil && key == "" { // such as from a file that is being written
		err = errors.New("it is empty")
	}
	if err != nil {
		return "", &Error{Op: r.op(), Reason: ErrUnauthorized, Err: fmt.Errorf("couldn't read the API key: %w", err)}
	}
	return key, nil
}

func refusedBefore(r *request, d time.Duration) error {
	return &Error{
		Op: r.op(), Reason: ErrUnauthorized,
		Message: fmt.Sprintf("not asked: the API refused this key; the next try is in %s, or when the key changes", d.Round(time.Second)),
	}
}

// exchange sends the request and reads the answer. status is 0 if there was none.
func (c *Client) exchange(ctx context.Context, r *request, key string) (status int, err error) {
	hide := newRedactor(key)
	tryCtx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()

	query := url.Values{}
	maps.Copy(query, r.query)
	query.Set("api_key", key)
	req, err := http.NewRequestWithContext(tryCtx, http.MethodGet, c.base+r.path+"?"+query.Encode(), http.NoBody)
	if err != nil {
		return 0, &Error{Op: r.op(), Reason: ErrNetwork, Err: hide.cause(withoutURL(err))}
	}
	req.Header.Set("User-Agent", c.userAgent)
	req.Header.Set("Accept", "application/json")

	asked := time.Now()
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, c.lost(ctx, r, 0, err, hide)
	}
	defer resp.Body.Close()
	if remaining, wait, known := quotaLeft(resp.Header); known {
		if c.trace.Remaining != nil {
			c.trace.Remaining(remaining)
		}
		if wait > 0 {
			c.budget.pause(wait) // other programs use the key, too: the server's count wins
		}
	}
	if resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusNotFound {
		c.budget.refusals.accepted(key, asked)
	}
	if resp.StatusCode != http.StatusOK {
		return resp.StatusCode, c.refusal(ctx, r, resp, key, hide)
	}

	c.budget.succeeded()
	body := &pageReader{r: resp.Body, left: maxPageBytes, hide: hide}
	if err := r.read(body, serverTime(resp.Header)); err != nil {
		if body.err != nil {
			return resp.StatusCode, c.lost(ctx, r, resp.StatusCode, body.err, hide)
		}
		return resp.StatusCode, &Error{
			Op: r.op(), Reason: ErrBadResponse, StatusCode: resp.StatusCode, Message: hide.message(err.Error()),
		}
	}
	return resp.StatusCode, nil
}

// lost is the error of an answer that didn't come, or not to its end. The end of the caller's context is no failure of
// the API and has no reason.
func (c *Client) lost(ctx context.Context, r *request, status int, err error, hide *redactor) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", r.op(), context.Cause(ctx))
	}
	err = withoutURL(err)
	e := &Error{Op: r.op(), Reason: ErrNetwork, StatusCode: status, Err: hide.cause(err)}
	var timeout interface{ Timeout() bool }
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		e.Reason, e.Message = ErrTimeout, fmt.Sprintf("no complete answer within %s", c.timeout)
	}
	return e
}

// refusal turns an answer other than 200 into an error, and has the budget learn from it.
func (c *Client) refusal(ctx context.Context, r *request, resp *http.Response, key string, hide *redactor) error {
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%s: %w", r.op(), context.Cause(ctx))
	}
	said := readErrorBody(text, len(text) == maxErrorBody, hide)
	e := &Error{Op: r.op(), StatusCode: resp.StatusCode, Message: hide.message(said.message)}
	switch code := resp.StatusCode; {
	case code == http.StatusUnauthorized:
		e.Reason = ErrUnauthorized
		c.budget.refusals.refused(key)
	case code == http.StatusForbidden:
		e.Reason = ErrForbidden
	case code == http.StatusNotFound:
		e.Reason = ErrNotFound
	case code == http.StatusRequestTimeout:
		e.Reason = ErrTimeout
	case code == http.StatusTooManyRequests:
		e.Reason = ErrRateLimited
		retryAfter, ok := parseRetryAfter(resp.Header.Get("Retry-After"), serverTime(resp.Header))
		if !ok {
			retryAfter, _ = parseRetryAfter(said.retryAfter, serverTime(resp.Header))
		}
		e.RetryAfter = retryAfter
		c.budget.throttle(retryAfter)
	case code >= 500:
		e.Reason = ErrServer
	case code >= 400:
		e.Reason = ErrBadRequest
	case code >= 300:
		e.Reason = ErrBadResponse
		e.Message = "redirects are refused, since they would carry the key elsewhere; set the base URL to the final address"
	default:
		e.Reason = ErrBadResponse
		e.Message = "the only good status is 200"
	}
	return e
}
