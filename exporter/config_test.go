package exporter_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"smartlead_exporter/smartlead/simulator"
)

// The configuration that is shown is the one in force, with its defaults and without its secrets.
func TestConfigInForce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := begin(t, newSimulator(t, simulator.Options{}))
		if got := e.Config(); got != "" {
			t.Errorf("before the first one: %q", got)
		}
		e.mustApply("{accounts: [{name: first, api_key: the-hidden-key, campaigns: [1], http_config: {basic_auth: {username: u, password: the-hidden-word}}}]}")
		dir := filepath.Join(e.dir, "gone")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		refused := e.parse("{cache: {file: gone/cache}, accounts: [{name: second, api_key: the-key, campaigns: [2]}]}")
		if err := os.Remove(dir); err != nil {
			t.Fatal(err)
		}
		if e.Apply(refused) == nil {
			t.Error("a configuration whose cache file has no directory was taken")
		}
		got := e.Config()
		for _, want := range []string{"name: first", "per_minute: 60", "<secret>"} {
			if !strings.Contains(got, want) {
				t.Errorf("it lacks %q:\n%s", want, got)
			}
		}
		for _, unwanted := range []string{"hidden", "second"} {
			if strings.Contains(got, unwanted) {
				t.Errorf("it has %q:\n%s", unwanted, got)
			}
		}
	})
}
