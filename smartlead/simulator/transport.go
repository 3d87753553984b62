package simulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Transport returns a round tripper that has a handler answer within the process, without a network. It behaves like a
// connection to a server:
//
//   - Bodies stream: what the handler writes is read by the client as it comes,
//     and the handler waits for a client that doesn't read. Nothing is buffered,
//     so an answer starts with the first WriteHeader, Write or Flush.
//   - The handler's context ends with the request's context, and when the body
//     is closed; so does the handler, if it looks at its context or writes.
//   - A handler that panics with [http.ErrAbortHandler] resets the connection:
//     RoundTrip fails with an error that is [syscall.ECONNRESET] before the
//     answer started, reading the body with [io.ErrUnexpectedEOF] after.
//   - Any other panic is a bug and ends the process.
//
// Each exchange has its own goroutine, which waits on channels only, so it can be used within a bubble of
// testing/synctest.
func Transport(h http.Handler) http.RoundTripper {
	return transport{h}
}

type transport struct{ handler http.Handler }

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := context.Cause(req.Context()); err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}

	// The handler gets a context of its own, without the client's values.
	ctx, cancel := context.WithCancel(context.Background())
	body, out := io.Pipe()
	w := &pipeWriter{header: make(http.Header), body: out, started: make(chan struct{})}
	stop := context.AfterFunc(req.Context(), func() {
		_ = out.CloseWithError(context.Cause(req.Context()))
		cancel()
	})
	end := func() {
		stop()
		cancel()
	}
	go func() {
		defer end()
		w.serve(t.handler, serverRequest(ctx, req))
	}()

	select {
	case <-req.Context().Done():
	case <-w.started:
	}
	// Both may have happened; the cancelled request fails then, as it would have a moment earlier.
	if err := context.Cause(req.Context()); err != nil {
		end()
		_ = body.CloseWithError(err)
		return nil, err
	}
	if w.failure != nil {
		return nil, w.failure
	}
	return &http.Response{
		Status:        strconv.Itoa(w.status) + " " + http.StatusText(w.status),
		StatusCode:    w.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        w.sent,
		Body:          &responseBody{PipeReader: body, end: end},
		ContentLength: w.length,
		Request:       req,
	}, nil
}

// serverRequest is the request as a server would see it.
func serverRequest(ctx context.Context, req *http.Request) *http.Request {
	r := req.Clone(ctx)
	r.RequestURI = req.URL.RequestURI()
	r.RemoteAddr = "192.0.2.1:1234" // an address for documentation
	if r.Host == "" {
		r.Host = req.URL.Host
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	if _, named := r.Header["User-Agent"]; !named {
		r.Header.Set("User-Agent", "Go-http-client/1.1") // as net/http introduces itself
	}
	return r
}

// responseBody ends the handler when the client loses interest.
type responseBody struct {
	*io.PipeReader
	end func()
}

func (b *responseBody) Close() error {
	b.end()
	return b.PipeReader.Close()
}

// pipeWriter is the handler's end. status, sent, length and failure are written before started is closed and not
// changed after.
type pipeWriter struct {
	header http.Header
	body   *io.PipeWriter

	start   sync.Once
	started chan struct{}
	status  int
	sent    http.Header
	length  int64 // -1 if the handler didn't say
	failure error // instead of an answer

	written int64
}

// serve runs the handler to its end.
func (w *pipeWriter) serve(h http.Handler, r *http.Request) {
	defer func() { _ = r.Body.Close() }()
	finished := false
	defer func() {
		switch v := recover(); {
		case v != nil && v != any(http.ErrAbortHandler):
			panic(v)
		case finished:
			w.finish()
		default: // aborted, or ended by runtime.Goexit
			w.abort()
		}
	}()
	h.ServeHTTP(w, r)
	finished = true
}

func (w *pipeWriter) finish() {
	w.WriteHeader(http.StatusOK)
	if w.length >= 0 && w.written < w.length && bodyAllowed(w.status) {
		_ = w.body.CloseWithError(io.ErrUnexpectedEOF)
		return
	}
	_ = w.body.Close()
}

func (w *pipeWriter) abort() {
	w.start.Do(func() {
		w.failure = fmt.Errorf("simulated connection: %w", syscall.ECONNRESET)
		close(w.started)
	})
	_ = w.body.CloseWithError(io.ErrUnexpectedEOF)
}

// Header implements [http.ResponseWriter].
func (w *pipeWriter) Header() http.Header { return w.header }

// WriteHeader implements [http.ResponseWriter]. All but the first call have no effect.
func (w *pipeWriter) WriteHeader(status int) {
	w.start.Do(func() {
		w.status = status
		w.sent = w.header.Clone()
		if w.sent.Get("Date") == "" {
			w.sent.Set("Date", time.Now().UTC().Format(http.TimeFormat))
		}
		w.length = -1
		if n, err := strconv.ParseInt(w.sent.Get("Content-Length"), 10, 64); err == nil && n >= 0 {
			w.length = n
		}
		close(w.started)
	})
}

// Write implements [http.ResponseWriter]. It fails when the client is gone.
func (w *pipeWriter) Write(p []byte) (int, error) {
	select {
	case <-w.started:
	default:
		if w.header.Get("Content-Type") == "" {
			w.header.Set("Content-Type", http.DetectContentType(p))
		}
		w.WriteHeader(http.StatusOK)
	}
	if !bodyAllowed(w.status) {
		return 0, http.ErrBodyNotAllowed
	}
	if len(p) == 0 {
		return 0, nil
	}
	n, err := w.body.Write(p)
	w.written += int64(n)
	if errors.Is(err, io.ErrClosedPipe) {
		err = fmt.Errorf("client is gone: %w", err)
	}
	return n, err
}

// Flush implements [http.Flusher]: it starts the answer.
func (w *pipeWriter) Flush() { w.WriteHeader(http.StatusOK) }

func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}
