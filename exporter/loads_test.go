package exporter_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/config"
	"smartlead_exporter/exporter"
	"smartlead_exporter/internal/testkit"
)

// What was loaded is told by how much there is in it, and what was refused by each problem on a line of its own.
func TestLoadsAreTold(t *testing.T) {
	t.Setenv("LOADS_TEST_KEY", "the-key")
	for name, tc := range map[string]struct {
		text string
		want []string
	}{
		"good": {
			"accounts: [{name: a, api_key_env: LOADS_TEST_KEY, campaigns: [1, 2], collect: [leads, people]}, " +
				"{name: b, api_key_env: LOADS_TEST_KEY, rate_limit: {per_minute: 5}, base_url: 'http://127.0.0.1/api/v1', campaigns: [3], discovery: {}, collect: [leads]}]",
			[]string{"accounts=2 campaigns=3 discovering=1 file=config.yml level=info msg=loaded the configuration subjects=3"},
		},
		"bad": {"accounts: [x]\ncache: 5\n", []string{
			"level=error msg=the configuration was refused problem=config.yml:1: an account is not a mapping: write key: value, such as campaigns: [12345]",
			"level=error msg=the configuration was refused problem=config.yml:2: cache is not a mapping: write key: value, such as ttl: 45s",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var journal testkit.Journal
			cfg, err := config.Parse("config.yml", []byte(tc.text))
			exporter.LogLoaded(&journal, "config.yml", cfg, err)
			var got []string
			for _, line := range journal.Take() {
				text := testkit.Text([]testkit.Line{line})
				got = append(got, text[:len(text)-1])
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("the lines (-want +got):\n%s", diff)
			}
		})
	}
}

// It is known since when the configuration is refused: the first time in a row.
func TestLoadsKnowSinceWhen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var err error
		loads := exporter.NewLoads(func() error { return err })
		load := func(fails error) time.Time {
			t.Helper()
			time.Sleep(time.Minute)
			if err = fails; !errors.Is(loads.Load(), fails) {
				t.Errorf("loading didn't return %v", fails)
			}
			return loads.RefusedSince()
		}
		bad := errors.New("no good")
		if at := load(nil); !at.IsZero() {
			t.Errorf("a good one is refused since %s", at)
		}
		first := load(bad)
		if !first.Equal(time.Now()) || !load(bad).Equal(first) {
			t.Errorf("refused since %s, then %s, want since now, the first time", first, loads.RefusedSince())
		}
		if at := load(nil); !at.IsZero() {
			t.Errorf("after a good one it is refused since %s", at)
		}
	})
}
