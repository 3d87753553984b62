package e2e_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"smartlead_exporter/e2e/internal/programs"
	"smartlead_exporter/smartlead/simulator"
)

// startAlertmanager starts Alertmanager with a configuration and returns its address.
func startAlertmanager(t *testing.T, config string) string {
	t.Helper()
	folder, address := t.TempDir(), freeAddress(t)
	file := write(t, filepath.Join(folder, "alertmanager.yml"), config)
	start(t, "http://"+address+"/-/ready", programs.Command{
		Name: "alertmanager", Path: binaries.alertmanager, Env: environment(),
		Args: []string{
			"--config.file=" + file, "--storage.path=" + filepath.Join(folder, "data"), "--web.listen-address=" + address,
			"--web.external-url=http://" + address, "--cluster.listen-address=", "--log.level=warn",
		},
	})
	return address
}

// emails returns n e-mails that were just sent, of which some have bounced and some have led to an unsubscription. All
// others were opened and answered.
func emails(n, bounced, unsubscribed int) []simulator.Email {
	now := time.Now()
	list := make([]simulator.Email, n)
	for i := range list {
		e := &list[i]
		e.Step, e.SentTime = 1, now
		if e.Bounced = i < bounced; e.Bounced {
			continue
		}
		e.OpenTime, e.ReplyTime = now, now
		e.Unsubscribed = i < bounced+unsubscribed
	}
	return list
}

// TestAlerts follows alerts from the simulated API to a webhook and a chat: alerts/alertmanager.yml and the rules are
// as they are but for their waits.
func TestAlerts(t *testing.T) {
	t.Parallel()
	const burning, poor = 301, 302
	// Growth is known of a campaign that was created since, and of one that was first seen before it sent anything.
	sim, api := startAPI(t, simulator.Options{Campaigns: []simulator.Campaign{
		{ID: burning, Name: "Q4 <outreach>", CreatedAt: time.Now(), Source: simulator.Fixed(emails(100, 0, 0)...)},
		{ID: poor, Name: "Trade fair list", ClientID: 7}, // of another client: else it would be their mailboxes
		{ID: 303, Name: "well", Source: simulator.Fixed(emails(100, 0, 0)...)},
	}})
	e := startExporter(t, configuration(account("default", api, discovery)))
	r := startReceiver(t)
	alertmanager := startAlertmanager(t, hurriedAlertmanager(t, r.server.URL+"/chat", r.server.URL+"/webhook"))
	folder := t.TempDir()
	hurriedRules(t, folder)
	interval := hurried(t, "1m")
	p := startPrometheus(t, folder, fmt.Sprintf(`
global: {scrape_interval: %s, scrape_timeout: %[1]s}
rule_files: [rules/*.rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ['%s']}]}]}
scrape_configs: [{job_name: smartlead, static_configs: [{targets: ['%s']}]}]
`, interval, alertmanager, e.address))
	p.awaitUp("smartlead", 1)

	of := func(status, receiver string, campaign int) func(*notification) bool {
		return func(n *notification) bool {
			return n.Status == status && n.Receiver == receiver && n.CommonLabels["campaign_id"] == fmt.Sprint(campaign)
		}
	}

	t.Run("nothing while all is well", func(t *testing.T) {
		// After ten evaluations whatever has a short wait would have come.
		p.campaigns(t, `count_over_time(campaign:smartlead_sent:first[5m]) >= 10`, 3)
		if all := r.received(func(*notification) bool { return true }); len(all) > 0 {
			t.Errorf("there are notifications: %v", all)
		}
	})

	t.Run("bounces", func(t *testing.T) {
		sim.AddEmails(burning, emails(100, 40, 0)...)
		sim.AddEmails(poor, emails(100, 4, 3)...)

		page := r.awaitOne(t, "a page", of("firing", "page", burning))
		if want := map[string]string{"account": "default", "campaign_id": "301"}; !maps.Equal(page.GroupLabels, want) {
			t.Errorf("the page is grouped by %v, want %v", page.GroupLabels, want)
		}
		if got := page.alerts(); !slices.Equal(got, []string{"SmartleadBounceRateCritical"}) {
			t.Errorf("the page holds %q", got)
		}
		if summary, want := page.Alerts[0].Annotations["summary"], "Q4 <outreach>: 20% of its e-mails bounce"; summary != want {
			t.Errorf("the page says %q, want %q", summary, want)
		}

		// Two alerts about a campaign are one notification: the second joins the first.
		both := []string{"SmartleadBounceRateHigh", "SmartleadUnsubscribeRateHigh"}
		ticket := r.awaitOne(t, "a ticket with two alerts", func(n *notification) bool {
			return of("firing", "chat", poor)(n) && slices.Equal(n.alerts(), both)
		})
		if name := ticket.CommonLabels["campaign_name"]; name != "Trade fair list" {
			t.Errorf("the ticket is about %q", name)
		}
		keys := map[string]bool{}
		for _, n := range r.received(of("firing", "chat", poor)) {
			keys[n.GroupKey] = true
		}
		if len(keys) != 1 {
			t.Errorf("the tickets come from %d groups: %v", len(keys), keys)
		}
		// By now the page's campaign has had its warning for long, but whoever is paged needs no ticket.
		if tickets := r.received(of("firing", "chat", burning)); len(tickets) > 0 {
			t.Errorf("whoever is paged got a ticket, too: %v", tickets)
		}
		if firing, err := p.now(`ALERTS{alertname="SmartleadBounceRateHigh", alertstate="firing", campaign_id="301"}`); err != nil || !firing.hasData() {
			t.Errorf("the warning doesn't fire, so nothing was inhibited: %v", err)
		}
		if !slices.ContainsFunc(r.chat(), func(m message) bool {
			return m.Channel == "#smartlead-urgent" && len(m.Attachments) == 1 &&
				m.Attachments[0].Title == "Critical: Q4 &lt;outreach&gt;: 20% of its e-mails bounce" &&
				strings.Contains(m.Attachments[0].Text, "Pause the campaign")
		}) {
			t.Errorf("the chat doesn't show the page: %+v", r.chat())
		}
		if others := r.received(of("firing", "chat", 303)); len(others) > 0 {
			t.Errorf("the campaign that is well has tickets: %v", others)
		}

		sim.AddEmails(burning, emails(1500, 0, 0)...)
		sim.AddEmails(poor, emails(1500, 0, 0)...)
		r.awaitOne(t, "the end of the page", of("resolved", "page", burning))
		r.awaitOne(t, "the end of the ticket", of("resolved", "chat", poor))
	})

	t.Run("exporter down", func(t *testing.T) {
		down := func(status string) func(*notification) bool {
			return func(n *notification) bool {
				return n.Status == status && slices.Contains(n.alerts(), "SmartleadExporterDown")
			}
		}
		e.process.Kill()
		page := r.awaitOne(t, "a page", down("firing"))
		if page.Receiver != "page" {
			t.Errorf("%v goes to %s, want page", page, page.Receiver)
		}
		if summary, want := page.Alerts[0].Annotations["summary"], "smartlead_exporter at "+e.address+" is down"; summary != want {
			t.Errorf("the page says %q, want %q", summary, want)
		}
		e.restart()
		r.awaitOne(t, "its end", down("resolved"))
		p.awaitUp("smartlead", 1)
		await(t, "no alert", func() error {
			firing, err := p.now(`ALERTS`)
			if err == nil && firing.hasData() {
				err = fmt.Errorf("there is %v", firing.Series[0].Labels)
			}
			return err
		})
	})
}
