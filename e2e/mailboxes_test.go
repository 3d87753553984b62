package e2e_test

import (
	"fmt"
	"maps"
	"math"
	"testing"
	"time"
)

// mailboxLines are the lines of a mailbox of the account a: whether it can send, what it has sent of what it may, and
// its reputation, NaN if it has none.
func mailboxLines(from, until time.Time, id int, domain string, smtp, sent, limit, reputation float64) []line {
	labels := fmt.Sprintf(`{account="a",mailbox_id="%d"}`, id)
	lines := []line{{
		fmt.Sprintf(`smartlead_mailbox_info{account="a",mailbox_id="%d",type="SMTP",client_id="7",domain="%s",address=""}`, id, domain),
		when(from, until, constantly(1)),
	}}
	for family, value := range map[string]float64{
		"smtp_up": smtp, "imap_up": 1, "sent_today": sent, "daily_limit": limit, "campaigns": 2, "warmup_reputation_ratio": reputation,
		"warmup_spam": 4 + sent, "warmup_sent": 400,
	} {
		lines = append(lines, line{"smartlead_mailbox_" + family + labels, when(from, until, constantly(value))})
	}
	return lines
}

// TestMailboxes: what mailboxes need is told, the worst first; what isn't known is not told as well.
func TestMailboxes(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.June, 10, 12, 0, 0, 0, time.UTC)
	from := now.Add(-3 * time.Hour)
	fetched := func(up float64) []line {
		return []line{
			{`smartlead_exporter_subject_up{account="a",subject="mailboxes"}`, when(from, now, constantly(up))},
			{`smartlead_exporter_subject_last_success_timestamp_seconds{account="a",subject="mailboxes"}`, when(from, now, constantly(float64(now.Unix()-600)))},
		}
	}
	lines := append(exporterLines(from, now, 1), fetched(1)...)
	lines = append(lines, line{`smartlead_campaign_leads{campaign_id="1",state="not_started"}`, when(from, now, constantly(120))})
	lines = append(lines, mailboxLines(from, now, 1, "own.example", 1, 10, 40, 0.99)...)
	lines = append(lines, mailboxLines(from, now, 2, "own.example", 0, 0, 40, 0.95)...)
	lines = append(lines, mailboxLines(from, now, 3, "own.example", 1, 40, 40, 0.92)...)
	lines = append(lines, mailboxLines(from, now, 4, "other.example", 1, 5, 30, 0.86)...)
	lines = append(lines, mailboxLines(from, now, 5, "other.example", 1, 0, 0, math.NaN())...)
	// The address of the first is shown since a quarter of an hour.
	shown := now.Add(-15 * time.Minute)
	for i := range lines {
		if l := &lines[i]; l.series == `smartlead_mailbox_info{account="a",mailbox_id="1",type="SMTP",client_id="7",domain="own.example",address=""}` {
			l.value = when(from, shown, constantly(1))
		}
	}
	lines = append(lines, line{
		`smartlead_mailbox_info{account="a",mailbox_id="1",type="SMTP",client_id="7",domain="own.example",address="ada@own.example"}`,
		when(shown, now, constantly(1)),
	})
	prom := written(t, from, now, lines...)
	v := look(t, "mailboxes.json", now, time.Hour, "")
	v.shows(t, prom, map[string]float64{
		"State of the data A": 0, "Numbers of A": 1000 * float64(now.Unix()-600), "Mailboxes A": 5, "Can't send A": 1, "Can't be read A": 0,
		"At their limit A": 1, "Sent today A": 55, "Left today A": 30 + 25, "Lowest reputation A": 0.86,
	})
	names := map[string]bool{}
	for _, s := range v.asked(t, prom, "Mailboxes by need A").Series {
		names[s.Labels["mailbox"]+" of "+s.Labels["domain"]] = true
	}
	if len(names) != 5 || !names["mailbox 4 of other.example"] || !names["ada@own.example of own.example"] {
		t.Errorf("mailboxes are called %v", names)
	}
	attention := map[string]float64{}
	for _, s := range v.asked(t, prom, "Mailboxes by need B").Series {
		attention[s.Labels["mailbox_id"]] = s.Value.Value
	}
	if want := map[string]float64{"1": 0, "2": 4, "3": 1, "4": 2, "5": 0}; !maps.Equal(attention, want) {
		t.Errorf("attention is %v, want %v", attention, want)
	}
	for name, want := range map[string]map[string]float64{
		"Domains A": {"own.example": 3, "other.example": 2}, "Domains B": {"own.example": 1, "other.example": 0},
		"Domains C": {"own.example": 50, "other.example": 5}, "Domains D": {"own.example": 0.92, "other.example": 0.86},
	} {
		got := map[string]float64{}
		for _, s := range v.asked(t, prom, name).Series {
			got[s.Labels["domain"]] = s.Value.Value
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	v.chosen["domain"] = []string{"own.example"}
	v.shows(t, prom, map[string]float64{"Mailboxes A": 3, "Sent today A": 50, "Lowest reputation A": 0.92})
	look(t, "overview.json", now, time.Hour, "$__all").shows(t, prom, map[string]float64{"Broken mailboxes A": 1, "Leads left A": 120, "Positive replies A": nothing})

	v.chosen["domain"] = []string{"elsewhere.example"}
	v.shows(t, prom, map[string]float64{"State of the data A": 17, "Mailboxes A": nothing, "Can't send A": nothing})
	for up, state := range map[float64]float64{0: 16, math.NaN(): 15} {
		none := written(t, from, now, append(exporterLines(from, now, 1), fetched(up)...)...)
		look(t, "mailboxes.json", now, time.Hour, "").shows(t, none, map[string]float64{
			"State of the data A": state, "Mailboxes A": nothing, "At their limit A": nothing, "Left today A": nothing, "Lowest reputation A": nothing,
		})
	}
}

// TestLeads: how many sending days the leads that wait will last, and what grew within the range.
func TestLeads(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.June, 10, 0, 0, 0, 0, time.UTC) // a Wednesday's beginning
	from := now.AddDate(0, 0, -20)
	weekdays := func(perDay float64) func(time.Time) float64 { // grows on weekdays only
		return func(at time.Time) float64 {
			n := 0.0
			for d := from; d.Before(at); d = d.Add(day) {
				if d.Weekday() != time.Saturday && d.Weekday() != time.Sunday {
					n += perDay * math.Min(1, at.Sub(d).Hours()/24)
				}
			}
			return math.Floor(n)
		}
	}
	leads := func(id int, state string, value func(time.Time) float64) line {
		return line{fmt.Sprintf(`smartlead_campaign_leads{campaign_id="%d",state="%s"}`, id, state), when(from, now, value)}
	}
	lines := append(exporterLines(from, now, 1, 2), counts(1, 1, weekdays(40))...)
	lines = append(lines,
		leads(1, "not_started", constantly(100)), leads(1, "in_progress", weekdays(30)), leads(1, "completed", weekdays(10)),
		leads(2, "not_started", constantly(100)), leads(2, "completed", constantly(500)),
		line{`smartlead_campaign_leads_contacted{campaign_id="1"}`, when(from, now, constantly(600))},
		line{`smartlead_campaign_leads_replied{campaign_id="1"}`, when(from, now, constantly(60))},
		line{`smartlead_campaign_positive_replies{campaign_id="1"}`, when(from, now, weekdays(2))},
	)
	prom := written(t, from, now, lines...)
	look(t, "campaign.json", now, 7*day, "1").shows(t, prom, map[string]float64{
		"Leads left A": 100, "Sending days left A": 2.5, "Leads contacted A": 600, "Leads that replied A": 60, "Positive replies A": 10,
	})
	look(t, "campaign.json", now, 7*day, "2").shows(t, prom, map[string]float64{
		"Leads left A": 100, "Sending days left A": nothing, "Leads contacted A": nothing, "Positive replies A": nothing,
	})
	look(t, "overview.json", now, 7*day, "$__all").shows(t, prom, map[string]float64{"Positive replies A": 10, "Leads left A": 200})
	look(t, "overview.json", now, 30*day, "$__all").shows(t, prom, map[string]float64{"Positive replies A": nothing})
}
