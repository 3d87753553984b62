package exporter_test

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead/simulator"
)

// A refusal that all campaigns of an account have to wait for is logged once for all of them, and again when the API
// has something else to say. The newest is there for whoever looks.
func TestRefusalsOfAnAccountAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := newSimulator(t, simulator.Options{Keys: []string{"good"}, ExpiredKeys: []string{"former"}})
		sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.Delay(time.Second)}}) // so that all are under way at once
		e := begin(t, sim)
		testkit.Overwrite(t, filepath.Join(e.dir, "key"), "wrong")
		e.mustApply("{cache: {ttl: 1ms}, accounts: [{metadata_interval: 0s, api_key_file: key, campaigns: [1, 2, 3]}]}")
		if at, text := e.Ledger().Refusal("default"); !at.IsZero() || text != "" {
			t.Errorf("before the first request, the newest refusal is %q of %s", text, at)
		}
		const refused = "the API refuses the account's key; nothing is asked with it until the next try, or until it changes"
		for _, step := range []struct {
			what, key string
			effect    simulator.Effect
			msg, err  string
		}{
			{what: "a wrong key", key: "wrong", msg: refused, err: "Invalid API Key"},
			{what: "another one", key: "former", msg: refused, err: "Plan expired!"},
			{
				what: "too many requests", key: "good", effect: simulator.Respond(simulator.TooManyRequests("3600")),
				msg: "the API wants a pause; nothing is asked with the account's key until then", err: "too many requests",
			},
		} {
			e.log.Take()
			testkit.Overwrite(t, filepath.Join(e.dir, "key"), step.key)
			if step.effect != nil {
				sim.Inject(simulator.Fault{Times: 3, Effects: []simulator.Effect{step.effect, simulator.Delay(time.Second)}})
			}
			e.scrape()
			lines := e.log.Count("level=warn")
			if lines != 1 || e.log.Count(step.msg) != 1 || e.log.Count("account=default") == 0 {
				t.Errorf("%s: the log tells of the account in %d lines, want one that says %q:\n%s", step.what, lines, step.msg, e.log)
			}
			at, text := e.Ledger().Refusal("default")
			if time.Since(at) > time.Minute || !strings.Contains(strings.ToLower(text), strings.ToLower(step.err)) {
				t.Errorf("%s: the newest refusal is %q of %s, want one just now about %q", step.what, text, at, step.err)
			}
		}
		if state := e.Ledger().Budget("default"); !state.PausedUntil.After(time.Now()) {
			t.Errorf("the budget says that the pause is over: %+v", state)
		}
	})
}

// A refusal of one campaign is noted, but is no news of the account: the store tells of it.
func TestRefusalOfACampaignIsNoted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := newSimulator(t, simulator.Options{})
		sim.Inject(simulator.Fault{
			Match: []simulator.Matcher{simulator.ForCampaign(2)}, Effects: []simulator.Effect{simulator.RespondStatus(403, "access denied")},
		})
		e := begin(t, sim)
		e.mustApply("{accounts: [{metadata_interval: 0s, api_key: the-key, campaigns: [1, 2, 3]}]}")
		e.scrape()
		if _, text := e.Ledger().Refusal("default"); !strings.Contains(text, "access denied") {
			t.Errorf("the newest refusal is %q, want what the API said", text)
		}
		if n := e.log.Count("until="); n > 0 {
			t.Errorf("the log tells of the account:\n%s", e.log)
		}
	})
}

// Each request is a line for debugging, which says where its page begins, if what is asked for comes by pages, and which
// has an error only if there is one.
func TestRequestsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := testkit.NewSimulator(t, simulator.Options{Campaigns: []simulator.Campaign{{ID: 1, Source: simulator.Rows(1500, 20)}}})
		sim.Inject(simulator.Fault{Match: []simulator.Matcher{simulator.ForCampaign(1)}, Times: 1, Effects: []simulator.Effect{simulator.RespondStatus(503, "")}})
		e := begin(t, sim)
		e.mustApply("{accounts: [{api_key: the-key, counting: rows, discovery: {}}]}")
		e.scrape()
		var got []string
		for _, line := range e.log.Take() {
			if line["msg"] != "asked the API" {
				continue
			}
			words := []string{line["level"], line["account"], line["request"]}
			for _, key := range []string{"offset", "status", "err"} {
				if value, ok := line[key]; ok {
					words = append(words, key+"="+value)
				}
			}
			got = append(got, strings.Join(words, " "))
		}
		const failed = "err=GET /campaigns/1/statistics: server error (status 503)"
		if diff := cmp.Diff([]string{
			"debug default GET /campaigns/ status=200",
			"debug default GET /campaigns/1/statistics offset=0 status=503 " + failed,
			"debug default GET /campaigns/1/statistics offset=0 status=200",
			"debug default GET /campaigns/1/statistics offset=1000 status=200",
		}, got); diff != "" {
			t.Errorf("the lines (-want +got):\n%s", diff)
		}
	})
}
