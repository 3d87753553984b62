package smartlead_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// calls are the client's ways to ask. What is true of statistics, which other tests show, is true of each.
var calls = map[string]func(context.Context, *smartlead.Client) (requests int, err error){
	"Statistics": func(ctx context.Context, c *smartlead.Client) (int, error) {
		got, err := statistics(ctx, c)
		return got.Requests, err
	},
	"Campaigns": func(ctx context.Context, c *smartlead.Client) (int, error) {
		got, err := c.Campaigns(ctx, smartlead.CampaignsQuery{IncludeTags: true})
		return got.Requests, err
	},
	"Size": func(ctx context.Context, c *smartlead.Client) (int, error) {
		_, err := c.Size(ctx, smartlead.StatisticsQuery{CampaignID: 1})
		return -1, err // it doesn't tell
	},
}

// Every call spends of the same budget.
func TestCallsShareTheBudget(t *testing.T) {
	limits := smartlead.Limits{PerMinute: 20, PerHour: 300, Concurrency: 2}
	synctest.Test(t, func(t *testing.T) {
		m := &meter{takes: time.Second}
		quota := newQuota(limits)
		end := time.Now().Add(90 * time.Minute)
		var all sync.WaitGroup
		for name, call := range calls {
			for range 2 {
				client := newClient(t, nil, quota.use, func(o *smartlead.Options) { o.Transport = m })
				all.Go(func() {
					for time.Now().Before(end) {
						if _, err := call(t.Context(), client); err != nil {
							t.Errorf("%s: %v", name, err)
							return
						}
					}
				})
			}
		}
		all.Wait()
		if got := m.busiest(time.Minute); got > limits.PerMinute || got < limits.PerMinute/2 {
			t.Errorf("%d requests were sent in the busiest minute, want at most %d, and not far fewer", got, limits.PerMinute)
		}
		if got := m.busiest(time.Hour); got > limits.PerHour || got < limits.PerHour*8/10 {
			t.Errorf("%d requests were sent in the busiest hour, want at most %d, and not far fewer", got, limits.PerHour)
		}
		if m.most > limits.Concurrency {
			t.Errorf("%d requests ran at once, want at most %d", m.most, limits.Concurrency)
		}
	})
}

// Each answer that is a failure means the same to every call, and is tried again as often.
func TestCallsFailAlike(t *testing.T) {
	const notFound = `{"error":"Campaign not found - Invalid campaign_id."}`
	answers := append(simulator.ErrorAnswers(),
		simulator.Answer{Name: "redirect", Status: http.StatusFound, Header: http.Header{"Location": {"https://elsewhere.example/"}}},
		simulator.Answer{Name: "no content", Status: http.StatusNoContent},
		simulator.Answer{Name: "request timeout", Status: http.StatusRequestTimeout, Body: notFound},
	)
	for _, answer := range answers {
		t.Run(answer.Name, func(t *testing.T) {
			type outcome struct {
				reason   smartlead.Reason
				status   int
				message  string
				requests int
			}
			outcomes := map[string]outcome{}
			for name, call := range calls {
				synctest.Test(t, func(t *testing.T) {
					sim := newSim(t, simulator.Campaign{ID: 1, Source: simulator.Rows(5, 10)})
					sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.Respond(answer)}})
					counted, err := call(t.Context(), newClient(t, sim))
					var e *smartlead.Error
					if !errors.As(err, &e) {
						t.Fatalf("%s: got %v, want an *Error", name, err)
					}
					sent := len(sim.Requests())
					if counted >= 0 && counted != sent {
						t.Errorf("%s: %d requests were sent and %d counted", name, sent, counted)
					}
					outcomes[name] = outcome{e.Reason, e.StatusCode, e.Message, sent}
				})
			}
			want := outcomes["Statistics"]
			if want.status != answer.Status {
				t.Errorf("the error has status %d, want %d", want.status, answer.Status)
			}
			for name, got := range outcomes {
				if got != want {
					t.Errorf("%s: got %+v, want %+v as Statistics", name, got, want)
				}
			}
		})
	}
}

// A list that can't be had at once is had later, as long as that can help.
func TestCampaignsAreTriedAgain(t *testing.T) {
	serverError := simulator.RespondStatus(http.StatusBadGateway, "sorry")
	for _, tt := range []struct {
		name     string
		effects  []simulator.Effect
		times    int
		requests int
		want     smartlead.Reason
	}{
		{"a server error", []simulator.Effect{serverError}, 1, 2, ""},
		{"three server errors", []simulator.Effect{serverError}, 3, 4, ""},
		{"four server errors", []simulator.Effect{serverError}, 4, 4, smartlead.ErrServer},
		{"a connection that is reset", []simulator.Effect{simulator.Reset()}, 1, 2, ""},
		{"a list that breaks off", []simulator.Effect{simulator.ResetAfter(300)}, 3, 4, ""},
		{"lists that break off", []simulator.Effect{simulator.ResetAfter(300)}, 4, 4, smartlead.ErrNetwork},
		{"no answer", []simulator.Effect{simulator.Delay(time.Hour)}, 1, 2, ""},
		{"too many requests", []simulator.Effect{simulator.Respond(simulator.TooManyRequests("30"))}, 1, 2, ""},
		{"a list that is cut off as if it were whole", []simulator.Effect{simulator.Truncate(300)}, 1, 2, ""},
		{"lists that are cut off as if they were whole", []simulator.Effect{simulator.Truncate(300)}, 2, 2, smartlead.ErrBadResponse},
		{"no access", []simulator.Effect{simulator.RespondStatus(http.StatusForbidden, "no")}, 1, 1, smartlead.ErrForbidden},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := newSim(t, simulator.Campaign{ID: 1}, simulator.Campaign{ID: 2})
				sim.Inject(simulator.Fault{Times: tt.times, Effects: tt.effects})
				got, err := newClient(t, sim).Campaigns(t.Context(), smartlead.CampaignsQuery{})
				if sent := len(sim.Requests()); sent != tt.requests || got.Requests != tt.requests {
					t.Errorf("%d requests were sent and %d counted, want %d", sent, got.Requests, tt.requests)
				}
				if reason := smartlead.ReasonOf(err); reason != tt.want || (err == nil) != (tt.want == "") {
					t.Fatalf("got %v, want reason %q", err, tt.want)
				}
				want := 2 // each once, although an answer that broke off had one of them
				if err != nil {
					want = 0
				}
				if len(got.Campaigns) != want {
					t.Errorf("got %+v and %v, want %d campaigns", got.Campaigns, err, want)
				}
			})
		})
	}
}

// Whoever cancels gets his own error at once, and no reason.
func TestCampaignsCancelled(t *testing.T) {
	errShutdown := errors.New("shutting down")
	for name, effect := range map[string]simulator.Effect{
		"in a request":  simulator.Delay(time.Hour),
		"in a body":     simulator.Drip(1, time.Second),
		"in a back-off": simulator.Reset(),
		"in a pause":    simulator.Respond(simulator.TooManyRequests("300")),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := newSim(t, simulator.Campaign{ID: 1})
				sim.Inject(simulator.Fault{Effects: []simulator.Effect{effect}})
				ctx, cancel := context.WithCancelCause(t.Context())
				const after = 250 * time.Millisecond // a back-off is at least 500 ms
				start := time.Now()
				time.AfterFunc(after, func() { cancel(errShutdown) })
				got, err := newClient(t, sim).Campaigns(ctx, smartlead.CampaignsQuery{})
				if !errors.Is(err, errShutdown) || smartlead.ReasonOf(err) != "" || got.Campaigns != nil || got.Requests != 1 {
					t.Errorf("got %+v and %v, want %v without a reason", got, err, errShutdown)
				}
				if took := time.Since(start); took != after {
					t.Errorf("it took %s to return, want %s", took, after)
				}
			})
		})
	}
}

// A key that the list was refused for isn't asked with for statistics either, and the other way round.
func TestCallsShareTheRefusedKey(t *testing.T) {
	for first := range calls {
		for second, call := range calls {
			t.Run(first+" and "+second, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					key := "bad"
					sim, client := keyed(t, &key, newQuota(smartlead.Limits{}))
					for _, ask := range []func(context.Context, *smartlead.Client) (int, error){calls[first], call} {
						if _, err := ask(t.Context(), client); !errors.Is(err, smartlead.ErrUnauthorized) {
							t.Errorf("got %v, want ErrUnauthorized", err)
						}
					}
					if got := len(sim.Requests()); got != 1 {
						t.Errorf("%d requests were sent, want one", got)
					}
				})
			})
		}
	}
}

// The key is in nothing that leaves the client, whichever call an API repeats it to.
func TestKeyStaysHiddenFromOtherCalls(t *testing.T) {
	for name, call := range calls {
		if name == "Statistics" {
			continue // has tests of its own
		}
		ask := func(t *testing.T, answer roundTripper) {
			t.Helper()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			client := newClient(t, nil, func(o *smartlead.Options) {
				o.Key = func() (string, error) { return canary, nil }
				o.Transport = answer
				o.Trace.Request = func(r smartlead.RequestInfo) {
					assertSilent(t, "RequestInfo", r)
					assertSilentError(t, r.Err)
					cancel() // no test waits for a back-off
				}
			})
			_, err := call(ctx, client)
			assertSilentError(t, err)
			if smartlead.ReasonOf(err) == "" {
				t.Errorf("got %v, want an error with a reason", err)
			}
		}
		for _, status := range []int{200, 401, 500} {
			for form, key := range forms(t) {
				for wrapping, wrap := range wrappings {
					t.Run(fmt.Sprintf("%s/%d/%s/%s", name, status, form, wrapping), func(t *testing.T) {
						text := wrap(key)
						ask(t, func(r *http.Request) (*http.Response, error) {
							resp, err := bodyBytes([]byte(text))(r)
							resp.StatusCode = status
							return resp, err
						})
					})
				}
			}
		}
		t.Run(name+"/network", func(t *testing.T) {
			ask(t, func(r *http.Request) (*http.Response, error) {
				return nil, fmt.Errorf("proxy: %w", timeout{r.URL.String()})
			})
		})
		t.Run(name+"/body that breaks off", func(t *testing.T) {
			ask(t, func(r *http.Request) (*http.Response, error) {
				return body(func() io.Reader {
					return io.MultiReader(strings.NewReader(`{"data":[`), broken{timeout{r.URL.String()}})
				})(r)
			})
		})
	}
}
