package process_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead/simulator"
)

// numbers returns "1, 2, …, n".
func numbers(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprint(i+1))
	}
	return strings.Join(list, ", ")
}

// --config.check prints what a configuration will cost, and asks the API nothing.
func TestConfigCheck(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]string{
		"few": `
accounts:
  - base_url: API
    campaigns: [12345, {id: 67890, sequence_numbers: [1, 2, 3]}]
`,
		"exact": `
accounts:
  - base_url: API
    metadata_interval: 0s
    campaigns: [{id: 67890, sequence_numbers: [1]}]
`,
		"tight": `
cache: {ttl: 45s}
accounts:
  - base_url: API
    rate_limit: {per_hour: 100}
    campaigns: [` + numbers(60) + `]
`,
		"hidden": `
accounts:
  - base_url: API
    metadata_interval: 0s
    campaigns: [` + numbers(1000) + `]
`,
		"discovery": `
cache: {ttl: 5m}
accounts:
  - name: agency
    base_url: API
    api_key: "the-key"
    campaigns: [1, 2]
    discovery: {statuses: [ACTIVE, RESTING], max_campaigns: 300}
  - name: other
    base_url: API
    metadata_interval: 0s
    campaigns: [3]
`,
		"starved": `
accounts:
  - base_url: API
    rate_limit: {per_hour: 9}
    discovery: {interval: 1m}
`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, simulator.Options{})
			p := run(t, launch{
				args: []string{"--config.check"}, env: keyInEnv(testKey),
				dir: testkit.Write(t, map[string]string{"config.yml": at(api, config)}),
			})
			if status := p.wait(); status != 0 {
				t.Errorf("exit status %d, want 0", status)
			}
			if got := p.stderr.String(); got != "" {
				t.Errorf("stderr is %q", got)
			}
			testkit.Golden(t, "check_"+name+".txt", p.stdout.String())
			if n := len(api.Requests()); n > 0 {
				t.Errorf("the API was asked %d times", n)
			}
		})
	}
}

// The number of series is what a scrape has then, for a campaign that says which steps it wants.
func TestConfigCheckCountsSeries(t *testing.T) {
	t.Parallel()
	for name, interval := range map[string]string{"without a list": "0s", "with a list": "1h"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, simulator.Options{Campaigns: []simulator.Campaign{{
				ID: 67890, CreatedAt: time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC), MaxLeadsPerDay: 50, Source: simulator.Rows(10, 10),
			}}})
			config := "accounts: [{base_url: API, metadata_interval: " + interval + ", campaigns: [{id: 67890, sequence_numbers: [1]}]}]"
			p := startWith(t, api, config)
			series := p.scrape().With(func(series string) bool { return strings.Contains(series, `campaign_id="67890"`) })
			check := run(t, launch{args: []string{"--config.check"}, env: keyInEnv(testKey), dir: p.cmd.Dir})
			check.wait()
			if want := fmt.Sprintf("  series:     %d\n", len(series)); !strings.Contains(check.stdout.String(), want) {
				t.Errorf("a scrape has %d series, but the plan is:\n%s", len(series), check.stdout)
			}
		})
	}
}

// What would be refused at the start is refused by the check as well.
func TestConfigCheckOfCacheFile(t *testing.T) {
	t.Parallel()
	dir := testkit.Write(t, map[string]string{"config.yml": "{cache: {file: missing/cache}, accounts: [{campaigns: [1]}]}"})
	p := run(t, launch{args: []string{"--config.check"}, env: keyInEnv(testKey), dir: dir})
	if status := p.wait(); status != 1 {
		t.Errorf("exit status %d, want 1", status)
	}
	if got := p.stderr.String(); !strings.HasPrefix(got, "config.yml: cache.file: ") || !strings.Contains(got, "name another file") {
		t.Errorf("stderr is %q, want the place and the remedy", got)
	}
	if got := p.stdout.String(); got != "" {
		t.Errorf("stdout is %q, want nothing", got)
	}
}

// --config.check-online also prints what the API says, and fails if that isn't good.
func TestConfigCheckOnline(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)
	perEmail := func(id int64, n int, status string) simulator.Campaign {
		return simulator.Campaign{ID: id, Name: fmt.Sprintf("Campaign %d", id), Status: status, CreatedAt: day, Source: simulator.Rows(n, 10)}
	}
	all := []simulator.Campaign{
		perEmail(1, 2503, simulator.StatusActive), perEmail(2, 0, simulator.StatusActive), aggregated(3, 10),
		perEmail(4, 1000, simulator.StatusPaused), perEmail(5, 10, simulator.StatusDrafted),
	}
	for _, tc := range []struct {
		name   string
		key    string
		config string
		want   int
	}{
		{"good", testKey, "accounts: [{base_url: API, rate_limit: {per_minute: 600}, campaigns: [1, 2, 3]}]", 0},
		{"without a list", testKey, "accounts: [{base_url: API, rate_limit: {per_minute: 600}, metadata_interval: 0s, campaigns: [4]}]", 0},
		{"discovery", testKey, "accounts: [{base_url: API, rate_limit: {per_minute: 600}, discovery: {max_campaigns: 2}, campaigns: [2]}]", 0},
		{"key refused", "wrong", "accounts: [{base_url: API, campaigns: [1]}]", 1},
		{"key refused without a list", "wrong", "accounts: [{base_url: API, metadata_interval: 0s, campaigns: [1, 2]}]", 1},
		{"no such campaign", testKey, "accounts: [{base_url: API, rate_limit: {per_minute: 600}, campaigns: [789, 3, 790]}]", 1},
		{"one account of two", testKey, "accounts: [{name: a, api_key: expired, base_url: API, campaigns: [1]}, {name: b, base_url: API, campaigns: [4]}]", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, simulator.Options{Keys: []string{testKey}, ExpiredKeys: []string{"expired"}, Campaigns: all})
			p := run(t, launch{
				args: []string{"--config.check-online"}, env: keyInEnv(tc.key),
				dir: testkit.Write(t, map[string]string{"config.yml": at(api, tc.config)}),
			})
			if status := p.wait(); status != tc.want {
				t.Errorf("exit status %d, want %d", status, tc.want)
			}
			testkit.Golden(t, "online_"+strings.ReplaceAll(tc.name, " ", "_")+".txt", p.stdout.String()+"---- stderr\n"+p.stderr.String())
			for _, key := range []string{testKey, "wrong"} {
				if all := p.stdout.String() + p.stderr.String(); strings.Contains(all, key) {
					t.Errorf("the key is shown: %s", all)
				}
			}
			if slices.ContainsFunc(api.Requests(), func(r simulator.Request) bool { return r.Query.Get("limit") == "1000" }) {
				t.Error("it fetched whole pages only to know how many there are")
			}
		})
	}
}

// A key that isn't good any more, and an API that isn't there, are told in one line each.
func TestConfigCheckOnlineWithoutAPI(t *testing.T) {
	t.Parallel()
	api := newAPI(t, simulator.Options{Campaigns: []simulator.Campaign{aggregated(1, 10)}})
	api.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.RespondStatus(http.StatusForbidden, "go away")}})
	p := run(t, launch{
		args: []string{"--config.check-online"}, env: keyInEnv(testKey),
		dir: testkit.Write(t, map[string]string{"config.yml": at(api, "accounts: [{base_url: API, campaigns: [1]}]")}),
	})
	if status := p.wait(); status != 1 {
		t.Errorf("exit status %d, want 1", status)
	}
	if testkit.CountLines(p.stdout.String(), "failed:     GET /campaigns/: forbidden (status 403): go away") != 1 {
		t.Errorf("stdout doesn't tell what failed: %s", p.stdout)
	}
}
