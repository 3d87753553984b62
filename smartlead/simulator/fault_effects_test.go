package simulator_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/smartlead/simulator"
)

// faultsOfConnections are effects whose result must be the same over a network and over a Transport.
var faultsOfConnections = []connectionFault{
	{name: "reset", effect: simulator.Reset(), noAnswer: true},
	{name: "reset in the body", effect: simulator.ResetAfter(200), status: 200, length: 200, cut: true},
	{name: "reset at the body's begin", effect: simulator.ResetAfter(0), status: 200, length: 0, cut: true},
	{name: "reset behind the body", effect: simulator.ResetAfter(1 << 20), status: 200, length: -1, cut: true},
	{name: "truncated", effect: simulator.Truncate(200), status: 200, length: 200},
	{name: "truncated to nothing", effect: simulator.Truncate(0), status: 200, length: 0},
	{name: "not truncated", effect: simulator.Truncate(1 << 20), status: 200, length: -1},
	{name: "dripping", effect: simulator.Drip(100, 0), status: 200, length: -1},
	{name: "another status", effect: simulator.RespondStatus(524, "error code: 524"), status: 524, length: 15},
	{name: "no content", effect: simulator.Respond(simulator.Answer{Status: 204}), status: 204, length: 0},
	{name: "redirect", effect: simulator.Redirect("https://elsewhere.example/"), status: 302, length: 0, header: http.Header{"Location": {"https://elsewhere.example/"}}},
	{name: "header", effect: simulator.SetHeader("x-a", "1"), status: 200, length: -1, header: http.Header{"X-A": {"1"}}},
	{name: "content length", effect: simulator.SetHeader("Content-Length", "20000"), status: 200, length: -1, cut: true},
}

type connectionFault struct {
	name     string
	effect   simulator.Effect
	noAnswer bool
	status   int
	length   int // of the body; -1 is the right body's
	cut      bool
	header   http.Header
}

func (f connectionFault) check(t *testing.T, resp *http.Response, body string, err error) {
	t.Helper()
	_, right := get(t, newSim(t, simulator.Options{}, simulator.Campaign{ID: 1, Source: simulator.Rows(10, 100)}), "/campaigns/1/statistics", nil)
	if f.noAnswer {
		t.Fatalf("got an answer with status %d", resp.StatusCode)
	}
	if resp.StatusCode != f.status {
		t.Errorf("got status %d, want %d", resp.StatusCode, f.status)
	}
	want := f.length
	if want < 0 {
		want = len(right)
	}
	if len(body) != want || f.status == 200 && body != right[:want] {
		t.Errorf("got a body of %d bytes, want %d: %.100s", len(body), want, body)
	}
	if cut := errors.Is(err, io.ErrUnexpectedEOF); cut != f.cut || !cut && err != nil {
		t.Errorf("reading the body ended with %v", err)
	}
	for name, values := range f.header {
		if !slices.Equal(resp.Header[name], values) {
			t.Errorf("got %s %q, want %q", name, resp.Header[name], values)
		}
	}
	if _, err := http.ParseTime(resp.Header.Get("Date")); err != nil {
		t.Errorf("the Date header: %v", err)
	}
}

func TestFaultsOverTransport(t *testing.T) {
	for _, test := range faultsOfConnections {
		t.Run(test.name, func(t *testing.T) {
			sim := newSim(t, simulator.Options{}, simulator.Campaign{ID: 1, Source: simulator.Rows(10, 100)})
			sim.Inject(simulator.Fault{Effects: []simulator.Effect{test.effect}})
			resp, body, err := tryGet(t.Context(), sim, "/campaigns/1/statistics", nil)
			if resp == nil {
				if !test.noAnswer || !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("got error %v", err)
				}
				if r := sim.Requests(); r[0].Status != 0 {
					t.Errorf("status %d is recorded for no answer", r[0].Status)
				}
				return
			}
			test.check(t, resp, body, err)
		})
	}
}

func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := newSim(t, simulator.Options{}, simulator.Campaign{ID: 1})
		sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.Delay(70 * time.Second)}})
		begin := time.Now()
		get(t, sim, "/campaigns/1", nil)
		if d := time.Since(begin); d != 70*time.Second {
			t.Errorf("it took %s", d)
		}

		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		begin = time.Now()
		if _, _, err := tryGet(ctx, sim, "/campaigns/1", nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got error %v", err)
		}
		synctest.Wait() // for the handler to end
		if d := time.Since(begin); d != 10*time.Second {
			t.Errorf("the client gave up after %s", d)
		}
	})
}

func TestDrip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := newSim(t, simulator.Options{}, simulator.Campaign{ID: 1})
		sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.Drip(10, time.Second)}})
		begin := time.Now()
		_, body := get(t, sim, "/campaigns/1", nil)
		if pieces := (len(body) + 9) / 10; time.Since(begin) != time.Duration(pieces)*time.Second {
			t.Errorf("%d pieces took %s", pieces, time.Since(begin))
		}

		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer cancel()
		_, body, err := tryGet(ctx, sim, "/campaigns/1", nil)
		if !errors.Is(err, context.DeadlineExceeded) || len(body) != 30 {
			t.Errorf("got %q and error %v, want three pieces and the deadline", body, err)
		}
	})
}

func TestSkewDate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, skew := range []time.Duration{0, 5 * time.Minute, -5 * time.Minute} {
			sim := newSim(t, simulator.Options{}, simulator.Campaign{ID: 1})
			sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.SkewDate(skew)}})
			resp, _ := get(t, sim, "/campaigns/1", nil)
			date, err := http.ParseTime(resp.Header.Get("Date"))
			if err != nil {
				t.Fatal(err)
			}
			if got := time.Until(date); got != skew {
				t.Errorf("the date is wrong by %s, want %s", got, skew)
			}
		}
	})
}

func TestRespondTooManyRequests(t *testing.T) {
	for retryAfter, seconds := range map[string]string{"": "30", "7": "7", "Wed, 21 Oct 2026 07:28:00 GMT": "30"} {
		sim := newSim(t, simulator.Options{}, simulator.Campaign{ID: 1})
		sim.Inject(simulator.Fault{Effects: []simulator.Effect{
			simulator.SetHeader("X-RateLimit-Remaining", "0"), simulator.Respond(simulator.TooManyRequests(retryAfter)),
		}})
		resp, body := get(t, sim, "/campaigns/1", nil)
		_, named := resp.Header["Retry-After"]
		if resp.StatusCode != 429 || resp.Header.Get("Retry-After") != retryAfter || named != (retryAfter != "") ||
			resp.Header.Get("X-RateLimit-Remaining") != "0" || !strings.Contains(body, `"retry_after":`+seconds+`}`) {
			t.Errorf("got %d, %v and %s", resp.StatusCode, resp.Header, body)
		}
	}
}

func TestSetHeaderRemoves(t *testing.T) {
	sim := newSim(t, simulator.Options{Limits: simulator.Limits{PerMinute: 9}}, simulator.Campaign{ID: 1})
	sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.SetHeader("X-RateLimit-Reset", "")}})
	resp, _ := get(t, sim, "/campaigns/1", nil)
	if resp.Header.Get("X-RateLimit-Reset") != "" || resp.Header.Get("X-RateLimit-Limit") != "9" {
		t.Errorf("got %v", resp.Header)
	}
}

// TestAnswersAreSent sees every ready-made answer come as it is.
func TestAnswersAreSent(t *testing.T) {
	for _, a := range slices.Concat(simulator.ErrorAnswers(), simulator.WrongBodies()) {
		sim := newSim(t, simulator.Options{}, simulator.Campaign{ID: 1})
		sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.Respond(a)}})
		resp, body := get(t, sim, "/campaigns/1/statistics", nil)
		if resp.StatusCode != a.Status || body != a.Body {
			t.Errorf("%s: got %d with %.100q", a.Name, resp.StatusCode, body)
		}
		for name := range a.Header {
			if resp.Header.Get(name) != a.Header.Get(name) {
				t.Errorf("%s: got %s %q", a.Name, name, resp.Header.Get(name))
			}
		}
	}
}

func TestRewrite(t *testing.T) {
	sim := newSim(t, simulator.Options{}, simulator.Campaign{ID: 1})
	sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.Rewrite(func(body []byte) []byte {
		return []byte(strings.Replace(string(body), `"0"`, `"-1"`, 1))
	})}})
	resp, body := get(t, sim, "/campaigns/1/statistics", nil)
	if want := `{"total_stats":"-1","offset":0,"limit":100,"data":[]}`; body != want || resp.StatusCode != 200 {
		t.Errorf("got %d with %s, want %s", resp.StatusCode, body, want)
	}
	if resp, _ := get(t, sim, "/campaigns/2/statistics", nil); resp.StatusCode != 404 {
		t.Errorf("got status %d, want it to stay what it is", resp.StatusCode)
	}
}

// TestPageEffects asks for the pages of 25 rows, ten at a time.
func TestPageEffects(t *testing.T) {
	for name, test := range map[string]struct {
		effect simulator.Effect
		query  url.Values
		offset string
		want   string // rows, limit and total
	}{
		"none":                    {simulator.Do(func() {}), nil, "0", "10 10 25"},
		"smaller":                 {simulator.ShrinkPages(4), nil, "0", "4 4 25"},
		"not smaller":             {simulator.ShrinkPages(40), nil, "0", "10 10 25"},
		"smaller at the end":      {simulator.ShrinkPages(4), nil, "23", "2 4 25"},
		"smaller, silently":       {simulator.ShrinkPagesSilently(4), nil, "0", "4 10 25"},
		"empty":                   {simulator.EmptyPage(), nil, "10", "0 10 25"},
		"filtered":                {simulator.Do(func() {}), values("email_sequence_number", "1"), "0", "9 10 9"},
		"total without filters":   {simulator.UnfilteredTotal(), values("email_sequence_number", "1"), "0", "9 10 25"},
		"arriving":                {simulator.Arrive(3), nil, "20", "8 10 28"},
		"vanishing":               {simulator.Vanish(3), nil, "20", "2 10 22"},
		"vanishing more than all": {simulator.Vanish(100), nil, "0", "0 10 0"},
	} {
		t.Run(name, func(t *testing.T) {
			sim := newSim(t, simulator.Options{}, simulator.Campaign{ID: 1, Source: simulator.Rows(25, 10)})
			sim.Inject(simulator.Fault{Effects: []simulator.Effect{test.effect}})
			q := values("limit", "10", "offset", test.offset)
			maps.Copy(q, test.query)
			p := getPage(t, sim, 1, q)
			if got := fmt.Sprintf("%d %d %s", len(p.Data), p.Limit, *p.Total); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestRowsMoveBetweenPages reads two pages between which rows arrive or vanish and sees what a client without care
// would: rows twice, or rows missed.
func TestRowsMoveBetweenPages(t *testing.T) {
	for name, test := range map[string]struct {
		order          simulator.Order
		effect         simulator.Effect
		rows, distinct int
	}{
		"arriving last":  {simulator.OldestFirst, simulator.Arrive(2), 22, 22},
		"arriving first": {simulator.NewestFirst, simulator.Arrive(2), 22, 20},
		"vanishing":      {simulator.OldestFirst, simulator.Vanish(2), 18, 18},
	} {
		t.Run(name, func(t *testing.T) {
			now := monday
			sim := newSim(t, simulator.Options{Clock: func() time.Time { return now }},
				simulator.Campaign{ID: 1, Order: test.order, Source: simulator.Rows(20, 10)})
			sim.Inject(simulator.Fault{
				Match: []simulator.Matcher{simulator.AtOffset(10)}, Times: 1, Effects: []simulator.Effect{test.effect},
			})
			rows := 0
			distinct := map[any]bool{}
			for {
				p := getPage(t, sim, 1, values("limit", "10", "offset", fmt.Sprint(rows)))
				for _, row := range p.Data {
					distinct[row["stats_id"]] = true
				}
				if rows += len(p.Data); len(p.Data) == 0 {
					break
				}
			}
			if rows != test.rows || len(distinct) != test.distinct {
				t.Errorf("got %d rows, %d of them different, want %d and %d", rows, len(distinct), test.rows, test.distinct)
			}
			pinned := values("sent_time_end_date", monday.Format(time.RFC3339))
			if got := len(getAll(t, sim, 1, pinned)); strings.HasPrefix(name, "arriving") && got != 20 {
				t.Errorf("%d rows were sent before the first page was read, want 20", got)
			}
		})
	}
}
