package smartlead

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
)

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
func (c *Client) refusal(ctx context.Context, r *request, resp *http.Response, p *permit, hide *redactor) error {
	// The budget learns before the body is read, which frees the connection for the next request.
	now := serverTime(resp.Header)
	retryAfter, ok := parseRetryAfter(resp.Header.Get("Retry-After"), now)
	learned := c.budgets.status(p, resp.StatusCode, retryAfter)
	content, err := newDecoded(resp)
	defer content.close()
	said := errorBody{}
	if err != nil {
		said.message = err.Error()
	} else {
		var text []byte
		text, err = io.ReadAll(io.LimitReader(content, maxErrorBody))
		said = readErrorBody(text, err != nil || len(text) == maxErrorBody, resp.Header.Get("Content-Type"), hide)
	}
	if wait, known := parseRetryAfter(said.retryAfter, now); !ok && known {
		retryAfter = wait
		if more := c.budgets.status(p, resp.StatusCode, retryAfter); more.pause != nil {
			learned = more
		}
	}
	c.tell(learned)
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%s: %w", r.op(), context.Cause(ctx))
	}
	e := &Error{Op: r.op(), StatusCode: resp.StatusCode, Message: hide.message(said.message)}
	switch code := resp.StatusCode; {
	case code == http.StatusUnauthorized:
		e.Reason = ErrUnauthorized
	case code == http.StatusForbidden:
		e.Reason = ErrForbidden
	case code == http.StatusNotFound:
		e.Reason = ErrNotFound
	case code == http.StatusRequestTimeout:
		e.Reason = ErrTimeout
	case code == http.StatusTooManyRequests:
		e.Reason, e.RetryAfter = ErrRateLimited, retryAfter
	case code >= 500:
		e.Reason, e.RetryAfter = ErrServer, retryAfter
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
