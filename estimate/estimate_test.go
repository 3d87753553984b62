package estimate_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"smartlead_exporter/estimate"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead/simulator"
)

func TestMain(m *testing.M) {
	for name, key := range map[string]string{"SMARTLEAD_API_KEY": testkit.Key, "WRONG_KEY": "wrong"} {
		if err := os.Setenv(name, key); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

// check returns what a configuration will cost, as if its folder were the working directory.
func check(t *testing.T, api *testkit.API, config string, online bool) (string, error) {
	t.Helper()
	dir := testkit.Write(t, map[string]string{"config.yml": api.Configure(config)})
	var out strings.Builder
	err := estimate.Check(t.Context(), &out, estimate.Options{File: filepath.Join(dir, "config.yml"), Online: online})
	return strings.ReplaceAll(out.String(), dir+string(filepath.Separator), ""), err
}

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
		"collect": `
accounts:
  - base_url: API
    campaigns: [` + numbers(300) + `]
    collect: [mailboxes, leads, replies, people, variants]
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
			api := testkit.StartAPI(t, simulator.Options{})
			got, err := check(t, api, config, false)
			if err != nil {
				t.Error(err)
			}
			testkit.Golden(t, "check_"+name+".txt", got)
			if n := len(api.Requests()); n > 0 {
				t.Errorf("the API was asked %d times", n)
			}
		})
	}
}

// What only writing finds out has its place as well.
func TestConfigCheckOfCacheFileThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self"); err != nil {
		t.Skip("it takes a directory that lets nothing be made in it, whoever asks")
	}
	_, err := check(t, testkit.StartAPI(t, simulator.Options{}), "{accounts: [{campaigns: [1]}],\n cache: {file: /proc/cache}}", false)
	if err == nil || !strings.Contains(err.Error(), "config.yml:2: cache.file: couldn't write the cache file") || !strings.Contains(err.Error(), "name another file") {
		t.Errorf("got %v, want the place and the remedy", err)
	}
}

// What would be refused at the start is refused by the check as well.
func TestConfigCheckOfCacheFile(t *testing.T) {
	t.Parallel()
	got, err := check(t, testkit.StartAPI(t, simulator.Options{}), "{cache: {file: missing/cache}, accounts: [{campaigns: [1]}]}", false)
	if err == nil || !strings.Contains(err.Error(), "config.yml:1: cache.file: ") || !strings.Contains(err.Error(), "name another file") {
		t.Errorf("got %v, want the place and the remedy", err)
	}
	if got != "" {
		t.Errorf("it wrote %q, want nothing", got)
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
		perEmail(1, 2503, simulator.StatusActive), perEmail(2, 0, simulator.StatusActive), testkit.Aggregated(3, 10),
		perEmail(4, 1000, simulator.StatusPaused), perEmail(5, 10, simulator.StatusDrafted),
	}
	for _, tc := range []struct {
		name   string
		config string
		want   bool // that all is good
	}{
		{"good", "accounts: [{base_url: API, rate_limit: {per_minute: 600}, campaigns: [1, 2, 3]}]", true},
		{"without a list", "accounts: [{base_url: API, rate_limit: {per_minute: 600}, metadata_interval: 0s, campaigns: [4]}]", true},
		{"discovery", "accounts: [{base_url: API, rate_limit: {per_minute: 600}, discovery: {max_campaigns: 2}, campaigns: [2]}]", true},
		{"collect", "accounts: [{base_url: API, rate_limit: {per_minute: 600}, campaigns: [1, 2, 3], collect: [mailboxes, leads, replies, variants]}]", true},
		{"collect what isn't in the plan", "accounts: [{name: a, api_key: no-mailboxes, base_url: API, rate_limit: {per_minute: 600}, campaigns: [3], collect: [mailboxes, people]}]", true},
		{"key refused", "accounts: [{base_url: API, api_key_env: WRONG_KEY, campaigns: [1]}]", false},
		{"key refused without a list", "accounts: [{base_url: API, api_key_env: WRONG_KEY, metadata_interval: 0s, campaigns: [1, 2]}]", false},
		{"no such campaign", "accounts: [{base_url: API, rate_limit: {per_minute: 600}, campaigns: [789, 3, 790]}]", false},
		{"one account of two", "accounts: [{name: a, api_key: expired, base_url: API, campaigns: [1]}, {name: b, base_url: API, campaigns: [4]}]", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			api := testkit.StartAPI(t, simulator.Options{
				Keys: []string{testkit.Key, "no-mailboxes"}, ExpiredKeys: []string{"expired"}, Campaigns: all,
				Mailboxes: []simulator.Mailbox{{ID: 1, Address: "ada@acme.example"}, {ID: 2, Address: "ben@acme.example"}},
			})
			if strings.Contains(tc.config, "no-mailboxes") {
				api.Inject(simulator.Fault{
					Match:   []simulator.Matcher{simulator.ForEndpoint(simulator.EndpointEmailAccounts)},
					Effects: []simulator.Effect{simulator.RespondStatus(http.StatusForbidden, "not in your plan")},
				})
			}
			got, err := check(t, api, tc.config, true)
			got += "---- stderr\n"
			if err != nil {
				got += err.Error() + "\n"
			}
			if good := err == nil; good != tc.want {
				t.Errorf("all is good: %t, want %t", good, tc.want)
			}
			testkit.Golden(t, "online_"+strings.NewReplacer(" ", "_", "'", "").Replace(tc.name)+".txt", got)
			for _, key := range []string{testkit.Key, "wrong"} {
				if strings.Contains(got, key) {
					t.Errorf("the key is shown: %s", got)
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
	api := testkit.StartAPI(t, simulator.Options{Campaigns: []simulator.Campaign{testkit.Aggregated(1, 10)}})
	api.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.RespondStatus(http.StatusForbidden, "go away")}})
	got, err := check(t, api, "accounts: [{base_url: API, campaigns: [1]}]", true)
	if err == nil {
		t.Error("it found nothing wrong")
	}
	if testkit.CountLines(got, "failed:     GET /campaigns/: forbidden (status 403): go away") != 1 {
		t.Errorf("it doesn't tell what failed: %s", got)
	}
}
