package smartlead_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// stepsOf are the counts that the simulator knows to be right for campaign 1, without the times.
func stepsOf(t testing.TB, sim *simulator.Simulator) []smartlead.Step {
	t.Helper()
	counts, ok := sim.Counts(1)
	if !ok {
		t.Fatal("the simulator has no counts of campaign 1")
	}
	var steps []smartlead.Step
	for _, c := range counts {
		steps = append(steps, smartlead.Step{
			SequenceNumber: c.Step, Sent: c.Sent, Opened: c.Opened, Clicked: c.Clicked, Replied: c.Replied,
			Unsubscribed: c.Unsubscribed, Bounced: c.Bounced,
		})
	}
	return steps
}

// assertSteps compares steps, their times aside.
func assertSteps(t *testing.T, want, got []smartlead.Step) {
	t.Helper()
	var bare []smartlead.Step
	for _, step := range got {
		step.LastSent = time.Time{}
		bare = append(bare, step)
	}
	if diff := cmp.Diff(want, bare); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

// steps returns n steps of the aggregated shape, with counts that all differ.
func steps(n int) []simulator.StepCounts {
	var steps []simulator.StepCounts
	for i := range int64(n) {
		steps = append(steps, simulator.StepCounts{
			Step: int(i) + 1, Sent: 1000 + i, Opened: 500 + i, Clicked: 100 + i, Replied: 50 + i, Unsubscribed: i, Bounced: 10 + i,
		})
	}
	return steps
}

// Every row counts once, and no request is made that isn't needed, however the server divides the rows into pages.
func TestPaging(t *testing.T) {
	perEmail := func(n int) simulator.Source { return simulator.Rows(n, 20) }
	bySteps := func(n int) simulator.Source { return simulator.Aggregated(steps(n)...) }
	for _, tt := range []struct {
		name     string
		source   func(rows int) simulator.Source
		shape    smartlead.Shape
		pageSize int
		effects  []simulator.Effect
		requests map[int]int // by the number of rows
	}{
		{
			name: "per e-mail", source: perEmail, shape: smartlead.ShapePerEmail,
			requests: map[int]int{0: 1, 1: 1, 999: 1, 1000: 1, 1001: 2, 2503: 3},
		},
		{
			name: "per e-mail without a total", source: perEmail, shape: smartlead.ShapePerEmail,
			effects: []simulator.Effect{withoutTotal},
			// Nothing but an empty page is the last one.
			requests: map[int]int{0: 1, 1: 2, 999: 2, 1000: 2, 1001: 3, 2503: 4},
		},
		{
			name: "per e-mail, fewer rows than asked for", source: perEmail, shape: smartlead.ShapePerEmail,
			effects:  []simulator.Effect{simulator.ShrinkPages(400)},
			requests: map[int]int{0: 1, 1: 1, 399: 1, 400: 1, 401: 2, 1000: 3, 2503: 7},
		},
		{
			name: "per e-mail, fewer rows than asked for and no total", source: perEmail, shape: smartlead.ShapePerEmail,
			effects:  []simulator.Effect{withoutTotal, simulator.ShrinkPages(400)},
			requests: map[int]int{0: 1, 1: 2, 399: 2, 400: 2, 401: 3, 1000: 4, 2503: 8},
		},
		{
			name: "per e-mail, fewer rows than asked for without saying so and no total", source: perEmail, shape: smartlead.ShapePerEmail,
			effects:  []simulator.Effect{withoutTotal, simulator.ShrinkPagesSilently(400)},
			requests: map[int]int{0: 1, 1: 2, 399: 2, 400: 2, 401: 3, 1000: 4, 2503: 8},
		},
		{
			name: "per e-mail, fewer rows than asked for without saying so", source: perEmail, shape: smartlead.ShapePerEmail,
			effects:  []simulator.Effect{simulator.ShrinkPagesSilently(400)},
			requests: map[int]int{0: 1, 1: 1, 399: 1, 400: 1, 401: 2, 1000: 3, 2503: 7},
		},
		{
			name: "per e-mail, small pages asked for", source: perEmail, shape: smartlead.ShapePerEmail,
			pageSize: 100,
			requests: map[int]int{0: 1, 99: 1, 100: 1, 101: 2, 250: 3},
		},
		{
			name: "aggregated", source: bySteps, shape: smartlead.ShapeAggregated,
			requests: map[int]int{0: 1, 1: 1, 20: 1, 100: 1},
		},
		{
			name: "aggregated, small pages asked for", source: bySteps, shape: smartlead.ShapeAggregated,
			pageSize: 10,
			requests: map[int]int{0: 1, 1: 1, 9: 1, 10: 2, 11: 2, 20: 3, 25: 3},
		},
		{
			name: "aggregated, fewer rows than asked for", source: bySteps, shape: smartlead.ShapeAggregated,
			effects:  []simulator.Effect{simulator.ShrinkPages(10)},
			requests: map[int]int{0: 1, 1: 1, 9: 1, 10: 2, 11: 2, 20: 3, 25: 3},
		},
	} {
		for rows, requests := range tt.requests {
			t.Run(fmt.Sprintf("%s/%d rows", tt.name, rows), func(t *testing.T) {
				sim := newSim(t, simulator.Campaign{ID: 1, Source: tt.source(rows)})
				sim.Inject(simulator.Fault{Effects: tt.effects})
				got, err := newClient(t, sim).Statistics(t.Context(), smartlead.StatisticsQuery{CampaignID: 1, PageSize: tt.pageSize})
				if err != nil {
					t.Fatal(err)
				}
				assertSteps(t, stepsOf(t, sim), got.Steps)
				if got.Rows != rows {
					t.Errorf("got %d rows, want %d", got.Rows, rows)
				}
				if rows > 0 && got.Shape != tt.shape {
					t.Errorf("got shape %q, want %q", got.Shape, tt.shape)
				}
				if sent := len(sim.Requests()); sent != requests || got.Requests != requests {
					t.Errorf("%d requests were sent and %d counted, want %d", sent, got.Requests, requests)
				}
			})
		}
	}
}

// withoutTotal takes total_stats out of an answer.
func withoutTotal(next http.Handler) http.Handler {
	return simulator.Rewrite(func(body []byte) []byte {
		if !bytes.HasPrefix(body, []byte(`{"total_stats":`)) {
			return body
		}
		_, rest, _ := bytes.Cut(body, []byte(","))
		return append([]byte("{"), rest...)
	})(next)
}

// The newest e-mail of each step is told.
func TestLastSent(t *testing.T) {
	monday := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	emails := func(order simulator.Order) *simulator.Simulator {
		return newSim(t, simulator.Campaign{ID: 1, Order: order, Source: simulator.Fixed(
			simulator.Email{Step: 1, SentTime: monday},
			simulator.Email{Step: 1, SentTime: monday.Add(time.Hour)},
			simulator.Email{Step: 2, SentTime: monday.Add(72 * time.Hour)},
			simulator.Email{Step: 3},
		)})
	}
	want := map[int]time.Time{1: monday.Add(time.Hour), 2: monday.Add(72 * time.Hour), 3: {}}
	for name, order := range map[string]simulator.Order{"oldest first": simulator.OldestFirst, "newest first": simulator.NewestFirst} {
		t.Run(name, func(t *testing.T) {
			got, err := statistics(t.Context(), newClient(t, emails(order)))
			if err != nil {
				t.Fatal(err)
			}
			last := map[int]time.Time{}
			for _, step := range got.Steps {
				last[step.SequenceNumber] = step.LastSent
			}
			if diff := cmp.Diff(want, last); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Rows that come or go between pages move the others. What comes out is a set that existed at some moment.
func TestMovingRows(t *testing.T) {
	third := []simulator.Matcher{simulator.AtOffset(2000)}
	for _, tt := range []struct {
		name     string
		order    simulator.Order
		effect   simulator.Effect // before the third page, once
		rows     int
		requests int
	}{
		{"one arrives, oldest first", simulator.OldestFirst, simulator.Arrive(1), 2504, 3},
		{"one arrives, newest first", simulator.NewestFirst, simulator.Arrive(1), 2503, 3},
		{"many arrive, oldest first", simulator.OldestFirst, simulator.Arrive(1200), 3703, 4},
		{"many arrive, newest first", simulator.NewestFirst, simulator.Arrive(1200), 3703, 7},
		{"two vanish, oldest first", simulator.OldestFirst, simulator.Vanish(2), 2501, 6},
		{"two vanish, newest first", simulator.NewestFirst, simulator.Vanish(2), 2501, 6},
		{"the last page's rows vanish", simulator.OldestFirst, simulator.Vanish(600), 1903, 5},
		{"all rows vanish", simulator.OldestFirst, simulator.Vanish(2503), 0, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sim := newSim(t, simulator.Campaign{ID: 1, Order: tt.order, Source: simulator.Rows(2503, 20)})
			sim.Inject(simulator.Fault{Match: third, Times: 1, Effects: []simulator.Effect{tt.effect}})
			want := stepsOf(t, sim)
			got, err := statistics(t.Context(), newClient(t, sim))
			if err != nil {
				t.Fatal(err)
			}
			if got.Rows != tt.rows || got.Requests != tt.requests {
				t.Errorf("got %d rows in %d requests, want %d in %d", got.Rows, got.Requests, tt.rows, tt.requests)
			}
			if tt.rows != 2503 {
				want = stepsOf(t, sim) // the rows that came or went are in the set
			}
			assertSteps(t, want, got.Steps)
		})
	}
}

// A moment that the caller has chosen isn't moved to a later one.
func TestPinKeepsEarlierEnd(t *testing.T) {
	sim := newSim(t, simulator.Campaign{ID: 1, Source: simulator.Rows(10, 20)})
	sim.Inject(simulator.Fault{Times: 1, Effects: []simulator.Effect{simulator.EmptyPage()}})
	end := time.Date(2025, 1, 6, 9, 5, 0, 0, time.UTC)
	got, err := newClient(t, sim).Statistics(t.Context(), smartlead.StatisticsQuery{CampaignID: 1, SentBefore: end})
	if err != nil {
		t.Fatal(err)
	}
	if got.Rows != 5 || got.Requests != 2 {
		t.Errorf("got %d rows in %d requests, want 5 in 2", got.Rows, got.Requests)
	}
	for _, r := range sim.Requests() {
		if got, want := r.Query.Get("sent_time_end_date"), "2025-01-06 09:05:00.000Z"; got != want {
			t.Errorf("sent_time_end_date is %s, want %s", got, want)
		}
	}
}

// An empty page before the end is no end.
func TestEarlyEmptyPage(t *testing.T) {
	second := []simulator.Matcher{simulator.AtOffset(1000)}
	opened := smartlead.StatisticsQuery{CampaignID: 1, EmailStatus: smartlead.StatusOpened}
	all := smartlead.StatisticsQuery{CampaignID: 1}
	for _, tt := range []struct {
		name     string
		query    smartlead.StatisticsQuery
		fault    simulator.Fault
		rows     int // 0: ErrIncomplete
		requests int
	}{
		{"once", all, simulator.Fault{Match: second, Times: 1, Effects: []simulator.Effect{simulator.EmptyPage()}}, 2503, 5},
		{"for ever", all, simulator.Fault{Match: second, Effects: []simulator.Effect{simulator.EmptyPage()}}, 0, 4},
		{"for ever, without a total", all, simulator.Fault{Match: second, Effects: []simulator.Effect{withoutTotal, simulator.EmptyPage()}}, 0, 4},
		{"for ever, with nothing but no rows", all, simulator.Fault{Match: second, Effects: []simulator.Effect{simulator.RespondStatus(200, `{"data":[]}`)}}, 0, 4},
		{"for ever, from the first on", all, simulator.Fault{Effects: []simulator.Effect{simulator.EmptyPage()}}, 0, 2},
		// One more request asks whether the total can be believed under a filter. It can.
		{"for ever, under a filter", opened, simulator.Fault{Match: second, Effects: []simulator.Effect{simulator.EmptyPage()}}, 0, 5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sim := newSim(t, simulator.Campaign{ID: 1, Source: simulator.Rows(2503, 20)})
			sim.Inject(tt.fault)
			got, err := newClient(t, sim).Statistics(t.Context(), tt.query)
			want := smartlead.ErrIncomplete
			if tt.rows > 0 {
				want = ""
			}
			if reason := smartlead.ReasonOf(err); reason != want {
				t.Fatalf("got %+v and %v, want reason %q", got, err, want)
			}
			if got.Rows != tt.rows || got.Requests != tt.requests {
				t.Errorf("got %d rows in %d requests, want %d in %d", got.Rows, got.Requests, tt.rows, tt.requests)
			}
		})
	}
}

// That total_stats counts with the filters applied is likely and unproven. Where it doesn't, the client finds out once,
// and asks for one page more from then on, an empty one.
func TestTotalIgnoresFilters(t *testing.T) {
	sim := newSim(t, simulator.Campaign{ID: 1, Source: simulator.Rows(2503, 20), Order: simulator.NewestFirst})
	sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.UnfilteredTotal()}})
	client := newClient(t, sim)
	opened := smartlead.StatisticsQuery{CampaignID: 1, EmailStatus: smartlead.StatusOpened}
	for _, tt := range []struct {
		name     string
		query    smartlead.StatisticsQuery
		fault    simulator.Fault
		rows     int
		requests int
		reason   smartlead.Reason
	}{
		// Two pages and an empty one, the same once more up to a moment, and the question.
		{name: "found out", query: opened, rows: 1252, requests: 7},
		{name: "known", query: opened, rows: 1252, requests: 3},
		{name: "no filter, no doubt", query: smartlead.StatisticsQuery{CampaignID: 1}, rows: 2503, requests: 3},
		{
			name: "no excuse for an early empty page", query: smartlead.StatisticsQuery{CampaignID: 1},
			fault:  simulator.Fault{Match: []simulator.Matcher{simulator.AtOffset(1000)}, Times: 2, Effects: []simulator.Effect{simulator.EmptyPage()}},
			reason: smartlead.ErrIncomplete, requests: 4,
		},
		{
			name: "rows that arrive meanwhile are in the total", query: smartlead.StatisticsQuery{CampaignID: 1},
			fault: simulator.Fault{Match: []simulator.Matcher{simulator.AtOffset(1000)}, Times: 1, Effects: []simulator.Effect{simulator.Arrive(1)}},
			rows:  2503, requests: 3,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.fault.Times > 0 {
				sim.Inject(tt.fault)
			}
			got, err := client.Statistics(t.Context(), tt.query)
			if reason := smartlead.ReasonOf(err); reason != tt.reason {
				t.Fatalf("got %+v and %v, want reason %q", got, err, tt.reason)
			}
			if got.Rows != tt.rows || got.Requests != tt.requests {
				t.Errorf("got %d rows in %d requests, want %d in %d", got.Rows, got.Requests, tt.rows, tt.requests)
			}
		})
	}
}

// Whether a total can be believed is asked of the API, too, and it may not answer.
func TestTotalCantBeDoubted(t *testing.T) {
	sim := newSim(t, simulator.Campaign{ID: 1, Source: simulator.Rows(100, 20)})
	sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.UnfilteredTotal()}})
	sim.Inject(simulator.Fault{
		Match:   []simulator.Matcher{func(r simulator.Request) bool { return r.Query.Get("limit") == "1" }},
		Effects: []simulator.Effect{simulator.RespondStatus(403, "")},
	})
	got, err := newClient(t, sim).Statistics(t.Context(), smartlead.StatisticsQuery{CampaignID: 1, EmailStatus: smartlead.StatusOpened})
	if !errors.Is(err, smartlead.ErrForbidden) || got.Requests != 5 {
		t.Errorf("got %+v and %v, want ErrForbidden after 5 requests", got, err)
	}
}

func TestShapeString(t *testing.T) {
	for shape, want := range map[smartlead.Shape]string{
		smartlead.ShapeUnknown: "unknown", smartlead.ShapeAggregated: "aggregated", smartlead.ShapePerEmail: "per e-mail",
	} {
		if got := shape.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// A server that doesn't mind the offset would serve the same page for ever.
func TestIgnoredOffset(t *testing.T) {
	const rowA, rowB = `{"stats_id":"a","sequence_number":1}`, `{"stats_id":"b","sequence_number":1}`
	for _, tt := range []struct {
		name, body string
		want       smartlead.Reason
		requests   int
	}{
		{"per e-mail", `{"total_stats":"5","limit":2,"data":[` + rowA + `,` + rowB + `]}`, smartlead.ErrIncomplete, 4},
		{"per e-mail without a total", `{"limit":2,"data":[` + rowA + `,` + rowB + `]}`, smartlead.ErrIncomplete, 4},
		{"rows that nothing identifies, one of them known", `{"limit":2,"data":[` + rowA + `,{"sequence_number":1,"sent_time":"2022-08-02T12:49:11Z"}]}`, smartlead.ErrIncomplete, 4},
		{"rows that nothing identifies", `{"limit":1,"data":[{"sequence_number":1,"sent_time":"2022-08-02T12:49:11Z"}]}`, smartlead.ErrIncomplete, 4},
		// Here the second page names steps again, which can't be true either.
		{"aggregated", `{"limit":2,"data":[` + row("1", "1") + `,` + row("2", "1") + `]}`, smartlead.ErrBadResponse, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := statistics(t.Context(), newClient(t, respond(http.StatusOK, tt.body)))
			if reason := smartlead.ReasonOf(err); reason != tt.want {
				t.Fatalf("got %+v and %v, want reason %q", got, err, tt.want)
			}
			if got.Requests != tt.requests {
				t.Errorf("it took %d requests, want %d", got.Requests, tt.requests)
			}
		})
	}
}

// Pages are asked for where the last one ended, in order.
func TestOffsets(t *testing.T) {
	sim := newSim(t, simulator.Campaign{ID: 1, Source: simulator.Rows(2503, 20)})
	sim.Inject(simulator.Fault{Match: []simulator.Matcher{simulator.AtOffset(1000)}, Effects: []simulator.Effect{simulator.ShrinkPagesSilently(300)}})
	if _, err := statistics(t.Context(), newClient(t, sim)); err != nil {
		t.Fatal(err)
	}
	var offsets []string
	for _, r := range sim.Requests() {
		offsets = append(offsets, strconv.Itoa(r.Offset()))
	}
	if diff := cmp.Diff([]string{"0", "1000", "1300", "2300"}, offsets); diff != "" {
		t.Errorf("offsets (-want +got):\n%s", diff)
	}
}
