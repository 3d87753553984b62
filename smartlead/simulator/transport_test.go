package simulator_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/smartlead/simulator"
)

// roundTrip sends a GET request over a Transport to a handler.
func roundTrip(ctx context.Context, t *testing.T, h http.HandlerFunc) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://sim.test/path?a=1", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return simulator.Transport(h).RoundTrip(req)
}

func TestTransportRequest(t *testing.T) {
	type contextKey struct{}
	ctx := context.WithValue(t.Context(), contextKey{}, "secret")
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://sim.test/path?a=1", strings.NewReader("question"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-A", "1")
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || string(body) != "question" {
			t.Errorf("got body %q and error %v", body, err)
		}
		if r.Method != http.MethodPost || r.Host != "sim.test" || r.RequestURI != "/path?a=1" || r.Header.Get("X-A") != "1" || r.RemoteAddr == "" {
			t.Errorf("got request %+v", r)
		}
		if r.Context().Value(contextKey{}) != nil {
			t.Error("the server sees the client's context values")
		}
		w.Header().Set("X-B", "2")
		w.WriteHeader(http.StatusTeapot)
		w.WriteHeader(http.StatusOK)
		w.Header().Set("X-B", "too late")
		_, _ = io.WriteString(w, "answer")
	})
	resp, err := simulator.Transport(handler).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || string(body) != "answer" {
		t.Errorf("got body %q and error %v", body, err)
	}
	if resp.Status != "418 I'm a teapot" || resp.Header.Get("X-B") != "2" || resp.ContentLength != -1 || resp.Request != req {
		t.Errorf("got response %+v", resp)
	}
}

func TestTransportDetectsContentType(t *testing.T) {
	for set, want := range map[string]string{"": "text/html; charset=utf-8", "text/x": "text/x"} {
		resp, err := roundTrip(t.Context(), t, func(w http.ResponseWriter, _ *http.Request) {
			if set != "" {
				w.Header().Set("Content-Type", set)
			}
			_, _ = io.WriteString(w, "<html>")
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := resp.Header.Get("Content-Type"); got != want {
			t.Errorf("got content type %q, want %q", got, want)
		}
		_ = resp.Body.Close()
	}
}

func TestTransportAnswersWithoutBody(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"nothing done": func(http.ResponseWriter, *http.Request) {},
		"flushed":      func(w http.ResponseWriter, _ *http.Request) { _ = http.NewResponseController(w).Flush() },
		"empty write":  func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(nil) },
	} {
		resp, err := roundTrip(t.Context(), t, h)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		body, err := io.ReadAll(resp.Body)
		if resp.StatusCode != 200 || len(body) != 0 || err != nil {
			t.Errorf("%s: got %d, %q and %v", name, resp.StatusCode, body, err)
		}
		_ = resp.Body.Close()
	}
}

func TestTransportStreams(t *testing.T) {
	next := make(chan string)
	resp, err := roundTrip(t.Context(), t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		for text := range next {
			_, _ = io.WriteString(w, text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	buf := make([]byte, 100)
	for _, text := range []string{"one", "two", "three"} {
		next <- text // the handler comes here only when the last text was read
		n, err := resp.Body.Read(buf)
		if string(buf[:n]) != text || err != nil {
			t.Errorf("got %q and error %v, want %q", buf[:n], err, text)
		}
	}
	close(next)
	if n, err := resp.Body.Read(buf); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("got %d bytes and error %v, want the end", n, err)
	}
}

// TestTransportEndsHandlers lets clients lose interest in each way there is. A handler that was left behind would
// deadlock the bubble.
func TestTransportEndsHandlers(t *testing.T) {
	forever := func(w http.ResponseWriter, r *http.Request) {
		for {
			if _, err := io.WriteString(w, "more"); err != nil {
				return
			}
		}
	}
	waiting := func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
	silent := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	myCause := errors.New("my cause")

	for name, test := range map[string]struct {
		handler http.HandlerFunc
		client  func(t *testing.T, h http.HandlerFunc)
	}{
		"body closed unread":  {forever, closeBody},
		"body closed waiting": {waiting, closeBody},
		"cancelled in the body": {waiting, func(t *testing.T, h http.HandlerFunc) {
			ctx, cancel := context.WithCancelCause(t.Context())
			resp, err := roundTrip(ctx, t, h)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			time.AfterFunc(time.Second, func() { cancel(myCause) })
			if _, err := io.ReadAll(resp.Body); !errors.Is(err, myCause) {
				t.Errorf("reading ended with %v", err)
			}
		}},
		"cancelled, body never closed": {forever, func(t *testing.T, h http.HandlerFunc) {
			ctx, cancel := context.WithCancel(t.Context())
			if _, err := roundTrip(ctx, t, h); err != nil {
				t.Fatal(err)
			}
			cancel()
		}},
		"cancelled before the answer": {silent, func(t *testing.T, h http.HandlerFunc) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			begin := time.Now()
			if _, err := roundTrip(ctx, t, h); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != time.Minute {
				t.Errorf("got error %v after %s", err, time.Since(begin))
			}
		}},
		"cancelled before the request": {silent, func(t *testing.T, h http.HandlerFunc) {
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(myCause)
			if _, err := roundTrip(ctx, t, h); !errors.Is(err, myCause) {
				t.Errorf("got error %v", err)
			}
		}},
		"client with a timeout": {waiting, func(t *testing.T, h http.HandlerFunc) {
			client := &http.Client{Transport: simulator.Transport(h), Timeout: time.Minute}
			resp, err := client.Get("http://sim.test/") //nolint:noctx // the timeout is what is tested
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if _, err := io.ReadAll(resp.Body); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("reading ended with %v", err)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ended := false
				test.client(t, func(w http.ResponseWriter, r *http.Request) {
					defer func() { ended = true }()
					test.handler(w, r)
				})
				synctest.Wait()
				if !ended && name != "cancelled before the request" {
					t.Error("the handler has not ended")
				}
			})
		})
	}
}

func closeBody(t *testing.T, h http.HandlerFunc) {
	resp, err := roundTrip(t.Context(), t, h)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Error(err)
	}
	if _, err := resp.Body.Read(make([]byte, 1)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("reading a closed body ended with %v", err)
	}
}

func TestTransportAborts(t *testing.T) {
	for name, test := range map[string]struct {
		end    func()
		answer bool
	}{
		"abort":              {func() { panic(http.ErrAbortHandler) }, false},
		"abort in the body":  {func() { panic(http.ErrAbortHandler) }, true},
		"goexit":             {runtime.Goexit, false},
		"goexit in the body": {runtime.Goexit, true},
	} {
		t.Run(name, func(t *testing.T) {
			resp, err := roundTrip(t.Context(), t, func(w http.ResponseWriter, _ *http.Request) {
				if test.answer {
					_, _ = io.WriteString(w, "begin")
				}
				test.end()
			})
			if !test.answer {
				if !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("got error %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if body, err := io.ReadAll(resp.Body); string(body) != "begin" || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("got %q and error %v", body, err)
			}
		})
	}
}
