package e2e_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"smartlead_exporter/smartlead/simulator"
)

var hurriedFor = regexp.MustCompile(`(?m)^( +for: )(\d+)ms$`)

// impatientRules writes hurried copies of the rules of which none waits for more than two seconds.
func impatientRules(t *testing.T, folder string) {
	t.Helper()
	hurriedRules(t, folder)
	for _, file := range files(t, "alerts/*.rules.yml") {
		file = filepath.Join(folder, "rules", filepath.Base(file))
		write(t, file, hurriedFor.ReplaceAllStringFunc(readFile(t, file), func(line string) string {
			m := hurriedFor.FindStringSubmatch(line)
			if wait, err := strconv.Atoi(m[2]); err != nil || wait > 2000 {
				return m[1] + "2000ms"
			}
			return line
		}))
	}
}

// writeRecorded gives the data of a Prometheus that will be started in the folder what rules have recorded a week ago.
func writeRecorded(t *testing.T, folder string, now time.Time, values map[string]float64) {
	t.Helper()
	var text bytes.Buffer
	for series, value := range values {
		for ago := 7*day + 90*time.Minute; ago > 7*day-2*time.Hour; ago -= sampled {
			fmt.Fprintf(&text, "%s %v %d\n", series, value, now.Add(-ago).Unix())
		}
	}
	text.WriteString("# EOF\n")
	file := write(t, filepath.Join(folder, "recorded.om"), text.String())
	createBlocks(t, "openmetrics", file, filepath.Join(folder, "data"))
}

// interested returns e-mails to n leads who are.
func interested(n int) []simulator.Email {
	list := emails(n, 0, 0)
	for i := range list {
		list[i].LeadCategory = "Interested"
	}
	return list
}

// TestSubjectAlerts follows the alerts about what `collect` names, and about bounces of all campaigns at once, from the
// simulated API to a chat, and to their ends.
func TestSubjectAlerts(t *testing.T) {
	t.Parallel()
	const capped, short, bouncing, alsoBouncing, vanished = 401, 402, 403, 404, 405
	now := time.Now()
	campaign := func(id int64, name string, waiting int, list ...simulator.Email) simulator.Campaign {
		return simulator.Campaign{ID: id, Name: name, CreatedAt: now, LeadsWaiting: waiting, Source: simulator.Fixed(list...)}
	}
	mailbox := func(id int64, name string) simulator.Mailbox {
		return simulator.Mailbox{
			ID: id, Address: name + "@own.example", DailyLimit: 1000,
			Warmup: &simulator.Warmup{Start: now.AddDate(0, 0, -80), PerDay: 20},
		}
	}
	well := []simulator.Mailbox{mailbox(501, "ada"), mailbox(502, "grace"), mailbox(503, "ken")}
	well[2].Campaigns = []int64{capped}
	ill := []simulator.Mailbox{mailbox(501, "ada"), mailbox(502, "grace"), mailbox(503, "ken")}
	ill[0].SMTPDown = []simulator.Span{{From: now.Add(-time.Hour)}}
	ill[1].Warmup.Spam = 0.2
	ill[2].Campaigns, ill[2].DailyLimit = well[2].Campaigns, 5

	today := emails(10, 0, 0)
	stays := time.Now() // else what was sent today would be of yesterday after midnight
	boxes, boxesAPI := startAPI(t, simulator.Options{
		Clock: func() time.Time { return stays }, Mailboxes: well, Campaigns: []simulator.Campaign{campaign(capped, "Founders", 50, today...)},
	})
	leads, leadsAPI := startAPI(t, simulator.Options{Campaigns: []simulator.Campaign{campaign(short, "Short list", 1000, emails(100, 0, 0)...)}})
	bounces, bouncesAPI := startAPI(t, simulator.Options{Campaigns: []simulator.Campaign{
		campaign(bouncing, "North", 0, emails(100, 0, 0)...), campaign(alsoBouncing, "South", 0, emails(100, 0, 0)...),
	}})
	// A week ago it had sent 1,000 e-mails in four weeks, with 50 positive replies. Now these are the only ones still.
	positive, positiveAPI := startAPI(t, simulator.Options{Campaigns: []simulator.Campaign{
		campaign(vanished, "Notaries", 0, append(interested(60), emails(940, 0, 0)...)...),
	}})

	folder := t.TempDir()
	label := fmt.Sprintf(`{campaign_id="%d"}`, vanished)
	writeRecorded(t, folder, now, map[string]float64{
		"campaign:smartlead_sent:sum" + label: 1000, "campaign:smartlead_sent:delta28d" + label: 1000, "campaign:smartlead_replied:sum" + label: 1000,
		"campaign:smartlead_positive_replies:max" + label: 50, "campaign:smartlead_positive_replies_per_sent:ratio_delta28d" + label: 0.05,
	})
	impatientRules(t, folder)
	r := startReceiver(t)
	alertmanager := startAlertmanager(t, hurriedAlertmanager(t, r.server.URL+"/chat", r.server.URL+"/webhook"))
	e := startExporter(t, configuration(
		account("boxes", boxesAPI, discovery, "    collect: [mailboxes, leads]\n    mailbox_addresses: true\n"),
		account("leads", leadsAPI, discovery, "    collect: [leads]\n"),
		account("bounces", bouncesAPI, discovery),
		account("positive", positiveAPI, discovery, "    collect: [people]\n"),
	))
	p := startPrometheus(t, folder, fmt.Sprintf(`
global: {scrape_interval: 1s, scrape_timeout: 1s}
rule_files: [rules/*.rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ['%s']}]}]}
scrape_configs: [{job_name: smartlead, static_configs: [{targets: ['%s']}]}]
`, alertmanager, e.address))
	p.awaitUp("smartlead", 1)
	about := []string{
		"SmartleadLeadsRunOut", "SmartleadMailboxAtLimit", "SmartleadMailboxDown", "SmartleadMailboxesBounce", "SmartleadPositiveRepliesVanished",
		"SmartleadWarmupReputationLow",
	}
	firing := func() []string {
		found, err := p.now(fmt.Sprintf(`ALERTS{alertname=~"%s",alertstate="firing"}`, strings.Join(about, "|")))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, s := range found.Series {
			names = append(names, s.Labels["alertname"])
		}
		return slices.Sorted(slices.Values(names))
	}

	await(t, "all that the rules need", func() error {
		known, err := p.now(`
			count(campaign:smartlead_sent:delta1d) == 5 and on () count(mailbox:smartlead_mailbox_info:newest) == 3
			and on () count(campaign:smartlead_leads_sending_days_left:mean) == 2
			and on () account:smartlead_leads_waiting:sum{account="boxes"} == 50
			and on () campaign:smartlead_positive_replies:delta7d == 10
			and on () count_over_time(mailbox:smartlead_mailbox_info:newest{mailbox_id="501"}[1m]) >= 5`)
		if err == nil && !known.hasData() {
			err = fmt.Errorf("not yet")
		}
		return err
	})
	if names := firing(); len(names) > 0 {
		t.Errorf("all is well, and %q fire", names)
	}

	w := &world{t: t}
	if err := boxes.SetMailboxes(ill...); err != nil {
		t.Fatal(err)
	}
	w.set(leads, campaign(short, "Short list", 20, emails(100, 0, 0)...))
	bounces.AddEmails(bouncing, emails(100, 8, 0)...)
	bounces.AddEmails(alsoBouncing, emails(100, 8, 0)...)
	w.set(positive, campaign(vanished, "Notaries", 0, append(interested(50), emails(1150, 0, 0)...)...))

	await(t, "all alerts", func() error {
		if names := firing(); !slices.Equal(names, about) {
			return fmt.Errorf("%q fire, want %q", names, about)
		}
		return nil
	})
	for name, where := range map[string][2]string{
		"ada@own.example can't send":                                        {"account", "boxes"},
		"grace@own.example has a reputation of 80%":                         {"account", "boxes"},
		"ken@own.example has sent what it may today, and leads wait":        {"account", "boxes"},
		"Account bounces: most campaigns bounce at once, 4% of all e-mails": {"account", "bounces"},
		"Short list has leads for 0.2 more sending days":                    {"campaign_id", strconv.Itoa(short)},
		"Notaries: no positive reply for a week":                            {"campaign_id", strconv.Itoa(vanished)},
	} {
		r.awaitOne(t, name, func(n *notification) bool {
			return n.Status == "firing" && n.Receiver == "chat" && n.GroupLabels[where[0]] == where[1] && slices.Contains(n.summaries(), name)
		})
		await(t, name+" in the chat", func() error {
			if !slices.ContainsFunc(r.chat(), func(m message) bool {
				return len(m.Attachments) == 1 && strings.Contains(m.Attachments[0].Title+m.Attachments[0].Text, name)
			}) {
				return fmt.Errorf("it isn't among %+v", r.chat())
			}
			return nil
		})
	}

	if err := boxes.SetMailboxes(well...); err != nil {
		t.Fatal(err)
	}
	w.set(leads, campaign(short, "Short list", 1000, emails(100, 0, 0)...))
	bounces.AddEmails(bouncing, emails(200, 0, 0)...)
	bounces.AddEmails(alsoBouncing, emails(200, 0, 0)...)
	positive.AddEmails(vanished, interested(10)...)
	await(t, "the end of all alerts", func() error {
		if names := firing(); len(names) > 0 {
			return fmt.Errorf("%q fire", names)
		}
		return nil
	})
	for _, group := range [][2]string{{"account", "boxes"}, {"account", "bounces"}, {"campaign_id", strconv.Itoa(short)}, {"campaign_id", strconv.Itoa(vanished)}} {
		r.awaitOne(t, "the end of "+group[1], func(n *notification) bool { return n.Status == "resolved" && n.GroupLabels[group[0]] == group[1] })
	}
}
