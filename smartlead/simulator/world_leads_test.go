package simulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"smartlead_exporter/smartlead/simulator"
)

// totals are what a campaign's analytics say.
type totals struct {
	ID         int64  `json:"id"`
	Sent       string `json:"sent_count"`
	UniqueSent string `json:"unique_sent_count"`
	Replied    string `json:"reply_count"`
	Leads      struct {
		Total, NotStarted, Inprogress, Completed, Paused, Stopped, Blocked, Interested int
	} `json:"campaign_lead_stats"`
}

func getTotals(t testing.TB, h http.Handler, campaign int64) totals {
	t.Helper()
	resp, body := get(t, h, "/campaigns/"+strconv.FormatInt(campaign, 10)+"/analytics", nil)
	var got totals
	if err := json.Unmarshal([]byte(body), &got); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("got status %d with %s: %v", resp.StatusCode, body, err)
	}
	return got
}

// Leads go from one state to the next until there is none left to write to.
func TestLeadsRunOut(t *testing.T) {
	m := lively
	m.Leads = 200
	sim, set := modelAt(t, m, simulator.Campaign{})
	last := 200
	for day := range 30 {
		set(monday.AddDate(0, 0, day))
		got := getTotals(t, sim, 1)
		l := got.Leads
		if l.Total != 200 || l.NotStarted+l.Inprogress+l.Completed+l.Paused+l.Stopped+l.Blocked != 200 {
			t.Errorf("day %d: %+v don't add up to 200", day, l)
		}
		if l.NotStarted > last || min(l.NotStarted, l.Inprogress, l.Completed, l.Blocked) < 0 {
			t.Errorf("day %d: %d leads have not started, %d had not before", day, l.NotStarted, last)
		}
		last = l.NotStarted
		if unique, _ := strconv.Atoi(got.UniqueSent); unique != 200-l.NotStarted {
			t.Errorf("day %d: %d leads were written to, %d have not started", day, unique, l.NotStarted)
		}
		switch day {
		case 0:
			if l.NotStarted != 200 {
				t.Errorf("at the start: %+v", l)
			}
		case 3:
			if l.NotStarted != 80 || l.Inprogress < 80 {
				t.Errorf("after three days: %+v", l)
			}
		case 29:
			if l.NotStarted != 0 || l.Inprogress != 0 || l.Completed < 150 || l.Blocked < 10 || l.Interested == 0 {
				t.Errorf("at the end: %+v", l)
			}
		}
	}
	paused, setPaused := modelAt(t, m, simulator.Campaign{Status: simulator.StatusPaused})
	setPaused(monday.AddDate(0, 0, 3))
	if l := getTotals(t, paused, 1).Leads; l.Inprogress != 0 || l.Paused < 80 {
		t.Errorf("paused: %+v", l)
	}
}

// Leads of a source that doesn't live wait, or have had everything.
func TestLeadsWaiting(t *testing.T) {
	sim, err := simulator.New(simulator.Options{Campaigns: []simulator.Campaign{
		{ID: 1, LeadsWaiting: 30, Source: simulator.Aggregated(simulator.StepCounts{Step: 1, Sent: 20, Replied: 5, Positive: 2})},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if l := getTotals(t, sim, 1).Leads; l.Total != 50 || l.NotStarted != 30 || l.Completed != 20 || l.Interested != 2 {
		t.Errorf("got %+v, want 50 leads, of which 30 wait and 2 are interested", l)
	}
}

func TestDeletedLeadsAreNoLeads(t *testing.T) {
	m := lively
	m.Leads, m.LeadsPerDay, m.Delete = 200, 200, 0.5
	sim, set := modelAt(t, m, simulator.Campaign{})
	set(monday.AddDate(0, 0, 30))
	got := getTotals(t, sim, 1)
	if unique, _ := strconv.Atoi(got.UniqueSent); got.Leads.Total > 130 || got.Leads.Total < 70 || got.Leads.Total != unique {
		t.Errorf("got %+v, want about 100 leads left", got)
	}
}

// Analytics count people where rows count e-mails.
func TestTotalsCountPeople(t *testing.T) {
	m := lively
	m.Stamp = 1
	sim, set := modelAt(t, m, simulator.Campaign{})
	set(monday.AddDate(0, 0, 20))
	got, rows := getTotals(t, sim, 1), total(t, sim, 1)
	if got.ID != 1 || got.Sent != strconv.FormatInt(rows.Sent, 10) {
		t.Errorf("got %+v, want %s", got, rows)
	}
	if replied, _ := strconv.ParseInt(got.Replied, 10, 64); replied == 0 || replied >= rows.Replied {
		t.Errorf("%d people replied to %d e-mails", replied, rows.Replied)
	}
	if resp, body := get(t, sim, "/campaigns/2/analytics", nil); resp.StatusCode != http.StatusOK || body != "{}" {
		t.Errorf("an unknown campaign: got status %d with %s", resp.StatusCode, body)
	}
}

func TestOverallStats(t *testing.T) {
	m := lively
	var campaigns []simulator.Campaign
	for i := range 130 {
		m.Seed = uint64(i)
		campaigns = append(campaigns, simulator.Campaign{ID: int64(i + 1), Name: fmt.Sprint("Q", i), Source: simulator.Live(m)})
	}
	now := monday.AddDate(0, 0, 10)
	sim := newSim(t, simulator.Options{Clock: func() time.Time { return now }}, campaigns...)
	type row struct {
		ID        int64  `json:"id"`
		Sent      string `json:"sent"`
		Contacted *int   `json:"unique_lead_count"`
		Positive  *int   `json:"positive_replied"`
	}
	ask := func(query url.Values) (int, []row) {
		resp, body := get(t, sim, "/analytics/campaign/overall-stats", query)
		var answer struct {
			Data struct {
				List []row `json:"campaign_wise_performance"`
			} `json:"data"`
		}
		if err := json.Unmarshal([]byte(body), &answer); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, answer.Data.List
	}
	full := func(pairs ...string) url.Values {
		return values(append(pairs, "start_date", "2020-01-01", "end_date", "2030-01-01", "full_data", "true")...)
	}
	if _, rows := ask(full("limit", "1000")); len(rows) != 130 {
		t.Errorf("got %d campaigns, want 130", len(rows))
	}
	_, rows := ask(full("offset", "100"))
	if len(rows) != 30 || rows[0].ID != 101 {
		t.Errorf("from the hundredth on: got %d campaigns", len(rows))
	}
	for _, row := range rows[:3] {
		totals := getTotals(t, sim, row.ID)
		if row.Sent != totals.Sent || strconv.Itoa(*row.Contacted) != totals.UniqueSent || *row.Positive != totals.Leads.Interested || *row.Positive == 0 {
			t.Errorf("got %+v with %d contacted and %d positive, want %+v", row, *row.Contacted, *row.Positive, totals)
		}
	}
	if _, rows := ask(values("start_date", "2020-01-01", "end_date", "2030-01-01")); rows[0].Contacted != nil || rows[0].Positive != nil {
		t.Errorf("without full data: got %+v", rows[0])
	}
	if _, rows := ask(values("start_date", "2020-01-01", "end_date", monday.Format(time.DateOnly))); rows[0].Sent != "40" {
		t.Errorf("on the first day %s were sent, want 40", rows[0].Sent)
	}
	sim.SetBehaviour(simulator.Behaviour{OverallMaxDays: 30, OverallMaxLimit: 100})
	for name, query := range map[string]url.Values{
		"a lifetime": full(), "no range": nil, "many rows": values("start_date", "2025-03-01", "end_date", "2025-03-30", "limit", "101"),
	} {
		if status, _ := ask(query); status != http.StatusBadRequest {
			t.Errorf("%s: got status %d", name, status)
		}
	}
	if status, rows := ask(values("start_date", "2025-03-01", "end_date", "2025-03-30", "limit", "100")); status != http.StatusOK || len(rows) != 100 {
		t.Errorf("30 days: got status %d and %d rows", status, len(rows))
	}
}

func TestCategories(t *testing.T) {
	sim := newSim(t, simulator.Options{})
	_, body := get(t, sim, "/leads/fetch-categories", nil)
	var list []struct {
		ID        int64   `json:"id"`
		Name      string  `json:"name"`
		Sentiment *string `json:"sentiment_type"`
	}
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list) != 8 || list[0].Name != "Interested" || *list[0].Sentiment != "positive" || list[7].Sentiment != nil {
		t.Errorf("got %s: %v", body, err)
	}
	if resp, _ := get(t, sim, "/leads/fetch-categories", values("limit", "1")); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("with a limit: got status %d", resp.StatusCode)
	}
}

// Categories come late, and some change.
func TestCategoriesChange(t *testing.T) {
	m := lively
	m.Leads, m.LeadsPerDay, m.Steps, m.CategoryLate, m.Recategorise = 1000, 1000, 1, 12*time.Hour, 0.5
	sim, set := modelAt(t, m, simulator.Campaign{})
	read := func(after time.Duration) map[string]string {
		set(monday.Add(after))
		found := map[string]string{}
		for _, row := range getAll(t, sim, 1, values("email_status", "replied")) {
			category, _ := row["lead_category"].(string)
			found[row["stats_id"].(string)] = category
		}
		return found
	}
	first, second := read(24*time.Hour), read(48*time.Hour)
	last := read(30 * 24 * time.Hour)
	var without, late, changed int
	for id, category := range first {
		if category == "" {
			without++
			if second[id] != "" {
				late++
			}
		}
		if category != "" && category != last[id] {
			changed++
		}
	}
	if without < 5 || late < without*4/5 || changed < len(first)/5 {
		t.Errorf("of %d replies, %d had no category, %d of them had one a day later, and %d changed", len(first), without, late, changed)
	}
	for id, category := range last {
		if category == "" {
			t.Errorf("%s has no category in the end", id)
		}
	}
}
