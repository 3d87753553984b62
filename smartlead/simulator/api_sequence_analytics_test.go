package simulator_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead/simulator"
)

// sequenceRow is a row of sequence analytics.
type sequenceRow struct {
	ID           int64  `json:"email_campaign_seq_id"`
	Sent         int64  `json:"sent_count"`
	Opened       int64  `json:"open_count"`
	Clicked      int64  `json:"click_count"`
	Replied      int64  `json:"reply_count"`
	Bounced      int64  `json:"bounce_count"`
	Unsubscribed int64  `json:"unsubscribed_count"`
	Positive     *int64 `json:"positive_reply_count"`
}

func lifetime() url.Values { return values("start_date", "2020-01-01", "end_date", "2030-01-01") }

// getAnalytics returns sequence analytics by the number of the step, which it looks up as a client has to.
func getAnalytics(t testing.TB, h http.Handler, query url.Values) map[int]sequenceRow {
	t.Helper()
	resp, body := get(t, h, "/campaigns/1/sequence-analytics", query)
	var answer struct {
		OK   bool          `json:"ok"`
		Data []sequenceRow `json:"data"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || !answer.OK || resp.StatusCode != http.StatusOK {
		t.Fatalf("got status %d with %s: %v", resp.StatusCode, body, err)
	}
	numbers := map[int64]int{}
	for _, row := range getAll(t, h, 1, nil) {
		numbers[int64(row["email_campaign_seq_id"].(float64))] = int(row["sequence_number"].(float64))
	}
	byStep := map[int]sequenceRow{}
	for _, row := range answer.Data {
		byStep[numbers[row.ID]] = row
	}
	return byStep
}

func TestSequenceAnalyticsCountWhatRowsDo(t *testing.T) {
	sim := newSim(t, simulator.Options{}, simulator.Campaign{ID: 1, Source: simulator.Rows(3000, 10)})
	counts, _ := sim.Counts(1)
	got := getAnalytics(t, sim, lifetime())
	if len(got) != 3 {
		t.Fatalf("got %d steps, want 3", len(got))
	}
	for _, want := range counts {
		row := got[want.Step]
		have := simulator.StepCounts{
			Step: want.Step, Sent: row.Sent, Opened: row.Opened, Clicked: row.Clicked, Replied: row.Replied,
			Unsubscribed: row.Unsubscribed, Bounced: row.Bounced,
		}
		if have != want || row.Positive != nil {
			t.Errorf("got %s, want %s", have, want)
		}
	}
}

// The order of the ids is not that of the steps: who joins by position finds out.
func TestSequenceIDs(t *testing.T) {
	sim := newSim(t, simulator.Options{}, simulator.Campaign{ID: 1, Source: simulator.Live(busyModel())})
	_, body := get(t, sim, "/campaigns/1/sequences", nil)
	var sequences []struct {
		ID       int64 `json:"id"`
		Number   int   `json:"seq_number"`
		Variants []struct {
			ID    int64  `json:"id"`
			Label string `json:"variant_label"`
		} `json:"sequence_variants"`
	}
	if err := json.Unmarshal([]byte(body), &sequences); err != nil {
		t.Fatal(err)
	}
	var ids []int64
	for i, s := range sequences {
		if s.Number != i+1 || len(s.Variants) != 2 || s.Variants[0].Label != "A" || s.Variants[1].Label != "B" {
			t.Errorf("sequence %d is %+v", i, s)
		}
		ids = append(ids, s.ID)
	}
	if len(ids) != 8 || slices.IsSorted(ids) {
		t.Errorf("the ids of the steps are %v", ids)
	}
}

func TestSequenceAnalyticsRange(t *testing.T) {
	sim := newSim(t, simulator.Options{}, simulator.Campaign{ID: 1, Source: simulator.Fixed(
		simulator.Email{Step: 1, SentTime: time.Date(2026, 3, 1, 23, 59, 59, 0, time.UTC)},
		simulator.Email{Step: 1, SentTime: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)},
		simulator.Email{Step: 1, SentTime: time.Date(2026, 3, 3, 23, 59, 59, 0, time.UTC)},
		simulator.Email{Step: 1, SentTime: time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)},
	)})
	for _, tt := range []struct {
		from, to string
		want     int64
	}{
		{"2026-03-02", "2026-03-03", 2},
		{"2026-03-01", "2026-03-01", 1},
		{"2026-03-02 12:00:00", "2026-03-03 00:00:00", 2}, // whole days, even so
		{"2026-01-01", "2026-12-31", 4},
	} {
		got := getAnalytics(t, sim, values("start_date", tt.from, "end_date", tt.to, "time_zone", "UTC"))
		if got[1].Sent != tt.want {
			t.Errorf("from %s to %s: sent %d, want %d", tt.from, tt.to, got[1].Sent, tt.want)
		}
	}
	sim.SetBehaviour(simulator.Behaviour{AnalyticsMaxDays: 30})
	for _, tt := range []struct {
		query url.Values
		want  int
	}{
		{nil, http.StatusBadRequest},
		{values("start_date", "2026-03-02"), http.StatusBadRequest},
		{values("start_date", "2026-03-02", "end_date", "2026-03-01"), http.StatusBadRequest},
		{values("start_date", "yesterday", "end_date", "2026-03-01"), http.StatusBadRequest},
		{values("start_date", "2026-03-02", "end_date", "2026-03-03", "limit", "1"), http.StatusBadRequest},
		{values("start_date", "2026-03-01", "end_date", "2026-03-31"), http.StatusBadRequest},
		{values("start_date", "2026-03-01", "end_date", "2026-03-30"), http.StatusOK},
	} {
		resp, body := get(t, sim, "/campaigns/1/sequence-analytics", tt.query)
		if resp.StatusCode != tt.want || tt.want == http.StatusBadRequest && body != "{}" {
			t.Errorf("%v: got status %d with %s, want %d", tt.query, resp.StatusCode, body, tt.want)
		}
	}
	if resp, _ := get(t, sim, "/campaigns/2/sequence-analytics", lifetime()); resp.StatusCode != http.StatusNotFound {
		t.Errorf("an unknown campaign: got status %d", resp.StatusCode)
	}
}

func TestSequenceAnalyticsForms(t *testing.T) {
	sim := newSim(t, simulator.Options{}, simulator.Campaign{ID: 1, Source: simulator.Rows(300, 10)})
	sim.SetBehaviour(simulator.Behaviour{AnalyticsForm: simulator.AnalyticsBare})
	_, body := get(t, sim, "/campaigns/1/sequence-analytics", lifetime())
	var bare []sequenceRow
	if err := json.Unmarshal([]byte(body), &bare); err != nil || len(bare) != 3 || bare[0].Sent != 100 {
		t.Errorf("bare: got %s: %v", body, err)
	}
	sim.SetBehaviour(simulator.Behaviour{AnalyticsForm: simulator.AnalyticsNested})
	_, body = get(t, sim, "/campaigns/1/sequence-analytics", lifetime())
	var nested struct {
		Data struct {
			Sequences []struct {
				Number   int `json:"seq_number"`
				Variants []struct {
					Stats map[string]int64 `json:"stats"`
				} `json:"variants"`
			} `json:"sequences"`
		} `json:"data"`
	}
	if err := json.Unmarshal([]byte(body), &nested); err != nil || len(nested.Data.Sequences) != 3 {
		t.Fatalf("nested: got %s: %v", body, err)
	}
	for i, s := range nested.Data.Sequences {
		var sum int64
		for _, v := range s.Variants {
			sum += v.Stats["sent"]
		}
		if s.Number != i+1 || sum != 100 {
			t.Errorf("got %+v, want step %d with 100 sent", s, i+1)
		}
	}
	sim.SetBehaviour(simulator.Behaviour{AnalyticsGone: true})
	resp, _ := get(t, sim, "/campaigns/1/sequence-analytics", lifetime())
	if resp.StatusCode != http.StatusNotFound || resp.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("gone: got status %d of %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
}

// What analytics count can be something else than rows.
func TestSequenceAnalyticsCountOtherThings(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	replied := func(step int, lead string) simulator.Email {
		return simulator.Email{Step: step, LeadEmail: lead, SentTime: at, ReplyTime: at.Add(time.Hour)}
	}
	sim := newSim(t, simulator.Options{}, simulator.Campaign{ID: 1, DeletedSteps: []int{2}, Source: simulator.Fixed(
		replied(1, "a@acme.example"), replied(2, "a@acme.example"), replied(2, "b@acme.example"),
		simulator.Email{Step: 1, SentTime: at, OpenTime: at.Add(time.Minute), OpenCount: 5, ClickTime: at.Add(time.Hour), ClickCount: 3},
	)})
	for _, tt := range []struct {
		name      string
		behaviour simulator.Behaviour
		want      map[int][4]int64 // sent, opened, clicked, replied
	}{
		{"e-mails", simulator.Behaviour{}, map[int][4]int64{1: {2, 1, 1, 1}, 2: {2, 0, 0, 2}}},
		{"leads", simulator.Behaviour{RepliesByLead: true}, map[int][4]int64{1: {2, 1, 1, 1}, 2: {2, 0, 0, 1}}},
		{"events", simulator.Behaviour{OpensByEvent: true}, map[int][4]int64{1: {2, 5, 3, 1}, 2: {2, 0, 0, 2}}},
		{"without deleted steps", simulator.Behaviour{ForgetDeletedSteps: true}, map[int][4]int64{1: {2, 1, 1, 1}}},
	} {
		sim.SetBehaviour(tt.behaviour)
		got := map[int][4]int64{}
		for step, row := range getAnalytics(t, sim, lifetime()) {
			got[step] = [4]int64{row.Sent, row.Opened, row.Clicked, row.Replied}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestFiltersIgnored(t *testing.T) {
	sim := newSim(t, simulator.Options{}, simulator.Campaign{ID: 1, Source: simulator.Rows(300, 10)})
	filter := values("email_status", "replied", "email_sequence_number", "2", "limit", "1000")
	for _, tt := range []struct {
		filters simulator.Filters
		rows    int
		total   string
	}{
		{simulator.FiltersHonoured, 10, "10"},
		{simulator.FiltersIgnoredInTotals, 10, "300"},
		{simulator.FiltersIgnored, 300, "300"},
	} {
		sim.SetBehaviour(simulator.Behaviour{Filters: tt.filters})
		p := getPage(t, sim, 1, filter)
		if len(p.Data) != tt.rows || *p.Total != tt.total {
			t.Errorf("filters %d: got %d rows of %s, want %d of %s", tt.filters, len(p.Data), *p.Total, tt.rows, tt.total)
		}
	}
}
