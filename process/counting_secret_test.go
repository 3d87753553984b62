package process_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead/simulator"
)

// secretEmails are e-mails whose every text is somebody's.
func secretEmails(from, n int) []simulator.Email {
	emails := make([]simulator.Email, n)
	for i := range emails {
		emails[i] = simulator.Email{
			StatsID: fmt.Sprintf("%s-%d", canaryTail, from+i), LeadName: personName, LeadEmail: fmt.Sprintf("%d.%s", from+i, personAddress),
			Subject: personSubject, Message: "<b>" + personSubject + "</b> " + personName, Step: 1 + i%3,
			SentTime: time.Now().Add(time.Duration(i-n) * time.Second), OpenCount: i % 2, Unsubscribed: i%5 == 0, Bounced: i%7 == 0,
		}
		if i%4 == 0 {
			emails[i].ReplyTime = time.Now()
		}
	}
	return emails
}

// A campaign that is counted by what has moved, and all that is collected beside it: whatever its endpoints answer, neither the
// key nor anything of a lead or a mailbox's password is in what the exporter writes or serves, at any level of the log.
func TestSecretsStaySecretWhileCounting(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs several processes")
	}
	echo := canary + " of " + personAddress
	for name, effect := range map[string]simulator.Effect{
		"good":           nil,
		"cut off":        simulator.Truncate(300),
		"cut off early":  simulator.Truncate(60),
		"garbage":        simulator.Append(echo),
		"in an error":    simulator.RespondStatus(500, `{"message":`+fmt.Sprintf("%q", echo)+`}`),
		"refused":        simulator.RespondStatus(400, echo),
		"a failed 200":   simulator.RespondStatus(200, `{"ok":false,"error":`+fmt.Sprintf("%q", echo)+`,"data":[{"lead_name":"`+personName+`"}]}`),
		"a name for one": simulator.RespondStatus(200, `{"data":[{"`+personName+`":"`+personSubject+`","id":"`+personName+`","email_campaign_seq_id":"`+personName+`","sequence_number":"`+personName+`","stats_id":"x"}]}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := testkit.StartAPI(t, simulator.Options{
				Campaigns: []simulator.Campaign{{ID: 1, Name: "One", Source: simulator.Fixed(secretEmails(0, 2100)...)}, testkit.Aggregated(2, 10)},
				Mailboxes: []simulator.Mailbox{{ID: 7, Address: "ada@acme.example", Password: personSubject}},
			})
			inject := func(endpoint simulator.Endpoint) {
				if effect != nil {
					api.Inject(simulator.Fault{Match: []simulator.Matcher{simulator.ForEndpoint(endpoint)}, Times: 2, Effects: []simulator.Effect{effect}})
				}
			}
			inject(simulator.EndpointCampaigns) // which are listed once
			dir := testkit.Write(t, map[string]string{"key": canary + "\n", "config.yml": api.Configure(
				"cache: {ttl: 1s, file: cache.json}\naccounts: [{base_url: API, api_key_file: key, " + unlimited + ", metadata_interval: 1m, campaigns: [1, 2], collect: [mailboxes, leads, people]}]")})
			p := start(t, launch{args: []string{"--log.level=debug", "--web.enable-lifecycle"}, dir: dir})
			sum := func() (all float64) {
				metrics := p.scrape()
				for step := range 3 {
					all += metrics[sent(1, step+1)]
				}
				return all
			}
			await := func(want float64) {
				t.Helper()
				for end := time.Now().Add(patience); sum() != want; time.Sleep(50 * time.Millisecond) {
					if time.Now().After(end) {
						t.Fatalf("the campaign doesn't come to %v e-mails: %v", want, sum())
					}
				}
			}
			await(2100)
			await(2100) // for subjects, which begin after the first refresh
			for _, endpoint := range []simulator.Endpoint{
				simulator.EndpointStatistics, simulator.EndpointSequenceAnalytics, simulator.EndpointCampaignAnalytics,
				simulator.EndpointOverallStats, simulator.EndpointEmailAccounts,
			} {
				inject(endpoint)
			}
			shown := map[string]string{}
			look := func(when string) {
				for _, path := range []string{"/metrics", "/", "/sd", "/status", "/config", "/-/healthy", "/probe?campaign_id=1", "/probe?campaign_id=3", "/nowhere"} {
					shown[path+when] = p.get(path, "X-Prometheus-Scrape-Timeout-Seconds", "1").body
				}
				shown["/status as JSON"+when] = p.get("/status", "Accept", "application/json").body
			}
			time.Sleep(1100 * time.Millisecond) // the ttl, for lists and subjects
			api.AddEmails(1, secretEmails(5000, 3)...)
			p.scrape()
			look(" beside the fault")
			await(2103)
			look(" after it")
			p.leave(shown)
			for what, text := range shown {
				lookForSecrets(t, what, text)
			}
			if told := map[string]bool{"in an error": true, "a failed 200": true}[name]; told && !strings.Contains(shown["stderr"], "<redacted> of <address>") {
				t.Error("the log doesn't have what the API repeated, without the secrets")
			}
			for _, want := range []string{"sequence-analytics", "/analytics", "email-accounts", "overall-stats"} {
				if !strings.Contains(shown["stderr"], want) {
					t.Errorf("the log says nothing of %s", want)
				}
			}
		})
	}
}
