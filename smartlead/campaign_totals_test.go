package smartlead_test

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// generatedStart is when the first e-mail of simulator.Rows is sent; the others follow a minute apart.
var generatedStart = time.Date(2025, time.January, 6, 9, 0, 0, 0, time.UTC)

func TestTotal(t *testing.T) {
	sim := newSim(t, simulator.Campaign{ID: 1, Source: simulator.Rows(2500, 10)}, simulator.Campaign{ID: 2})
	client := newClient(t, sim)
	for _, tt := range []struct {
		name  string
		query smartlead.StatisticsQuery
		want  int64
	}{
		{"all", smartlead.StatisticsQuery{}, 2500},
		{"opened", smartlead.StatisticsQuery{EmailStatus: smartlead.StatusOpened}, 1250},
		{"clicked", smartlead.StatisticsQuery{EmailStatus: smartlead.StatusClicked}, 250},
		{"replied", smartlead.StatisticsQuery{EmailStatus: smartlead.StatusReplied}, 250},
		{"unsubscribed", smartlead.StatisticsQuery{EmailStatus: smartlead.StatusUnsubscribed}, 50},
		{"bounced", smartlead.StatisticsQuery{EmailStatus: smartlead.StatusBounced}, 125},
		{"a step", smartlead.StatisticsQuery{SequenceNumbers: []int{2}}, 833},
		{"opened of a step", smartlead.StatisticsQuery{SequenceNumbers: []int{1}, EmailStatus: smartlead.StatusOpened}, 417},
		{"a window", smartlead.StatisticsQuery{
			SentAfter: generatedStart.Add(10 * time.Minute), SentBefore: generatedStart.Add(30 * time.Minute),
		}, 20},
		{"a window with nothing in it", smartlead.StatisticsQuery{SentAfter: generatedStart.AddDate(9, 0, 0)}, 0},
		{"a campaign that sent nothing", smartlead.StatisticsQuery{CampaignID: 2, EmailStatus: smartlead.StatusOpened}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.query.CampaignID == 0 {
				tt.query.CampaignID = 1
			}
			got, err := client.Total(t.Context(), tt.query)
			if err != nil || got.Rows != tt.want || got.Requests != 1 {
				t.Fatalf("got %+v and %v, want %d rows in one request", got, err, tt.want)
			}
			if (got.Row != nil) != (tt.want > 0) || got.Row != nil && got.Row.Identity == 0 {
				t.Errorf("got row %+v of %d", got.Row, tt.want)
			}
		})
	}
}

// A total that a server doesn't tell is unknown, and one that contradicts the rows is wrong.
func TestTotalBodies(t *testing.T) {
	row := `{"stats_id":"a","sequence_number":1,"sent_time":"2025-01-06T10:00:00.000Z","open_count":1}`
	answer := func(total, rows string) string {
		return `{"total_stats":` + total + `,"offset":0,"limit":1,"data":[` + rows + `]}`
	}
	opened := smartlead.StatisticsQuery{CampaignID: 1, EmailStatus: smartlead.StatusOpened}
	replied := smartlead.StatisticsQuery{CampaignID: 1, EmailStatus: smartlead.StatusReplied}
	all := smartlead.StatisticsQuery{CampaignID: 1}
	for _, tt := range []struct {
		name, body string
		query      smartlead.StatisticsQuery
		want       int64
		reason     smartlead.Reason
		ignored    bool
	}{
		{name: "a string", body: answer(`"41"`, row), query: opened, want: 41},
		{name: "a number", body: answer(`41`, row), query: opened, want: 41},
		{name: "null", body: answer(`null`, row), query: opened, want: -1},
		{name: "a draft", body: answer(`null`, ``), query: opened, want: 0},
		{name: "nothing", body: answer(`"0"`, ``), query: opened, want: 0},
		{name: "more rows than asked for", body: answer(`"41"`, row+`,`+row), query: opened, want: 41},
		{name: "aggregated", body: aggregated(`{"sequence_number":1,"sent":10}`), query: opened, want: -1},
		{name: "a row that wasn't asked for", body: answer(`"41"`, row), query: replied, reason: smartlead.ErrBadResponse, ignored: true},
		{name: "a total without a row", body: answer(`"41"`, ``), query: replied, reason: smartlead.ErrBadResponse, ignored: true},
		{name: "a total of all without a row", body: answer(`"41"`, ``), query: all, reason: smartlead.ErrBadResponse},
		{name: "a row without a total", body: answer(`"0"`, row), query: all, reason: smartlead.ErrBadResponse},
		{name: "a total of -1", body: answer(`-1`, row), query: all, reason: smartlead.ErrBadResponse},
	} {
		t.Run(tt.name, func(t *testing.T) {
			requests := 0
			client := newClient(t, counted(respond(http.StatusOK, tt.body), &requests))
			got, err := client.Total(t.Context(), tt.query)
			if smartlead.ReasonOf(err) != tt.reason || errors.Is(err, smartlead.ErrFilterIgnored) != tt.ignored || got.Requests != requests {
				t.Fatalf("got %+v and %v after %d requests, want reason %q", got, err, requests, tt.reason)
			}
			if err == nil && got.Rows != tt.want {
				t.Errorf("got %d rows, want %d", got.Rows, tt.want)
			}
			if err != nil && (got.Row != nil || got.Rows != 0) {
				t.Errorf("got %+v beside %v", got, err)
			}
		})
	}
}

func TestTotalRefusesQueries(t *testing.T) {
	for _, q := range []smartlead.StatisticsQuery{{}, {CampaignID: 1, SequenceNumbers: []int{1, 2}}} {
		if got, err := newClient(t, respond(http.StatusOK, empty)).Total(t.Context(), q); err == nil || smartlead.ReasonOf(err) != "" {
			t.Errorf("%+v: got %+v and %v, want an error of the query", q, got, err)
		}
	}
}

// The counts by step of rows with a status are those that a count of all rows has of it.
func TestRowsOfAStatus(t *testing.T) {
	client := newClient(t, newSim(t, simulator.Campaign{ID: 1, Source: simulator.Rows(2500, 10)}))
	all, err := statistics(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	for status, count := range map[smartlead.EmailStatus]func(smartlead.Step) int64{
		smartlead.StatusOpened:       func(s smartlead.Step) int64 { return s.Opened },
		smartlead.StatusClicked:      func(s smartlead.Step) int64 { return s.Clicked },
		smartlead.StatusReplied:      func(s smartlead.Step) int64 { return s.Replied },
		smartlead.StatusUnsubscribed: func(s smartlead.Step) int64 { return s.Unsubscribed },
		smartlead.StatusBounced:      func(s smartlead.Step) int64 { return s.Bounced },
	} {
		got, err := client.Rows(t.Context(), smartlead.StatisticsQuery{CampaignID: 1, EmailStatus: status})
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Steps) != len(all.Steps) || len(got.Facts) != got.Rows {
			t.Fatalf("%s: got %d steps and %d facts of %d rows", status, len(got.Steps), len(got.Facts), got.Rows)
		}
		for i, step := range got.Steps {
			if count(step) != count(all.Steps[i]) || step.SequenceNumber != all.Steps[i].SequenceNumber {
				t.Errorf("%s: step %d has %d, want %d", status, step.SequenceNumber, count(step), count(all.Steps[i]))
			}
		}
	}
}

// Rows that were seen are known again, by another client in another process as well: the identity is written down here.
func TestRowsAreKnownAgain(t *testing.T) {
	sim := newSim(t, simulator.Campaign{ID: 1, Source: simulator.Fixed(
		simulator.Email{StatsID: "first", Step: 1, SentTime: generatedStart},
		simulator.Email{StatsID: "second", Step: 2, SentTime: generatedStart.Add(time.Hour), ReplyTime: generatedStart.Add(2 * time.Hour), LeadCategory: "Interested"},
	)})
	query := smartlead.StatisticsQuery{CampaignID: 1}
	before, err := newClient(t, sim).Rows(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	want := []smartlead.RowFacts{
		{Identity: 0xdb97f302fe2e6184, SequenceNumber: 1, SequenceID: 1020, SentTime: generatedStart},
		{
			Identity: 0x256b39237842e59c, SequenceNumber: 2, SequenceID: 1033, SentTime: generatedStart.Add(time.Hour),
			ReplyTime: generatedStart.Add(2 * time.Hour), Category: "Interested", Replied: true,
		},
	}
	if diff := cmp.Diff(want, before.Facts); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]smartlead.SequenceStep{{SequenceID: 1020, SequenceNumber: 1}, {SequenceID: 1033, SequenceNumber: 2}}, before.Sequences); diff != "" {
		t.Errorf("sequences (-want +got):\n%s", diff)
	}

	sim.AddEmails(1, simulator.Email{Step: 1, SentTime: generatedStart.Add(3 * time.Hour)})
	query.SentAfter = before.LastSent()
	after, err := newClient(t, sim).Rows(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	known := map[uint64]bool{}
	for _, row := range before.Facts {
		known[row.Identity] = true
	}
	var again, fresh int
	for _, row := range after.Facts {
		if known[row.Identity] {
			again++
		} else {
			fresh++
		}
	}
	if again != 1 || fresh != 1 || !after.LastSent().Equal(generatedStart.Add(3*time.Hour)) {
		t.Errorf("%d rows are known and %d new, the last one of %s", again, fresh, after.LastSent())
	}
}

// Without stats_id a row is known by receiver, step and moment.
func TestRowsWithoutStatsID(t *testing.T) {
	row := func(address, step, sent string) string {
		return fmt.Sprintf(`{"lead_email":%q,"sequence_number":%s,"sent_time":%q}`, address, step, sent)
	}
	rows := row("a@b.example", "1", "2025-01-06 10:00:00") + "," + row("a@b.example", "2", "2025-01-06 10:00:00") + "," +
		row("a@b.example", "1", "2025-01-06 10:00:01") + "," + row("c@b.example", "1", "2025-01-06 10:00:00")
	client := newClient(t, respond(http.StatusOK, `{"total_stats":"4","data":[`+rows+`]}`))
	seen := map[uint64]int{}
	for range 2 {
		got, err := client.Rows(t.Context(), smartlead.StatisticsQuery{CampaignID: 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range got.Facts {
			seen[row.Identity]++
		}
	}
	if len(seen) != 4 {
		t.Errorf("got %d identities, want 4: %v", len(seen), seen)
	}
}

// A server that ignores filters is found out at the first page, however many there would be.
func TestRowsWithFiltersIgnored(t *testing.T) {
	sim := newSim(t, simulator.Campaign{ID: 1, Source: simulator.Rows(5000, 10)})
	sim.SetBehaviour(simulator.Behaviour{Filters: simulator.FiltersIgnored})
	for name, q := range map[string]smartlead.StatisticsQuery{
		"status":     {EmailStatus: smartlead.StatusReplied},
		"step":       {SequenceNumbers: []int{2}},
		"new rows":   {SentAfter: generatedStart.Add(time.Hour)},
		"old rows":   {SentBefore: generatedStart.Add(time.Hour)},
		"everything": {SequenceNumbers: []int{2}, EmailStatus: smartlead.StatusOpened, SentAfter: generatedStart.Add(time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			q.CampaignID = 1
			client := newClient(t, sim)
			got, err := client.Rows(t.Context(), q)
			if !errors.Is(err, smartlead.ErrFilterIgnored) || !errors.Is(err, smartlead.ErrBadResponse) || got.Requests != 1 || got.Facts != nil {
				t.Errorf("got %+v and %v, want ErrFilterIgnored after one request", got.Statistics, err)
			}
			total, err := client.Total(t.Context(), q)
			if name != "old rows" && !errors.Is(err, smartlead.ErrFilterIgnored) {
				t.Errorf("got %+v and %v, want ErrFilterIgnored", total, err)
			}
		})
	}
}

// Where only totals leave filters out, rows are had, and totals aren't asked for again.
func TestTotalsWithFiltersIgnored(t *testing.T) {
	sim := newSim(t, simulator.Campaign{ID: 1, Source: simulator.Rows(2500, 10)})
	sim.SetBehaviour(simulator.Behaviour{Filters: simulator.FiltersIgnoredInTotals})
	client := newClient(t, sim)
	q := smartlead.StatisticsQuery{CampaignID: 1, EmailStatus: smartlead.StatusReplied}
	got, err := client.Rows(t.Context(), q)
	if err != nil || got.Rows != 250 {
		t.Fatalf("got %+v and %v, want 250 rows", got.Statistics, err)
	}
	sim.ForgetRequests()
	total, err := client.Total(t.Context(), q)
	if !errors.Is(err, smartlead.ErrFilterIgnored) || total.Requests != 0 || len(sim.Requests()) != 0 {
		t.Errorf("got %+v and %v after %d requests, want ErrFilterIgnored without one", total, err, len(sim.Requests()))
	}
	q.EmailStatus = ""
	if total, err = client.Total(t.Context(), q); err != nil || total.Rows != 2500 {
		t.Errorf("without a filter: got %+v and %v, want 2500 rows", total, err)
	}
}

// Rows of steps that weren't asked for are in no part of a set.
func TestRowsOfSomeSteps(t *testing.T) {
	client := newClient(t, newSim(t, simulator.Campaign{ID: 1, Source: simulator.Rows(300, 10)}))
	got, err := client.Rows(t.Context(), smartlead.StatisticsQuery{CampaignID: 1, SequenceNumbers: []int{1, 3}})
	if err != nil || len(got.Steps) != 2 || len(got.Facts) != 200 {
		t.Fatalf("got %+v with %d facts and %v, want 200 of two steps", got.Statistics, len(got.Facts), err)
	}
	for _, row := range got.Facts {
		if row.SequenceNumber == 2 {
			t.Fatalf("got %+v", row)
		}
	}
}

// Rows that arrive or vanish while pages are fetched make no row count twice or get lost.
func TestRowsWhileRowsArrive(t *testing.T) {
	sim := newSim(t, simulator.Campaign{ID: 1, Order: simulator.NewestFirst, Source: simulator.Rows(3000, 10)})
	sim.Inject(simulator.Fault{Skip: 1, Times: 1, Effects: []simulator.Effect{simulator.Arrive(3)}})
	got, err := newClient(t, sim).Rows(t.Context(), smartlead.StatisticsQuery{CampaignID: 1})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[uint64]bool{}
	for _, row := range got.Facts {
		if seen[row.Identity] {
			t.Fatalf("%+v comes twice", row)
		}
		seen[row.Identity] = true
	}
	if len(got.Facts) < 3000 || len(got.Facts) != got.Rows {
		t.Errorf("got %d facts of %d rows", len(got.Facts), got.Rows)
	}
}

// A page that has to be asked for again is kept once.
func TestRowsAfterARetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := newSim(t, simulator.Campaign{ID: 1, Source: simulator.Rows(1500, 10)})
		sim.Inject(simulator.Fault{Skip: 1, Times: 1, Effects: []simulator.Effect{simulator.ResetAfter(20_000)}})
		got, err := newClient(t, sim).Rows(t.Context(), smartlead.StatisticsQuery{CampaignID: 1})
		if err != nil || len(got.Facts) != 1500 || got.Requests != 3 {
			t.Errorf("got %d facts in %d requests and %v, want 1500 in 3", len(got.Facts), got.Requests, err)
		}
	})
}

func TestRowsFail(t *testing.T) {
	for _, tt := range wrongBodies {
		t.Run(tt.name, func(t *testing.T) {
			client := newClient(t, respond(http.StatusOK, tt.body))
			got, err := client.Rows(t.Context(), smartlead.StatisticsQuery{CampaignID: 1})
			if !errors.Is(err, smartlead.ErrBadResponse) || got.Facts != nil || got.Steps != nil {
				t.Errorf("rows: got %+v and %v, want ErrBadResponse", got, err)
			}
			total, err := client.Total(t.Context(), smartlead.StatisticsQuery{CampaignID: 1})
			if !errors.Is(err, smartlead.ErrBadResponse) || total.Row != nil {
				t.Errorf("total: got %+v and %v, want ErrBadResponse", total, err)
			}
		})
	}
	client := newClient(t, respond(http.StatusNotFound, `{"error":"Campaign not found - Invalid campaign_id."}`))
	if _, err := client.Rows(t.Context(), smartlead.StatisticsQuery{CampaignID: 1}); !errors.Is(err, smartlead.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}

// Ids that say more than a campaign can have steps say nothing.
func TestSequencesAreBounded(t *testing.T) {
	var rows []string
	for i := range 1200 {
		rows = append(rows, `{"stats_id":"`+strconv.Itoa(i)+`","sequence_number":1,"email_campaign_seq_id":`+strconv.Itoa(i+1)+`}`)
	}
	body := `{"total_stats":"1200","data":[` + joined(rows) + `]}`
	got, err := statistics(t.Context(), newClient(t, respond(http.StatusOK, body)))
	if err != nil || got.Rows != 1200 || got.Sequences != nil {
		t.Errorf("got %d rows, %d sequences and %v", got.Rows, len(got.Sequences), err)
	}
}

func joined(rows []string) string { return strings.Join(rows, ",") }
