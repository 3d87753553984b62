package process_test

import (
	"path/filepath"
	"regexp"
	"testing"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead/simulator"
)

// A refusal that all campaigns of an account have to wait for is logged once for all of them, and again when the API
// has something else to say.
func TestRefusalsOfAnAccountAreTold(t *testing.T) {
	t.Parallel()
	api := testkit.StartAPI(t, simulator.Options{
		Keys: []string{"good"}, ExpiredKeys: []string{"former"},
		Campaigns: []simulator.Campaign{testkit.Aggregated(1, 10), testkit.Aggregated(2, 10), testkit.Aggregated(3, 10)},
	})
	path := filepath.Join(t.TempDir(), "key")
	testkit.Overwrite(t, path, "wrong")
	p := startWith(t, api, "{cache: {ttl: 1ms}, accounts: [{base_url: API, metadata_interval: 0s, rate_limit: {per_minute: 600}, api_key_file: "+path+", campaigns: [1, 2, 3]}]}")
	const refused = `level=warn .*msg="the API refuses the account's key; nothing is asked with it until then" account=default reason=unauthorized `
	for _, step := range []struct {
		what, key, want string
		fault           []simulator.Effect
	}{
		{what: "a wrong key", key: "wrong", want: refused + `.*Invalid API Key" until=20`},
		{what: "another one", key: "former", want: refused + `.*Plan expired!" until=20`},
		{
			what: "too many requests", key: "good", fault: []simulator.Effect{simulator.Respond(simulator.TooManyRequests("3600"))},
			want: `level=warn .*msg="the API wants the account to pause; nothing is asked for it until then" account=default reason=rate_limited .* until=20`,
		},
	} {
		testkit.Overwrite(t, path, step.key)
		if step.fault != nil {
			api.Inject(simulator.Fault{Times: 3, Effects: step.fault})
		}
		p.get("/metrics", "X-Prometheus-Scrape-Timeout-Seconds", "1")
		p.awaitLog(regexp.MustCompile(step.want))
	}
	if lines := testkit.CountLines(p.stderr.String(), "caller=ledger.go"); lines != 3 {
		t.Errorf("the log tells of refusals in %d lines, want one each:\n%s", lines, p.stderr)
	}
}
