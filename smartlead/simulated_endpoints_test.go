package smartlead_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// What the simulated account shows of itself is read as it is.
func TestEndpointsOfTheSimulator(t *testing.T) {
	start := time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)
	now := start.AddDate(0, 0, 9)
	sim, err := simulator.New(simulator.Options{
		Clock: func() time.Time { return now }, Campaigns: simulator.Demo(1, now), Mailboxes: simulator.DemoMailboxes(1, now),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := sim.SetCampaign(simulator.Campaign{ID: 1, Source: simulator.Live(simulator.Model{
		Seed: 1, Start: start, LeadsPerDay: 50, Leads: 1000, Steps: 2, DaysBetween: 2, Variants: 2,
		Read: 0.5, Reply: 0.2, Bounce: 0.05, Stamp: 0.5, Unsubscribe: 0.01,
	})}); err != nil {
		t.Fatal(err)
	}
	client := newClient(t, sim)

	mailboxes, err := client.EmailAccounts(t.Context())
	if err != nil || len(mailboxes.Accounts) != 6 {
		t.Fatalf("got %+v and %v, want 6 mailboxes", mailboxes, err)
	}
	if m := mailboxes.Accounts[0]; m.SMTPUp == nil || m.Warmup == nil || m.Warmup.Reputation < 0.9 || m.ClientID != "77" || m.Campaigns != 3 || m.DailyLimit != 60 {
		t.Errorf("the first mailbox is %+v with %+v", m, m.Warmup)
	}

	rows, err := client.Rows(t.Context(), smartlead.StatisticsQuery{CampaignID: 1})
	if err != nil {
		t.Fatal(err)
	}
	var replies int64
	variants, categories := map[int64]int{}, map[string]int{}
	for _, row := range rows.Facts {
		variants[row.VariantID]++
		if row.Replied {
			replies++
			categories[row.Category]++
		}
	}

	leads, err := client.CampaignAnalytics(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	l := leads.Leads
	if l.Total != 1000 || l.NotStarted+l.InProgress+l.Completed+l.Paused+l.Stopped+l.Blocked != 1000 || l.InProgress == 0 {
		t.Errorf("the leads are %+v", l)
	}
	if leads.LeadsReplied == 0 || leads.LeadsReplied >= replies {
		t.Errorf("%d people replied to %d e-mails", leads.LeadsReplied, replies)
	}
	if _, err := client.CampaignAnalytics(t.Context(), 2); !errors.Is(err, smartlead.ErrNotFound) {
		t.Errorf("an unknown campaign: got %v, want ErrNotFound", err)
	}

	sequences, err := client.Sequences(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	var steps []smartlead.SequenceStep
	known := map[int64]int{}
	for _, s := range sequences.Sequences {
		steps = append(steps, smartlead.SequenceStep{SequenceID: s.ID, SequenceNumber: s.Number})
		for _, v := range s.Variants {
			known[v.ID] = variants[v.ID]
		}
	}
	if diff := cmp.Diff(rows.Sequences, steps); diff != "" || len(steps) != 2 {
		t.Errorf("the steps of rows and sequences (-rows +sequences):\n%s", diff)
	}
	if diff := cmp.Diff(variants, known); diff != "" || len(known) != 4 {
		t.Errorf("the variants of rows and sequences (-rows +sequences):\n%s", diff)
	}

	list, err := client.LeadCategories(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list.Categories {
		delete(categories, c.Name)
	}
	if len(categories) != 0 {
		t.Errorf("%v are in no list", categories)
	}

	overall, err := client.OverallStats(t.Context())
	if err != nil || len(overall.Campaigns) != 9 || overall.Requests != 2 {
		t.Fatalf("got %+v and %v, want 9 campaigns in two requests", overall, err)
	}
	if c := overall.Campaigns[0]; c.CampaignID != 1 || c.Contacted != 1000-l.NotStarted || c.PositiveReplies == 0 {
		t.Errorf("got %+v with %+v", c, l)
	}
	sim.SetBehaviour(simulator.Behaviour{OverallMaxDays: 30})
	if _, err := client.OverallStats(t.Context()); !errors.Is(err, smartlead.ErrBadRequest) {
		t.Errorf("a range of 30 days: got %v, want ErrBadRequest", err)
	}
}
