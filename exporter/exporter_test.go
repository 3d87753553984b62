package exporter_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/exporter"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead/simulator"
)

// A configuration that can't be put into force changes nothing: neither campaigns, nor budgets, nor the cache file.
func TestApplyChangesNothingIfItFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := begin(t, newSimulator(t, simulator.Options{}))
		e.mustApply("{cache: {file: cache}, accounts: [{api_key: the-key, rate_limit: {per_minute: 30}, campaigns: [1, 2]}]}")
		before, limits := e.store.Snapshot(), e.Ledger().Budget("default").Limits
		dir := filepath.Join(e.dir, "gone") // between being checked and being used
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		cfg := e.parse("{cache: {file: gone/cache}, accounts: [{api_key: the-key, rate_limit: {per_minute: 50}, campaigns: [3]}]}")
		if err := os.Remove(dir); err != nil {
			t.Fatal(err)
		}
		err := e.Apply(cfg)
		if err == nil || !strings.HasPrefix(err.Error(), filepath.Join(e.dir, "config.yml")+":1: cache.file: ") {
			t.Errorf("got %v, want an error that names cache.file and its line", err)
		}
		if diff := cmp.Diff(before, e.store.Snapshot()); diff != "" {
			t.Errorf("the store changed (-before +after):\n%s", diff)
		}
		if got := e.Ledger().Budget("default").Limits; got != limits {
			t.Errorf("the limits changed from %+v to %+v", limits, got)
		}
	})
}

// What has been spent isn't forgotten over a change of the configuration, and new limits are in force at once.
func TestBudgetOutlivesAConfiguration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := newSimulator(t, simulator.Options{})
		e := begin(t, sim)
		e.mustApply("{accounts: [{metadata_interval: 0s, api_key: the-key, rate_limit: {per_minute: 20}, campaigns: [1, 2]}]}")
		e.scrape()
		left := e.Ledger().Budget("default").MinuteLeft
		e.mustApply("{accounts: [{metadata_interval: 0s, api_key: the-key, rate_limit: {per_minute: 20}, campaigns: [3]}]}")
		if got := e.Ledger().Budget("default").MinuteLeft; got != left {
			t.Errorf("%v requests are left after a reload, want %v as before", got, left)
		}
		e.mustApply("{accounts: [{metadata_interval: 0s, api_key: the-key, rate_limit: {per_minute: 10, per_hour: 100, concurrency: 2}, campaigns: [3]}]}")
		if got := e.Ledger().Budget("default").Limits; got.PerMinute != 10 || got.PerHour != 100 || got.Concurrency != 2 {
			t.Errorf("the limits are %+v, want the new ones", got)
		}
	})
}

// The API can tell which program asks it.
func TestUserAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := newSimulator(t, simulator.Options{})
		e := begin(t, sim)
		e.mustApply("{accounts: [{api_key: the-key, campaigns: [1]}]}")
		e.scrape()
		for _, r := range sim.Requests() {
			if got := r.UserAgent; got != exporter.UserAgent() || !strings.HasPrefix(got, "smartlead_exporter/") {
				t.Errorf("the API was asked by %q", got)
			}
		}
	})
}

// Nothing of a URL that net/http complains of gets into the log.
func TestStandardLog(t *testing.T) {
	t.Parallel()
	journal := &testkit.Journal{}
	w := exporter.StandardLog(journal)
	for _, line := range []string{
		"Unsolicited response received on idle HTTP channel starting with \"GET /?api_key=secret\"; err=<nil>\n",
		"a complaint without quotation marks\n",
	} {
		if n, err := w.Write([]byte(line)); n != len(line) || err != nil {
			t.Errorf("Write returned %d and %v", n, err)
		}
	}
	got := journal.Take()
	if len(got) != 2 || got[0]["of"] != "Unsolicited response received on idle HTTP channel starting with" || got[1]["of"] != "a complaint without quotation marks" {
		t.Errorf("got %v", got)
	}
	if slices.ContainsFunc(got, func(l testkit.Line) bool { return l["level"] != "warn" }) {
		t.Errorf("not all at level warn: %v", got)
	}
}
