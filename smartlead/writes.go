package smartlead

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http/httptrace"
	"sync"
	"time"
)

var (
	// errHeldUp says that the server demanded a pause before the request could be written.
	errHeldUp = errors.New("a pause began before the request was written")
	// errNotRepeated says that net/http would have repeated a request for which the quota has no place at the moment.
	errNotRepeated = errors.New("the connection closed before the answer")
)

// writes counts how often net/http writes one request. Where a connection that was kept turns out to be closed,
// net/http writes the request once more on another one, and asks nobody.
type writes struct {
	client  *Client
	request *request
	permit  *permit

	mu      sync.Mutex
	start   time.Time // of the newest writing
	written bool      // the newest one has begun
}

// watch returns a context in which each writing needs a token, the first one that of the permit. refuse ends it where there is none.
func (w *writes) watch(ctx context.Context, refuse context.CancelCauseFunc) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if !w.written {
				w.client.budgets.connecting(w.permit)
			}
		},
		GotConn: func(info httptrace.GotConnInfo) {
			if err := w.got(); err != nil {
				refuse(err)
				// HTTP/2 looks whether the context has ended before it writes. HTTP/1 doesn't, but its connection isn't
				// anybody else's.
				if encrypted, ok := info.Conn.(*tls.Conn); !ok || encrypted.ConnectionState().NegotiatedProtocol != "h2" {
					_ = info.Conn.Close()
				}
			}
		},
		WroteHeaders: func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.written = true
		},
	})
}

// got is called when there is a connection to write on, and returns why it may not be used.
func (w *writes) got() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.written {
		if !w.client.budgets.connected(w.permit) {
			return errHeldUp
		}
		return nil
	}
	if !w.client.budgets.again(w.permit) {
		return errNotRepeated
	}
	lost := &Error{Op: w.request.op(), Reason: ErrNetwork, Err: errNotRepeated}
	w.tell(RequestInfo{Op: lost.Op, Offset: w.request.offset(), Duration: time.Since(w.start), Err: lost})
	w.start, w.written = time.Now(), false
	w.request.sent++
	return nil
}

// ended tells of the newest writing.
func (w *writes) ended(status int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tell(RequestInfo{Op: w.request.op(), Offset: w.request.offset(), StatusCode: status, Duration: time.Since(w.start), Err: err})
}

func (w *writes) tell(info RequestInfo) {
	if w.client.trace.Request != nil {
		w.client.trace.Request(info)
	}
}
