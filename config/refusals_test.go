package config_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/config"
)

// refusal is a file that is refused, and everything that is said about it, a problem a line.
type refusal struct {
	name string
	yaml string
	want string
}

// check parses each file as config.yml and compares all its problems.
func check(t *testing.T, refusals []refusal) {
	t.Helper()
	t.Setenv("SMARTLEAD_API_KEY", "key")
	for _, tc := range refusals {
		t.Run(tc.name, func(t *testing.T) {
			cfg, err := config.Parse("config.yml", []byte(tc.yaml))
			if cfg != nil {
				t.Error("a refused file came with a configuration")
			}
			if diff := cmp.Diff(tc.want, message(t, err)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// message returns what an error says, which must be what its problems say.
func message(t *testing.T, err error) string {
	t.Helper()
	refused, ok := errors.AsType[*config.Error](err)
	if !ok {
		t.Fatalf("got error %v, want a *config.Error", err)
	}
	all := make([]string, len(refused.Problems))
	for i, p := range refused.Problems {
		all[i] = p.String()
	}
	if got := strings.Join(all, "\n"); got != err.Error() {
		t.Errorf("the error reads\n%v\nbut its problems\n%s", err, got)
	}
	return err.Error()
}

// inAccount returns a file with an account that has these lines, from line 2 on.
func inAccount(lines ...string) string {
	return "accounts:\n  - " + strings.Join(lines, "\n    ") + "\n"
}

// inCampaign returns a file with a campaign that has these lines, from line 3 on.
func inCampaign(lines ...string) string {
	return "accounts:\n  - campaigns:\n    - " + strings.Join(lines, "\n      ") + "\n"
}

func TestRefusedCache(t *testing.T) {
	const accounts = "accounts: [{campaigns: [1]}]\n"
	check(t, []refusal{
		{
			"no mapping", accounts + "cache: 45s\n",
			"config.yml:2: cache is not a mapping: write key: value, such as ttl: 45s",
		},
		{
			"a duration without a unit", accounts + "cache: {ttl: 45}\n",
			`config.yml:2: ttl is "45", which is no duration: write a number with a unit, such as 45s, 5m, 1h30m or 30d`,
		},
		{
			"a duration in words", accounts + "cache:\n  ttl: 45s\n  max_stale: one hour\n",
			`config.yml:4: max_stale is "one hour", which is no duration: write a number with a unit, such as 45s, 5m, 1h30m or 30d`,
		},
		{
			"a negative duration", accounts + "cache: {max_stale: -1h}\n",
			`config.yml:2: max_stale is "-1h", which is no duration: write a number with a unit, such as 45s, 5m, 1h30m or 30d`,
		},
		{
			"a list for a duration", accounts + "cache:\n  ttl: [45s]\n",
			"config.yml:3: ttl is not a single value: write ttl: followed by one, in quotes if it has special characters",
		},
		{
			"a ttl of 0", accounts + "cache: {ttl: 0s}\n",
			"config.yml:2: ttl is 0: write a little less than the scrape interval, such as 45s",
		},
		{
			"max_stale below ttl", accounts + "cache:\n  ttl: 5m\n  max_stale: 4m\n",
			"config.yml:4: max_stale (4m) is shorter than ttl (5m): write at least the ttl, or 0s to have values go at the first failure",
		},
		{
			"the default max_stale below ttl", accounts + "cache:\n  ttl: 2h\n",
			"config.yml:3: max_stale (1h) is shorter than ttl (2h): write at least the ttl, or 0s to have values go at the first failure",
		},
		{
			"an unknown key", accounts + "cache:\n  tll: 45s\n",
			`config.yml:3: unknown key "tll" in cache: did you mean ttl?`,
		},
	})
}
