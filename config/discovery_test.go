package config_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"

	"smartlead_exporter/config"
)

// inDiscovery returns a file with a discovery that has these lines, from line 3 on.
func inDiscovery(lines ...string) string {
	return "accounts:\n  - discovery:\n      " + strings.Join(lines, "\n      ") + "\n"
}

func TestRefusedDiscovery(t *testing.T) {
	check(t, []refusal{
		{
			"no value", inAccount("campaigns: [1]", "discovery:"),
			"config.yml:3: discovery has no value: write discovery: {} for every campaign, conditions below it, or leave it out",
		},
		{
			"a truth", inAccount("discovery: true"),
			"config.yml:2: discovery is not a mapping: write key: value, such as interval: 10m",
		},
		{
			"an unknown key", inDiscovery("status: ACTIVE"),
			`config.yml:3: unknown key "status" in discovery: did you mean statuses?`,
		},
		{
			"a short interval", inDiscovery("interval: 59s"),
			"config.yml:3: interval is 59s: write at least 1m, since each list of campaigns takes from the request budget",
		},
		{
			"no interval", inDiscovery("tags: [a]", "interval: 0s"),
			"config.yml:4: interval is 0s: write at least 1m, since each list of campaigns takes from the request budget",
		},
		{
			"statuses that are no list", inDiscovery("statuses: ACTIVE"),
			"config.yml:3: statuses is not a list: write each item on a line of its own, such as - ACTIVE",
		},
		{
			"empty items", inDiscovery("statuses:", "  - ACTIVE", "  -", `tags: [""]`, "client_ids: [~]"),
			"config.yml:5: an empty item in statuses: write a value, or leave it out\n" +
				"config.yml:6: an empty item in tags: write a value, or leave it out\n" +
				"config.yml:7: an empty item in client_ids: write a value, or leave it out",
		},
		{
			"a tag in a list of its own", inDiscovery("tags: [[a]]"),
			"config.yml:3: an item of tags is not a single value: write an item of tags: followed by one, in quotes if it has special characters",
		},
		{
			"an expression that does not end", inDiscovery(`name: "Q4 (.*"`),
			`config.yml:3: name is "Q4 (.*", which is no regular expression: missing closing ): write RE2 syntax, such as "Q4 .*"`,
		},
		{
			"an expression that ends the group around it", inDiscovery(`exclude_name: "a)|(b"`),
			`config.yml:3: exclude_name is "a)|(b", which is no regular expression: unexpected ): write RE2 syntax, such as "Q4 .*"`,
		},
		{
			"an expression of another syntax", inDiscovery(`name: "(?!test).*"`),
			`config.yml:3: name is "(?!test).*", which is no regular expression: invalid or unsupported Perl syntax: write RE2 syntax, such as "Q4 .*"`,
		},
		{
			"no campaigns at all", inDiscovery("max_campaigns: 0"),
			`config.yml:3: max_campaigns is "0": write a whole number from 1 to 100000`,
		},
		{
			"too many campaigns", inDiscovery("max_campaigns: 100001"),
			`config.yml:3: max_campaigns is "100001": write a whole number from 1 to 100000`,
		},
		{
			"a shard past the last", inDiscovery("shard: 4/3"),
			`config.yml:3: shard is "4/3", which has no part 4 among 3: write 1/3, 2/3 or 3/3 for a part of three`,
		},
		{
			"a shard before the first", inDiscovery("shard: 0/2"),
			`config.yml:3: shard is "0/2", which has no part 0 among 2: write 1/3, 2/3 or 3/3 for a part of three`,
		},
		{
			"a shard of none", inDiscovery("shard: 0/0"),
			`config.yml:3: shard is "0/0", which has no part 0 among 0: write 1/3, 2/3 or 3/3 for a part of three`,
		},
		{
			"a shard without a slash", inDiscovery("shard: 1"),
			`config.yml:3: shard is "1", which has no /: write 1/3, 2/3 or 3/3 for a part of three`,
		},
		{
			"a shard without numbers", inDiscovery("shard: a/3"),
			`config.yml:3: shard is "a/3", which has no number before the /: write 1/3, 2/3 or 3/3 for a part of three`,
		},
		{
			"a shard with two slashes", inDiscovery("shard: 1/2/3"),
			`config.yml:3: shard is "1/2/3", which has no number after the /: write 1/3, 2/3 or 3/3 for a part of three`,
		},
	})
}

func TestDiscovery(t *testing.T) {
	t.Setenv("SMARTLEAD_API_KEY", "key")
	regexp := func(s string) config.Regexp {
		t.Helper()
		compiled, err := config.NewRegexp(s)
		if err != nil {
			t.Fatal(err)
		}
		return compiled
	}
	sameExpression := cmp.Comparer(func(a, b config.Regexp) bool { return a.IsZero() == b.IsZero() && a.String() == b.String() })
	for _, tc := range []struct {
		name string
		yaml string
		want *config.Discovery
	}{
		{"absent", inAccount("campaigns: [1]"), nil},
		{"empty", inAccount("discovery: {}"), &config.Discovery{Interval: model.Duration(10 * time.Minute), MaxCampaigns: 1000}},
		{"beside campaigns", inAccount("discovery: {interval: 1m}", "campaigns: [1]"), &config.Discovery{Interval: model.Duration(time.Minute), MaxCampaigns: 1000}},
		{
			"every setting",
			inDiscovery("interval: 1h", "statuses: [active, Paused]", `name: "Q4 .*"`, `exclude_name: ".*test.*"`,
				"client_ids: [77, a1]", "tags: [outbound, 2026]", "max_campaigns: 100000", "shard: 3/3"),
			&config.Discovery{
				Interval: model.Duration(time.Hour), Statuses: []string{"ACTIVE", "PAUSED"},
				Name: regexp("Q4 .*"), ExcludeName: regexp(".*test.*"),
				ClientIDs: []string{"77", "a1"}, Tags: []string{"outbound", "2026"},
				MaxCampaigns: 100_000, Shard: config.Shard{Index: 3, Count: 3},
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := parse(t, tc.yaml)
			if d := cmp.Diff(tc.want, cfg.Accounts[0].Discovery, sameExpression); d != "" {
				t.Errorf("discovery (-want +got):\n%s", d)
			}
			if len(cfg.Warnings) != 0 {
				t.Errorf("warns: %v", cfg.Warnings)
			}
			again := parse(t, cfg.String())
			if d := cmp.Diff(tc.want, again.Accounts[0].Discovery, sameExpression); d != "" {
				t.Errorf("discovery, printed and read again (-want +got):\n%s", d)
			}
		})
	}
}

func TestUnknownStatusesAreWarnedAbout(t *testing.T) {
	t.Setenv("SMARTLEAD_API_KEY", "key")
	cfg := parse(t, inDiscovery("statuses:", "  - actve", "  - warming"))
	if got, want := cfg.Accounts[0].Discovery.Statuses, []string{"ACTVE", "WARMING"}; !cmp.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	want := `[config.yml:4: status "actve" is not known: did you mean ACTIVE? ` +
		`config.yml:5: status "warming" is not known: the known ones are DRAFTED, ACTIVE, PAUSED, STOPPED, COMPLETED, ARCHIVED]`
	if got := fmt.Sprint(cfg.Warnings); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestMatchesName(t *testing.T) {
	t.Setenv("SMARTLEAD_API_KEY", "key")
	for _, tc := range []struct {
		conditions string
		name       string
		want       bool
	}{
		{"", "anything", true},
		{"", "", true},
		{"name: Q4", "Q4", true},
		{"name: Q4", "Q4 outreach", false},
		{"name: Q4.*", "Q4\noutreach", true},
		{"name: a|b", "ab", false},
		{"name: ''", "Q4", false},
		{"name: ''", "", true},
		{"exclude_name: .*test.*", "a test", false},
		{"exclude_name: test", "a test", true},
		{"{name: Q4.*, exclude_name: .*test}", "Q4 test", false},
		{"{name: Q4.*, exclude_name: .*test}", "Q4 tests", true},
		{"name: (?i)q4", "Q4", true},
	} {
		if tc.conditions == "" {
			tc.conditions = "{}"
		}
		d := parse(t, inDiscovery(tc.conditions)).Accounts[0].Discovery
		if got := d.MatchesName(tc.name); got != tc.want {
			t.Errorf("%s: got %v for %q, want %v", tc.conditions, got, tc.name, tc.want)
		}
	}
}
