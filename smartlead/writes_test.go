package smartlead_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/smartlead"
)

// wire is a server within this process that notes which requests arrive, answered or not.
type wire struct {
	meter
	answers int                         // on a connection, which is closed when one more request has arrived; 0: any number
	dial    func(context.Context)       // what comes before a connection; may be nil
	answer  func(n int) (status string) // of the request of that number; nil: 200
}

// transport is net/http's, whose connections are the wire's.
func (w *wire) transport() *http.Transport {
	return &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		if w.dial != nil {
			w.dial(ctx)
		}
		client, server := net.Pipe()
		go w.serve(server)
		return client, nil
	}}
}

func (w *wire) serve(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	for n := 1; ; n++ {
		request, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		w.mu.Lock()
		w.asked = append(w.asked, time.Now())
		arrived := len(w.asked)
		w.mu.Unlock()
		if w.answers > 0 && n > w.answers {
			return
		}
		time.Sleep(w.takes)
		status := "200 OK"
		if w.answer != nil {
			status = w.answer(arrived)
		}
		resp := "HTTP/1.1 " + status + "\r\nContent-Length: 21\r\n\r\n" + `{"ok":true,"data":[]}`
		_ = request.Body.Close()
		if _, err := io.WriteString(conn, resp); err != nil {
			return
		}
	}
}

// Requests that net/http writes once more, since a connection that was kept is closed, count as what they are.
func TestRepeatsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: 1}
		var told, lost int
		client := newClient(t, nil, limited(smartlead.Limits{PerHour: 1000}), func(o *smartlead.Options) {
			o.Transport = w.transport()
			o.Trace.Request = func(r smartlead.RequestInfo) {
				told++
				if errors.Is(r.Err, smartlead.ErrNetwork) {
					lost++
				}
			}
		})
		requests := 0
		for range 20 {
			got, err := statistics(t.Context(), client)
			if err != nil {
				t.Fatal(err)
			}
			requests += got.Requests
		}
		const arrived = 39 // all but the first call find a connection that is about to close
		if len(w.asked) != arrived || requests != arrived || told != arrived || lost != arrived-20 {
			t.Errorf("%d requests arrived, want %d; %d were counted, %d told, %d of them as lost", len(w.asked), arrived, requests, told, lost)
		}
		if got := client.Budget().HourLeft; got != 100-arrived {
			t.Errorf("%v are left, want %v", got, 100-arrived)
		}
		client.Close()
	})
}

// Repeats, and connections that take long to come about, make no window exceed its limit.
func TestWindowsOfWhatWasWritten(t *testing.T) {
	limits := smartlead.Limits{PerMinute: 60, PerHour: 1000, Concurrency: 16}
	rng := rand.New(rand.NewPCG(3, 4)) // the same in each run
	var mu sync.Mutex
	for name, w := range map[string]*wire{
		"connections that close":              {answers: 1},
		"connections that close, all at once": {answers: 3, meter: meter{takes: time.Second}},
		"name servers that hang": {dial: func(ctx context.Context) {
			mu.Lock()
			d := time.Duration(rng.IntN(60)) * time.Second
			mu.Unlock()
			time.Sleep(d)
		}, answers: 1},
		"a proxy that lets all go at once": {dial: func(context.Context) {
			time.Sleep(time.Until(time.Now().Truncate(time.Minute).Add(time.Minute)))
		}, answers: 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := newClient(t, nil, limited(limits), func(o *smartlead.Options) { o.Transport = w.transport() })
				end := time.Now().Add(3 * time.Hour)
				var all sync.WaitGroup
				for range 20 {
					all.Go(func() {
						for time.Now().Before(end) {
							_, _ = statistics(t.Context(), client)
						}
					})
				}
				all.Wait()
				time.Sleep(2 * time.Minute) // connections that nobody waits for any more come about
				client.Close()
				if got := w.busiest(time.Minute); got > limits.PerMinute {
					t.Errorf("%d requests arrived in one minute, want at most %d", got, limits.PerMinute)
				}
				if got := w.busiest(time.Hour); got > limits.PerHour || got < limits.PerHour/3 {
					t.Errorf("%d requests arrived in one hour, want at most %d, and not far fewer", got, limits.PerHour)
				}
			})
		})
	}
}

// A request whose connection comes about in a pause that has begun meanwhile isn't written before the pause ends.
func TestPauseBeginsBeforeWriting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dials atomic.Int32
		w := &wire{
			dial: func(context.Context) {
				if dials.Add(1) == 2 {
					time.Sleep(10 * time.Second)
				}
			},
			answer: func(n int) string {
				if n == 1 {
					return "429 Too Many Requests\r\nRetry-After: 60"
				}
				return "200 OK"
			},
		}
		w.takes = time.Second
		var told atomic.Int32
		client := newClient(t, nil, func(o *smartlead.Options) {
			o.Transport = w.transport()
			o.Trace.Request = func(smartlead.RequestInfo) { told.Add(1) }
		})
		start := time.Now()
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() {
				got, err := statistics(t.Context(), client)
				if err != nil || got.Requests > 2 {
					t.Errorf("got %+v and %v", got, err)
				}
			})
			synctest.Wait()
		}
		all.Wait()
		client.Close()
		if len(w.asked) != 3 || w.asked[1].Sub(start) < 61*time.Second || told.Load() != 3 {
			t.Errorf("requests arrived at %s and %d were told, want two after the pause of a minute", w.asked, told.Load())
		}
	})
}

// Over HTTP/2 a request that isn't to be written leaves the others of its connection alone.
func TestPauseBeginsBeforeWritingHTTP2(t *testing.T) {
	var arrived, protocol atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived.Add(1)
		protocol.Store(int32(r.ProtoMajor))
		_, _ = io.WriteString(w, empty)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()

	budgets := smartlead.NewBudgets()
	paused := false
	pause := func() { // as another client of the key is told to
		client := newClient(t, respond(http.StatusTooManyRequests, ""), func(o *smartlead.Options) { o.Budgets, o.BaseURL = budgets, server.URL })
		ctx, cancel := context.WithCancel(t.Context())
		ctx = smartlead.WithProgress(ctx, smartlead.Progress{Waiting: func(bool) { cancel() }})
		_, _ = statistics(ctx, client)
		paused = true
	}
	transport := server.Client().Transport.(*http.Transport).Clone()
	dial := (&net.Dialer{}).DialContext
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if !paused {
			pause()
		}
		return dial(ctx, network, address)
	}
	client := newClient(t, nil, func(o *smartlead.Options) {
		o.Budgets, o.BaseURL, o.Transport = budgets, server.URL, transport
	})
	defer client.Close()
	ctx, cancel := context.WithCancel(t.Context())
	ctx = smartlead.WithProgress(ctx, smartlead.Progress{Waiting: func(bool) { cancel() }})
	if _, err := statistics(ctx, client); !errors.Is(err, context.Canceled) || arrived.Load() != 0 {
		t.Errorf("got %v, and %d requests arrived, want none before the end of the pause", err, arrived.Load())
	}
	other := newClient(t, nil, func(o *smartlead.Options) { // of another key, on the same connection
		o.Key = func() (string, error) { return "other", nil }
		o.BaseURL, o.Transport = server.URL, transport
	})
	if _, err := statistics(t.Context(), other); err != nil || arrived.Load() != 1 || protocol.Load() != 2 {
		t.Errorf("got %v, and %d requests arrived by HTTP/%d, want one by HTTP/2", err, arrived.Load(), protocol.Load())
	}
}
