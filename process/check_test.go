package process_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead/simulator"
)

// A check writes its plan to stdout and ends with a status that scripts can go by, with and without the API.
func TestCheckStatuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		flag, key string
		want      int
	}{
		{"--config.check", testkit.Key, 0},
		{"--config.check", "wrong", 0},
		{"--config.check-online", testkit.Key, 0},
		{"--config.check-online", "wrong", 1},
	} {
		t.Run(tc.flag+" with the key "+tc.key, func(t *testing.T) {
			t.Parallel()
			api := testkit.StartAPI(t, simulator.Options{Keys: []string{testkit.Key}, Campaigns: []simulator.Campaign{testkit.Aggregated(1, 10)}})
			p := run(t, launch{
				args: []string{tc.flag}, env: keyInEnv(tc.key),
				dir: testkit.Write(t, map[string]string{"config.yml": api.Configure("accounts: [{base_url: API, campaigns: [1]}]")}),
			})
			if status := p.wait(); status != tc.want {
				t.Errorf("exit status %d, want %d", status, tc.want)
			}
			if !strings.HasPrefix(p.stdout.String(), "config.yml is good: 1 account\n") {
				t.Errorf("stdout is %q", p.stdout)
			}
			if lines := strings.Count(p.stderr.String(), "\n"); lines != tc.want {
				t.Errorf("stderr has %d lines, want %d", lines, tc.want)
			}
		})
	}
}

// The number of series is what a scrape has then, for a campaign that says which steps it is about.
func TestCheckCountsSeries(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)
	for _, tc := range []struct{ name, interval, steps string }{
		{"without a list", "0s", "1"},
		{"without a list, two steps", "0s", "1, 2"},
		{"with a list", "1h", "1"},
		{"with a list, two steps", "1h", "1, 2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			api := testkit.StartAPI(t, simulator.Options{Campaigns: []simulator.Campaign{{
				ID: 67890, CreatedAt: day, MaxLeadsPerDay: 50,
				Source: simulator.Fixed(simulator.Email{Step: 1, SentTime: day}, simulator.Email{Step: 2, SentTime: day}),
			}}})
			p := startWith(t, api, "accounts: [{base_url: API, metadata_interval: "+tc.interval+", campaigns: [{id: 67890, sequence_numbers: ["+tc.steps+"]}]}]")
			series := p.scrape().With(func(series string) bool { return strings.Contains(series, `campaign_id="67890"`) })
			check := run(t, launch{args: []string{"--config.check"}, env: keyInEnv(testkit.Key), dir: p.cmd.Dir})
			check.wait()
			if want := fmt.Sprintf("  series:     %d\n", len(series)); !strings.Contains(check.stdout.String(), want) {
				t.Errorf("a scrape has %d series, but the plan is:\n%s", len(series), check.stdout)
			}
		})
	}
}
