package simulator

import (
	"bytes"
	"context"
	"net/http"
	"time"
)

// Delay waits before it passes the request on. It gives up when the client does.
func Delay(d time.Duration) Effect {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if wait(r.Context(), d) != nil {
				panic(http.ErrAbortHandler) // nobody is left to answer
			}
			next.ServeHTTP(w, r)
		})
	}
}

// Drip sends the body in pieces of n bytes and pauses before each.
func Drip(n int, pause time.Duration) Effect {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(&dripWriter{w, max(n, 1), func() error { return wait(r.Context(), pause) }}, r)
		})
	}
}

// Reset aborts the connection before an answer.
func Reset() Effect {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		})
	}
}

// ResetAfter aborts the connection when n bytes of the body have been sent, or at its end if it is shorter.
func ResetAfter(n int) Effect {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			cut := &cutWriter{ResponseWriter: w, left: n, full: func() { abort(w) }}
			next.ServeHTTP(cut, r)
			abort(w)
		})
	}
}

// Truncate ends the body after n bytes as if it were complete.
func Truncate(n int) Effect {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(&cutWriter{ResponseWriter: w, left: n, full: func() {}}, r)
		})
	}
}

// Respond gives an answer in place of the right one.
func Respond(a Answer) Effect {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			writeAnswer(w, a)
		})
	}
}

// RespondStatus gives an answer with a status and a body of plain text in place of the right one.
func RespondStatus(status int, body string) Effect {
	return Respond(Answer{Status: status, Header: contentType(contentPlain), Body: body})
}

// Redirect answers 302 with a Location.
func Redirect(location string) Effect {
	return Respond(Answer{Status: http.StatusFound, Header: http.Header{"Location": {location}}})
}

// SetHeader overrides a header of the answer; an empty value removes it.
func SetHeader(name, value string) Effect {
	return onHeader(func(h http.Header) {
		if value == "" {
			h.Del(name)
			return
		}
		h.Set(name, value)
	})
}

// SkewDate makes the Date header wrong by d, which is negative for the past.
func SkewDate(d time.Duration) Effect {
	return onHeader(func(h http.Header) {
		h.Set("Date", time.Now().Add(d).UTC().Format(http.TimeFormat))
	})
}

// Rewrite changes the body of the right answer as a whole, which is held in memory for it.
func Rewrite(change func(body []byte) []byte) Effect {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			held := &heldWriter{ResponseWriter: w, status: http.StatusOK}
			next.ServeHTTP(held, r)
			w.WriteHeader(held.status)
			_, _ = w.Write(change(held.body.Bytes()))
		})
	}
}

// Append puts text behind the body of the right answer.
func Append(text string) Effect {
	return Rewrite(func(body []byte) []byte { return append(body, text...) })
}

// Do calls a function before the request is answered, such as one that changes the Simulator's campaigns between two
// pages.
func Do(f func()) Effect {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			f()
			next.ServeHTTP(w, r)
		})
	}
}

// wait returns after d, or with an error as soon as the context is done.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// abort breaks the connection off after what was written so far.
func abort(w http.ResponseWriter) {
	_ = http.NewResponseController(w).Flush() // else the server would drop what it still buffers
	panic(http.ErrAbortHandler)
}

type dripWriter struct {
	http.ResponseWriter
	size  int
	pause func() error // fails when the client is gone
}

func (w *dripWriter) Write(p []byte) (written int, err error) {
	for len(p) > 0 {
		if err := w.pause(); err != nil {
			return written, err
		}
		n, err := w.ResponseWriter.Write(p[:min(w.size, len(p))])
		written += n
		if err != nil {
			return written, err
		}
		if err := http.NewResponseController(w.ResponseWriter).Flush(); err != nil {
			return written, err
		}
		p = p[n:]
	}
	return written, nil
}

// Unwrap lets an http.ResponseController flush.
func (w *dripWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// cutWriter passes left bytes on, calls full once they are through, and swallows the rest.
type cutWriter struct {
	http.ResponseWriter
	left int
	full func()
}

func (w *cutWriter) Write(p []byte) (int, error) {
	if n := min(w.left, len(p)); n > 0 {
		if _, err := w.ResponseWriter.Write(p[:n]); err != nil {
			return 0, err
		}
		w.left -= n
	}
	if w.left <= 0 {
		w.full()
	}
	return len(p), nil
}

// Unwrap lets an http.ResponseController flush.
func (w *cutWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// headerWriter changes the header when the answer starts.
type headerWriter struct {
	http.ResponseWriter
	change  func(http.Header)
	started bool
}

func onHeader(change func(http.Header)) Effect {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(&headerWriter{ResponseWriter: w, change: change}, r)
		})
	}
}

func (w *headerWriter) WriteHeader(status int) {
	if !w.started {
		w.started = true
		w.change(w.Header())
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *headerWriter) Write(p []byte) (int, error) {
	if !w.started {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap lets an http.ResponseController flush.
func (w *headerWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// heldWriter keeps the status and the body.
type heldWriter struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (w *heldWriter) WriteHeader(status int)      { w.status = status }
func (w *heldWriter) Write(p []byte) (int, error) { return w.body.Write(p) }
