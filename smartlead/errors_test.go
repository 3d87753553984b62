package smartlead_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// The table of errors: what each answer is taken for, and how often it is asked for.
func TestErrors(t *testing.T) {
	const once, repeatedly = 1, 4
	for _, tt := range []struct {
		name       string
		status     int
		body       string
		retryAfter string // the header
		want       smartlead.Error
		tries      int
	}{
		{
			name: "validation", status: 400,
			body:  `{"statusCode":400,"error":"Bad Request","message":"\"email_status\" must be one of [opened]","validation":{"source":"query","keys":["email_status"]}}`,
			want:  smartlead.Error{Reason: smartlead.ErrBadRequest, Message: `"email_status" must be one of [opened]`},
			tries: once,
		},
		{
			name: "unknown key", status: 401, body: `{"message":"Invalid API Key"}`,
			want:  smartlead.Error{Reason: smartlead.ErrUnauthorized, Message: "Invalid API Key"},
			tries: once,
		},
		{
			name: "expired plan", status: 401, body: `{"message":"Plan expired!"}`,
			want:  smartlead.Error{Reason: smartlead.ErrUnauthorized, Message: "Plan expired!"},
			tries: once,
		},
		{
			name: "unauthorized with a code", status: 401, body: `{"success":false,"error":{"code":"UNAUTHORIZED","message":"API key is required"}}`,
			want:  smartlead.Error{Reason: smartlead.ErrUnauthorized, Message: "API key is required"},
			tries: once,
		},
		{
			name: "disliked User-Agent", status: 403, body: "<html>\n<head><title>403 Forbidden</title></head>\n<body></body></html>",
			want:  smartlead.Error{Reason: smartlead.ErrForbidden, Message: "403 Forbidden"},
			tries: once,
		},
		{
			name: "unknown campaign", status: 404, body: `{"error":"Campaign not found - Invalid campaign_id."}`,
			want:  smartlead.Error{Reason: smartlead.ErrNotFound, Message: "Campaign not found - Invalid campaign_id."},
			tries: once,
		},
		{
			name: "unknown resource", status: 404, body: `{"error":"Resource not found"}`,
			want:  smartlead.Error{Reason: smartlead.ErrNotFound, Message: "Resource not found"},
			tries: once,
		},
		{
			name: "unknown route", status: 404, body: "<!DOCTYPE html>\n<html><body>\n<pre>Cannot GET /api</pre>\n</body></html>",
			want:  smartlead.Error{Reason: smartlead.ErrNotFound, Message: "Cannot GET /api"},
			tries: once,
		},
		{
			name: "request timeout", status: 408,
			want:  smartlead.Error{Reason: smartlead.ErrTimeout},
			tries: repeatedly,
		},
		{
			name: "limit too high", status: 422, body: `{"error":"limit must be less than or equal to 100"}`,
			want:  smartlead.Error{Reason: smartlead.ErrBadRequest, Message: "limit must be less than or equal to 100"},
			tries: once,
		},
		{
			name: "too many requests", status: 429, retryAfter: "45",
			body:  `{"error":{"code":"RATE_LIMIT_EXCEEDED","message":"Too many requests. Please retry after 30 seconds.","retry_after":30}}`,
			want:  smartlead.Error{Reason: smartlead.ErrRateLimited, Message: "Too many requests. Please retry after 30 seconds.", RetryAfter: 45 * time.Second},
			tries: repeatedly,
		},
		{
			name: "too many requests without the header", status: 429,
			body:  `{"error":{"code":"RATE_LIMIT_EXCEEDED","message":"Too many requests. Please retry after 30 seconds.","retry_after":30}}`,
			want:  smartlead.Error{Reason: smartlead.ErrRateLimited, Message: "Too many requests. Please retry after 30 seconds.", RetryAfter: 30 * time.Second},
			tries: repeatedly,
		},
		{
			name: "too many requests, in the body's first level", status: 429, body: `{"message":"slow down","retry_after":"7"}`,
			want:  smartlead.Error{Reason: smartlead.ErrRateLimited, Message: "slow down", RetryAfter: 7 * time.Second},
			tries: repeatedly,
		},
		{
			name: "too many requests without a body", status: 429,
			want:  smartlead.Error{Reason: smartlead.ErrRateLimited},
			tries: repeatedly,
		},
		{
			name: "a database's message", status: 500, body: "canceling statement due to\nstatement timeout\n",
			want:  smartlead.Error{Reason: smartlead.ErrServer, Message: "canceling statement due to statement timeout"},
			tries: repeatedly,
		},
		{
			name: "a gateway's page", status: 502, body: "<html><head><title>502 Bad Gateway</title></head></html>",
			want:  smartlead.Error{Reason: smartlead.ErrServer, Message: "502 Bad Gateway"},
			tries: repeatedly,
		},
		{
			name: "unavailable", status: 503,
			want:  smartlead.Error{Reason: smartlead.ErrServer},
			tries: repeatedly,
		},
		{
			name: "the gateway's patience ended", status: 524, body: "error code: 524",
			want:  smartlead.Error{Reason: smartlead.ErrServer, Message: "error code: 524"},
			tries: repeatedly,
		},
		{
			name: "JSON that is cut off", status: 400, body: `{"message":"no`,
			want:  smartlead.Error{Reason: smartlead.ErrBadRequest},
			tries: once,
		},
		{
			name: "a message of control characters", status: 400, body: "limit\x00must\x1bbe\u2028less\u202ethan 100",
			want:  smartlead.Error{Reason: smartlead.ErrBadRequest, Message: "limit must be less than 100"},
			tries: once,
		},
		{
			name: "a long message", status: 400, body: `{"message":"` + strings.Repeat("limit ", 34) + `"}`,
			want:  smartlead.Error{Reason: smartlead.ErrBadRequest, Message: strings.Repeat("limit ", 33) + "l…"},
			tries: once,
		},
		{
			name: "an address in the message", status: 400, body: `{"message":"lead <ann.archer+x@mail.a.example> (ann@a.example) is blocked"}`,
			want:  smartlead.Error{Reason: smartlead.ErrBadRequest, Message: "lead <<address>> (<address>) is blocked"},
			tries: once,
		},
		{
			name: "nothing where a page should be", status: 204,
			want:  smartlead.Error{Reason: smartlead.ErrBadResponse, Message: "the only good status is 200"},
			tries: once,
		},
		{
			name: "a redirect", status: 302,
			want: smartlead.Error{
				Reason:  smartlead.ErrBadResponse,
				Message: "redirects are refused, since they would carry the key elsewhere; set the base URL to the final address",
			},
			tries: once,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				requests := 0
				answer := simulator.Answer{Status: tt.status, Body: tt.body, Header: http.Header{}}
				if tt.retryAfter != "" {
					answer.Header.Set("Retry-After", tt.retryAfter)
				}
				client := newClient(t, counted(simulator.Respond(answer)(nil), &requests))
				got, err := statistics(t.Context(), client)

				var e *smartlead.Error
				if !errors.As(err, &e) {
					t.Fatalf("got %+v and %v, want an *Error", got, err)
				}
				tt.want.Op, tt.want.StatusCode = "GET /campaigns/1/statistics", tt.status
				if diff := cmp.Diff(tt.want, *e); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				for _, reason := range smartlead.Reasons() {
					if got, want := errors.Is(err, reason), reason == tt.want.Reason; got != want {
						t.Errorf("errors.Is(err, %s) is %t, want %t", string(reason), got, want)
					}
				}
				if requests != tt.tries || got.Requests != tt.tries {
					t.Errorf("%d requests were sent and %d counted, want %d", requests, got.Requests, tt.tries)
				}
			})
		})
	}
}

// The simulator's author has read the same description of the API and made a list of his own.
func TestErrorsOfSimulator(t *testing.T) {
	reasons := map[int]smartlead.Reason{
		400: smartlead.ErrBadRequest, 401: smartlead.ErrUnauthorized, 403: smartlead.ErrForbidden, 404: smartlead.ErrNotFound,
		422: smartlead.ErrBadRequest, 429: smartlead.ErrRateLimited, 500: smartlead.ErrServer, 502: smartlead.ErrServer,
		503: smartlead.ErrServer, 504: smartlead.ErrServer, 524: smartlead.ErrServer,
	}
	for _, answer := range simulator.ErrorAnswers() {
		t.Run(answer.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, err := statistics(t.Context(), newClient(t, simulator.Respond(answer)(nil)))
				if got, want := smartlead.ReasonOf(err), reasons[answer.Status]; got != want || want == "" {
					t.Errorf("status %d: got %v, want reason %q", answer.Status, err, want)
				}
			})
		})
	}
}

// What the simulator refuses by itself: keys and campaigns.
func TestRefusals(t *testing.T) {
	sim, err := simulator.New(simulator.Options{
		Keys: []string{testKey}, ExpiredKeys: []string{"k-expired"}, Campaigns: []simulator.Campaign{{ID: 1}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, key string
		campaign  int64
		want      smartlead.Reason
		message   string
	}{
		{"good", testKey, 1, "", ""},
		{"unknown key", "unknown", 1, smartlead.ErrUnauthorized, "Invalid API Key"},
		{"expired key", "k-expired", 1, smartlead.ErrUnauthorized, "Plan expired!"},
		{"unknown campaign", testKey, 2, smartlead.ErrNotFound, "Campaign not found"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client := newClient(t, sim, func(o *smartlead.Options) { o.Key = func() (string, error) { return tt.key, nil } })
			_, err := client.Statistics(t.Context(), smartlead.StatisticsQuery{CampaignID: tt.campaign})
			if got := smartlead.ReasonOf(err); got != tt.want {
				t.Fatalf("got %v, want reason %q", err, tt.want)
			}
			if err != nil && !strings.Contains(err.Error(), tt.message) {
				t.Errorf("%q doesn't say %q", err, tt.message)
			}
		})
	}
}

// A key that can't be had is not asked with.
func TestKeyUnreadable(t *testing.T) {
	for _, tt := range []struct {
		name string
		key  string
		err  error
		want string
	}{
		{"error", "", fs.ErrPermission, "couldn't read the API key: permission denied"},
		{"empty", "", nil, "couldn't read the API key: it is empty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			requests := 0
			client := newClient(t, counted(respond(200, empty), &requests), func(o *smartlead.Options) {
				o.Key = func() (string, error) { return tt.key, tt.err }
			})
			_, err := statistics(t.Context(), client)
			if !errors.Is(err, smartlead.ErrUnauthorized) || tt.err != nil && !errors.Is(err, tt.err) {
				t.Errorf("got %v, want ErrUnauthorized and %v", err, tt.err)
			}
			if !strings.Contains(fmt.Sprint(err), tt.want) {
				t.Errorf("%q doesn't say %q", err, tt.want)
			}
			if requests != 0 {
				t.Errorf("%d requests were sent, want none", requests)
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	for _, tt := range []struct {
		err  smartlead.Error
		want string
	}{
		{smartlead.Error{Op: "GET /x", Reason: smartlead.ErrNotFound}, "GET /x: not found"},
		{smartlead.Error{Op: "GET /x", Reason: smartlead.ErrServer, StatusCode: 502}, "GET /x: server error (status 502)"},
		{smartlead.Error{Op: "GET /x", Reason: smartlead.ErrBadRequest, StatusCode: 400, Message: "no"}, "GET /x: bad request (status 400): no"},
		{smartlead.Error{Op: "GET /x", Reason: smartlead.ErrNetwork, Err: fs.ErrClosed}, "GET /x: network: file already closed"},
	} {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

// Reasons are labels of metrics, each of them once.
func TestReasons(t *testing.T) {
	label := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	seen := map[smartlead.Reason]bool{}
	for _, reason := range smartlead.Reasons() {
		if !label.MatchString(string(reason)) || seen[reason] {
			t.Errorf("%q is no label, or comes twice", string(reason))
		}
		seen[reason] = true
		if got := smartlead.ReasonOf(fmt.Errorf("refreshing: %w", &smartlead.Error{Reason: reason})); got != reason {
			t.Errorf("the reason of a wrapped %q is %q", string(reason), string(got))
		}
	}
	if got := smartlead.ReasonOf(fs.ErrClosed); got != "" {
		t.Errorf("the reason of another error is %q, want none", got)
	}
	if got := smartlead.ReasonOf(nil); got != "" {
		t.Errorf("the reason of no error is %q, want none", got)
	}
}
