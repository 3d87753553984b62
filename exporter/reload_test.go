package exporter_test

import (
	"testing"
	"testing/synctest"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead/simulator"
)

// A key from elsewhere, and another server, make all due at once; a new name and another way of writing the same do not.
func TestReloadsThatMakeAllDue(t *testing.T) {
	for _, tt := range []struct {
		name, before, after string
		want                int // requests after the reload
	}{
		{"nothing else", "{api_key: the-key, campaigns: [1, 2]}", "{api_key: the-key, campaigns: [1, 2]}", 0},
		{"another name", "{name: a, api_key: the-key, campaigns: [1, 2]}", "{name: b, api_key: the-key, campaigns: [1, 2]}", 0},
		{"another key", "{api_key: the-key, campaigns: [1, 2]}", "{api_key: another-key, campaigns: [1, 2]}", 3},
		{"a key in a file", "{api_key: the-key, campaigns: [1, 2]}", "{api_key_file: key, campaigns: [1, 2]}", 3},
		{"another server", "{base_url: 'https://one.test/v1', api_key: the-key, campaigns: [1, 2]}", "{base_url: 'https://two.test/v1', api_key: the-key, campaigns: [1, 2]}", 3},
		{"the same server", "{base_url: 'https://one.test/v1', api_key: the-key, campaigns: [1, 2]}", "{base_url: 'https://ONE.test:443/v1/', api_key: the-key, campaigns: [1, 2]}", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := newSimulator(t, simulator.Options{Prefix: "/v1"})
				if tt.name != "another server" && tt.name != "the same server" {
					sim = newSimulator(t, simulator.Options{})
				}
				e := begin(t, sim)
				testkit.Overwrite(t, e.dir+"/key", "the-key")
				e.mustApply("{accounts: [" + tt.before + "]}")
				e.scrape()
				synctest.Wait()
				sim.ForgetRequests()
				e.mustApply("{accounts: [" + tt.after + "]}")
				e.scrape()
				synctest.Wait()
				if got := len(sim.Requests()); got != tt.want {
					t.Errorf("there were %d requests after the reload, want %d", got, tt.want)
				}
			})
		})
	}
}
