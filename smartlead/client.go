package smartlead

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
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

// Client asks the Smartlead API on behalf of one key. Its methods may be called concurrently.
type Client struct {
	base      string
	canonical string // base, one way of writing it
	key       keySource
	secrets   func() []string
	budgets   *Budgets
	member    *member
	timeout   time.Duration
	userAgent string
	http      http.Client
	trace     Trace
	totals    totals
	closed    atomic.Bool
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
	if o.Budgets == nil {
		o.Budgets = NewBudgets()
	}
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
		if shared, ok := o.Transport.(*http.Transport); ok {
			o.Transport = shared.Clone() // whose connections are this client's to close
		}
	}
	limits := DefaultLimits()
	if o.Limits != nil {
		limits = *o.Limits
	}
	if o.RequestTimeout == 0 {
		o.RequestTimeout = DefaultRequestTimeout
	}
	if o.UserAgent == "" {
		o.UserAgent = defaultUserAgent
	}
	return &Client{
		base:      strings.TrimRight(o.BaseURL, "/"),
		canonical: canonicalBase(u),
		key:       keySource{read: o.Key},
		secrets:   o.Secrets,
		budgets:   o.Budgets,
		member:    o.Budgets.join(o.Account, limits, o.Shares),
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

// Close gives up the client's share of the quota and closes its idle connections. Calls under way go on to their end.
func (c *Client) Close() {
	c.budgets.leave(c.member)
	c.closed.Store(true)
	c.http.CloseIdleConnections()
}

// Budget returns where the budget stands of the key that the client would use now. It asks the API nothing.
func (c *Client) Budget() BudgetState {
	key, err := c.key.soon()
	if err != nil {
		return c.budgets.unknown(c.member)
	}
	return c.budgets.look(newKeyID(c.canonical, key), c.member)
}

// tell tells the trace what was learned from an answer.
func (c *Client) tell(a answered) {
	if a.limit != nil && c.trace.Limit != nil {
		c.trace.Limit(*a.limit)
	}
	if a.pause != nil && c.trace.Pause != nil {
		c.trace.Pause(*a.pause)
	}
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

// offset is as in [RequestInfo].
func (r *request) offset() int {
	offset, err := strconv.Atoi(r.query.Get("offset"))
	if err != nil {
		return -1
	}
	return offset
}

// do tries until the resource is had, can't be had, or has been tried often enough.
func (c *Client) do(ctx context.Context, r *request) error {
	if ticketOf(ctx) == nil { // a call of one request
		var end func()
		ctx, end = c.begin(ctx)
		defer end()
	}
	doubted := false
	for try, tries := 1, triesOf(ctx); ; try++ {
		err := c.try(ctx, r)
		again := retryable(err) || untrue(err) && !doubted
		if err == nil || try >= tries || !again || ctx.Err() != nil {
			return err
		}
		if untrue(err) {
			doubted = true
			continue // the next answer often comes from another server
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
	for {
		key, err := c.currentKey(ctx, r)
		if err != nil {
			return err
		}
		p, err := c.permit(ctx, r, key)
		if errors.Is(err, errRecalled) {
			continue
		}
		if err != nil {
			return err
		}
		if now, err := c.currentKey(ctx, r); err != nil || now != key { // the wait may have been long
			c.budgets.giveBack(p)
			if err != nil {
				return err
			}
			continue
		}
		if asked := ProgressOf(ctx).Asked; asked != nil {
			asked()
		}
		err = c.send(ctx, r, key, p)
		if !errors.Is(err, errHeldUp) {
			return err
		}
	}
}

// permit waits until a request may be sent.
func (c *Client) permit(ctx context.Context, r *request, key string) (*permit, error) {
	progress := ProgressOf(ctx)
	var since time.Time
	held := func(begins bool) {
		if progress.Waiting != nil {
			progress.Waiting(begins)
		}
		if begins {
			since = time.Now()
		} else if d := time.Since(since); d > 0 && c.trace.Wait != nil {
			c.trace.Wait(d)
		}
	}
	p, err := c.budgets.acquire(ctx, newKeyID(c.canonical, key), c.member, ticketOf(ctx), held)
	var refused *keyRefused
	var paused *keyPaused
	switch {
	case errors.As(err, &refused):
		return nil, &Error{Op: r.op(), Reason: ErrUnauthorized, Message: err.Error()}
	case errors.As(err, &paused):
		return nil, &Error{Op: r.op(), Reason: ErrRateLimited, Message: err.Error(), RetryAfter: time.Until(paused.until)}
	case err != nil && !errors.Is(err, errRecalled):
		return nil, fmt.Errorf("%s: waiting for the request budget: %w", r.op(), err)
	}
	return p, err
}

// send asks once, with a permit. errHeldUp says that nothing was written.
func (c *Client) send(ctx context.Context, r *request, key string, p *permit) error {
	w := &writes{client: c, request: r, permit: p, start: time.Now()}
	r.sent++
	status, err := c.exchange(ctx, r, key, w)
	if c.closed.Load() {
		c.http.CloseIdleConnections()
	}
	if errors.Is(err, errHeldUp) {
		r.sent--
		c.budgets.giveBack(p)
		return err
	}
	c.budgets.done(p)
	w.ended(status, err)
	return err
}

func (c *Client) currentKey(ctx context.Context, r *request) (string, error) {
	key, err := c.key.now(ctx, c.timeout)
	switch {
	case err != nil && ctx.Err() != nil:
		return "", fmt.Errorf("%s: reading the API key: %w", r.op(), err)
	case err != nil:
		return "", &Error{Op: r.op(), Reason: ErrUnauthorized, Err: fmt.Errorf("couldn't read the API key: %w", err)}
	}
	return key, nil
}

// exchange sends the request and reads the answer. status is 0 if there was none.
func (c *Client) exchange(ctx context.Context, r *request, key string, w *writes) (status int, err error) {
	hide := newRedactor(key, c.secrets)
	tryCtx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	tryCtx, refuse := context.WithCancelCause(tryCtx)
	defer refuse(nil)
	tryCtx = w.watch(tryCtx, refuse)

	query := url.Values{}
	maps.Copy(query, r.query)
	query.Set("api_key", key)
	req, err := http.NewRequestWithContext(tryCtx, http.MethodGet, c.base+r.path+"?"+query.Encode(), http.NoBody)
	if err != nil {
		return 0, &Error{Op: r.op(), Reason: ErrNetwork, Err: hide.cause(withoutURL(err))}
	}
	req.Header.Set("User-Agent", c.userAgent)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Accept-Encoding", acceptEncoding) // by itself, net/http would hide what it does

	resp, err := c.http.Do(req)
	if err != nil {
		if cause := context.Cause(tryCtx); errors.Is(cause, errHeldUp) || errors.Is(cause, errNotRepeated) {
			err = cause
		}
		if errors.Is(err, errHeldUp) {
			return 0, errHeldUp
		}
		return 0, c.lost(ctx, r, 0, err, hide)
	}
	defer resp.Body.Close()
	headers := parseRateHeaders(resp.Header)
	if headers.remaining >= 0 && c.trace.Remaining != nil {
		c.trace.Remaining(headers.remaining)
	}
	c.tell(c.budgets.headers(w.permit, headers))
	if resp.StatusCode != http.StatusOK {
		return resp.StatusCode, c.refusal(ctx, r, resp, w.permit, hide)
	}

	c.tell(c.budgets.status(w.permit, resp.StatusCode, 0))
	content, err := newDecoded(resp)
	defer content.close()
	body := &pageReader{body: content, left: maxPageBytes, hide: hide, kind: resp.Header.Get("Content-Type")}
	if err == nil {
		err = r.read(body, serverTime(resp.Header))
	}
	if err != nil {
		if content.lost != nil {
			return resp.StatusCode, c.lost(ctx, r, resp.StatusCode, content.lost, hide)
		}
		return resp.StatusCode, &Error{
			Op: r.op(), Reason: ErrBadResponse, StatusCode: resp.StatusCode, Message: hide.message(err.Error()),
		}
	}
	return resp.StatusCode, nil
}
