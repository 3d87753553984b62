package simulator_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	"smartlead_exporter/smartlead/simulator"
)

type mailbox struct {
	ID        int64   `json:"id"`
	Email     string  `json:"from_email"`
	Password  string  `json:"password"`
	Limit     int     `json:"message_per_day"`
	Sent      int     `json:"daily_sent_count"`
	Campaigns int     `json:"campaign_count"`
	SMTP      bool    `json:"is_smtp_success"`
	IMAP      bool    `json:"is_imap_success"`
	Failure   *string `json:"smtp_failure_error"`
	ClientID  any     `json:"client_id"`
	Warmup    *struct {
		Status     string `json:"status"`
		Sent       int    `json:"total_sent_count"`
		Spam       int    `json:"total_spam_count"`
		Reputation string `json:"warmup_reputation"`
	} `json:"warmup_details"`
}

func getMailboxes(t testing.TB, h http.Handler, query url.Values) []mailbox {
	t.Helper()
	resp, body := get(t, h, "/email-accounts/", query)
	var list []mailbox
	if err := json.Unmarshal([]byte(body), &list); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("got status %d with %s: %v", resp.StatusCode, body, err)
	}
	return list
}

// setMailboxes replaces the mailboxes of a Simulator.
func setMailboxes(t testing.TB, sim *simulator.Simulator, mailboxes ...simulator.Mailbox) {
	t.Helper()
	if err := sim.SetMailboxes(mailboxes...); err != nil {
		t.Fatal(err)
	}
}

func TestMailboxes(t *testing.T) {
	sim, set := modelAt(t, lively, simulator.Campaign{})
	day := monday.AddDate(0, 0, 7)
	setMailboxes(
		t, sim,
		simulator.Mailbox{
			ID: 7, Address: "ada@acme.example", Password: "hunter2", ClientID: "77", DailyLimit: 50, Campaigns: []int64{1},
			SMTPDown: []simulator.Span{{From: day.Add(10 * time.Hour), To: day.Add(12 * time.Hour)}},
			Warmup:   &simulator.Warmup{Start: monday.AddDate(0, 0, -10), PerDay: 10, Spam: 0.1},
		},
		simulator.Mailbox{ID: 8, Address: "alan@acme.example", Campaigns: []int64{1, 2}, IMAPDown: []simulator.Span{{From: day}}},
	)
	for _, tt := range []struct {
		hour         int
		smtp, imap   bool // of the first
		smtp2, imap2 bool // of the second
	}{
		{-1, true, true, true, true},
		{9, true, true, true, false},
		{10, false, true, true, false},
		{12, true, true, true, false},
		{23, true, true, true, false},
	} {
		set(day.Add(time.Duration(tt.hour) * time.Hour))
		got := getMailboxes(t, sim, nil)
		if len(got) != 2 || got[0].SMTP != tt.smtp || got[0].IMAP != tt.imap || got[1].SMTP != tt.smtp2 || got[1].IMAP != tt.imap2 {
			t.Errorf("at hour %d: got %+v", tt.hour, got)
		}
		if (got[0].Failure == nil) != tt.smtp {
			t.Errorf("at hour %d: the failure is %v", tt.hour, got[0].Failure)
		}
		if tt.hour < 0 {
			continue // which is the day before
		}
		rows := getPage(t, sim, 1, values("sent_time_start_date", day.Format(time.DateOnly), "limit", "1"))
		if sent := got[0].Sent + got[1].Sent; strconv.Itoa(sent) != *rows.Total || got[0].Sent-got[1].Sent < 0 || got[0].Sent-got[1].Sent > 1 {
			t.Errorf("at hour %d: %d and %d were sent today, want %s in all", tt.hour, got[0].Sent, got[1].Sent, *rows.Total)
		}
	}
	got := getMailboxes(t, sim, nil)
	if got[0].Password != "hunter2" || got[0].ClientID != "77" || got[0].Limit != 50 || got[1].Campaigns != 2 || got[1].ClientID != nil {
		t.Errorf("got %+v", got)
	}
	// 17 days and 23 hours of 10 e-mails, of which a tenth is spam; the two hours without SMTP cost nothing.
	if w := got[0].Warmup; w == nil || w.Status != "ACTIVE" || w.Sent != 179 || w.Spam != 17 || w.Reputation != "90%" || got[1].Warmup != nil {
		t.Errorf("the warm-up is %+v", w)
	}
}

func TestMailboxPages(t *testing.T) {
	sim := newSim(t, simulator.Options{})
	var list []simulator.Mailbox
	for i := range 230 {
		list = append(list, simulator.Mailbox{ID: int64(i + 1)})
	}
	setMailboxes(t, sim, list...)
	for offset, want := range map[int]int{0: 100, 100: 100, 200: 30, 230: 0, 500: 0} {
		if got := getMailboxes(t, sim, values("offset", strconv.Itoa(offset), "limit", "100")); len(got) != want {
			t.Errorf("offset %d: got %d mailboxes, want %d", offset, len(got), want)
		}
	}
	if resp, body := get(t, sim, "/email-accounts/", values("limit", "101")); resp.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("limit 101: got status %d with %s", resp.StatusCode, body)
	}
	if resp, _ := get(t, sim, "/email-accounts", values("limit", "x")); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("limit x: got status %d", resp.StatusCode)
	}
}

// Mailboxes with trouble break and recover by themselves, each in its own way and the same way each time.
func TestMailboxesBreakAndRecover(t *testing.T) {
	type state struct{ smtp, imap, worn bool }
	run := func() [][3]state {
		sim, set := modelAt(t, lively, simulator.Campaign{})
		warmup := &simulator.Warmup{Start: monday}
		setMailboxes(
			t, sim,
			simulator.Mailbox{ID: 1, Seed: 3, Trouble: 0.2, Warmup: warmup}, simulator.Mailbox{ID: 2, Seed: 3, Trouble: 0.2, Warmup: warmup},
			simulator.Mailbox{ID: 3, Seed: 3, Warmup: warmup},
		)
		var hours [][3]state
		for hour := range 24 * 60 {
			set(monday.Add(time.Duration(hour) * time.Hour))
			var states [3]state
			for i, m := range getMailboxes(t, sim, nil) {
				states[i] = state{m.SMTP, m.IMAP, m.Warmup.Reputation != "100%"}
			}
			hours = append(hours, states)
		}
		return hours
	}
	hours := run()
	if !slices.Equal(hours, run()) {
		t.Error("two runs differ")
	}
	var broken, recovered, smtpOnly, worn [3]int
	alike := true
	for i, states := range hours {
		for m, s := range states {
			up := s.smtp && s.imap
			if !up {
				broken[m]++
			}
			if i > 0 && up && (!hours[i-1][m].smtp || !hours[i-1][m].imap) {
				recovered[m]++
			}
			if !s.smtp && s.imap {
				smtpOnly[m]++
			}
			if s.worn {
				worn[m]++
			}
		}
		alike = alike && states[0] == states[1]
	}
	if broken[2] != 0 || worn[2] != 0 {
		t.Errorf("a mailbox without trouble was broken for %d hours, its reputation for %d", broken[2], worn[2])
	}
	for m := range 2 { // 60 days, on every fifth of which it breaks for half a day or more
		if broken[m] < 60 || broken[m] > 400 || recovered[m] < 4 || recovered[m] > 25 || smtpOnly[m] == 0 || worn[m] <= broken[m] {
			t.Errorf("mailbox %d was broken for %d hours, recovered %d times, couldn't only send for %d hours, was worn for %d",
				m+1, broken[m], recovered[m], smtpOnly[m], worn[m])
		}
	}
	if alike {
		t.Error("two mailboxes break at the same times")
	}
}

func TestMailboxesAreChecked(t *testing.T) {
	for name, list := range map[string][]simulator.Mailbox{
		"no id": {{}}, "twice": {{ID: 1}, {ID: 1}}, "trouble": {{ID: 1, Trouble: 1.1}}, "a limit": {{ID: 1, DailyLimit: -1}},
		"a client": {{ID: 1, ClientID: 1.5}}, "spam": {{ID: 1, Warmup: &simulator.Warmup{Spam: 2}}},
	} {
		if sim, err := simulator.New(simulator.Options{Mailboxes: list}); err == nil {
			t.Errorf("%s: got %v, want an error", name, sim)
		}
	}
	sim, err := simulator.New(simulator.Options{Mailboxes: simulator.DemoMailboxes(1, monday)})
	if err != nil {
		t.Fatal(err)
	}
	if got := getMailboxes(t, sim, nil); len(got) != 6 || got[0].Warmup.Reputation != "99%" || got[2].Warmup.Reputation != "86%" {
		t.Errorf("got %+v", got)
	}
}
