package process_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead/simulator"
)

// What the list of mailboxes holds and nobody may see.
const (
	mailboxPassword = "PasswordOfAMailbox"
	mailboxUser     = "user-of-a-mailbox"
)

// The list of mailboxes holds passwords. Nothing that the exporter writes or serves has one, at any level of the log, nor an
// address of a mailbox unless that is switched on; whatever becomes of the answer on its way.
func TestPasswordsOfMailboxesStaySecret(t *testing.T) {
	t.Parallel()
	list := simulator.Options{
		Campaigns: []simulator.Campaign{testkit.Aggregated(1, 10)},
		Mailboxes: []simulator.Mailbox{{ID: 7, Address: mailboxUser + "@Acme.example", Password: mailboxPassword, Warmup: &simulator.Warmup{Start: time.Unix(0, 0), PerDay: 10}}},
	}
	rewrite := func(from, to string) simulator.Effect {
		return simulator.Rewrite(func(body []byte) []byte { return bytes.ReplaceAll(body, []byte(from), []byte(to)) })
	}
	inPlace := `[{"password":"` + mailboxPassword + `","from_email":"` + mailboxUser + `@acme.example",`
	for name, tc := range map[string]struct {
		effect    simulator.Effect // nil: none
		addresses string
		up        float64
	}{
		"good":                    {nil, "false", 1},
		"good, with addresses":    {nil, "true", 1},
		"cut off":                 {simulator.Truncate(150), "false", 0},
		"cut off by a zero":       {rewrite(`"password"`, "\x00"), "false", 0},
		"a password for an id":    {rewrite(`"id":7`, `"id":"`+mailboxPassword+`"`), "false", 0},
		"an address for an id":    {rewrite(`"id":7`, `"id":"`+mailboxUser+`@acme.example"`), "false", 0},
		"an unknown name":         {rewrite(`"password"`, `"`+mailboxPassword+`"`), "false", 1},
		"a password for a list":   {simulator.RespondStatus(200, `"`+mailboxPassword+`"`), "false", 0},
		"in a good error":         {simulator.RespondStatus(200, `{"ok":false,"data":`+inPlace+`"id":7}]}`), "false", 0},
		"in a nested list":        {simulator.RespondStatus(200, `[`+inPlace+`"id":7}]]`), "false", 0},
		"a name that comes twice": {simulator.RespondStatus(200, inPlace+`"password":"`+mailboxPassword+`","id":7}]`), "false", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := testkit.StartAPI(t, list)
			if tc.effect != nil {
				api.Inject(simulator.Fault{Match: []simulator.Matcher{simulator.ForEndpoint(simulator.EndpointEmailAccounts)}, Effects: []simulator.Effect{tc.effect}})
			}
			dir := testkit.Write(t, map[string]string{"config.yml": api.Configure(
				"cache: {file: cache.json}\naccounts: [{base_url: API, " + unlimited + ", metadata_interval: 0s, campaigns: [1], collect: [mailboxes, leads, replies, people, variants], mailbox_addresses: " + tc.addresses + "}]")})
			p := start(t, launch{args: []string{"--log.level=debug"}, env: keyInEnv(testkit.Key), dir: dir})
			shown := map[string]string{}
			for {
				shown["/metrics"] = p.get("/metrics").body
				metrics := parse(t, shown["/metrics"])
				if metrics[`smartlead_exporter_subject_duration_seconds{account="default",subject="mailboxes"}`] > 0 &&
					metrics[`smartlead_exporter_subject_up{account="default",subject="people"}`] > 0 {
					metrics.Want(t, "of the mailboxes", page{`smartlead_exporter_subject_up{account="default",subject="mailboxes"}`: tc.up})
					break
				}
			}
			for _, path := range []string{"/", "/sd", "/status", "/status/campaigns/1", "/config", "/probe?campaign_id=1", "/nowhere"} {
				shown[path] = p.get(path).body
			}
			shown["/status as JSON"] = p.get("/status", "Accept", "application/json").body
			p.leave(shown)
			for what, text := range shown {
				if strings.Contains(text, mailboxPassword) {
					t.Errorf("%s has a password:\n%s", what, text)
				}
				if got, may := strings.Contains(text, mailboxUser), tc.addresses == "true" && what == "/metrics"; got != may {
					t.Errorf("%s has the address of a mailbox: %v, want %v", what, got, may)
				}
			}
			if got := strings.Contains(shown["/metrics"], `domain="acme.example"`); got != (tc.up == 1) {
				t.Errorf("the domain of the mailbox is shown: %v", got)
			}
		})
	}
}
