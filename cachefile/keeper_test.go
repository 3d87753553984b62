package cachefile_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"smartlead_exporter/cachefile"
	"smartlead_exporter/collector"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
)

// kept is a store whose knowledge is kept in a file.
type kept struct {
	*cachefile.Keeper
	t     *testing.T
	store *collector.Store
	api   *testkit.Fetcher
	log   *testkit.Journal
}

func keep(t *testing.T) *kept {
	t.Helper()
	metrics, err := collector.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	k := &kept{t: t, api: testkit.NewFetcher(), log: &testkit.Journal{}}
	k.store = collector.NewStore(log.NewNopLogger(), metrics)
	k.Keeper = cachefile.NewKeeper(k.log, k.store, smartlead.NewBudgets())
	var running sync.WaitGroup
	running.Go(func() { _ = k.store.Run(t.Context()) })
	t.Cleanup(running.Wait)
	return k
}

// configure does what a configuration with this file and these campaigns does.
func (k *kept) configure(path string, ids ...int64) error {
	k.t.Helper()
	settings := collector.Settings{TTL: time.Minute, MaxStale: time.Hour, Accounts: []collector.Account{{
		Name: "default", Fetcher: k.api, Concurrency: 1,
	}}}
	for _, id := range ids {
		settings.Accounts[0].Campaigns = append(settings.Accounts[0].Campaigns, collector.Campaign{Query: smartlead.StatisticsQuery{CampaignID: id}})
	}
	if err := k.Use(path); err != nil {
		return err
	}
	k.store.Apply(settings)
	return nil
}

// mustConfigure is configure where nothing is wrong.
func (k *kept) mustConfigure(path string, ids ...int64) {
	k.t.Helper()
	if err := k.configure(path, ids...); err != nil {
		k.t.Fatal(err)
	}
}

// fetch has the campaigns fetched that are due.
func (k *kept) fetch() {
	k.t.Helper()
	metrics := make(chan prometheus.Metric)
	go func() {
		defer close(metrics)
		collector.New(k.t.Context(), k.store).Collect(metrics)
	}()
	for range metrics { // nobody looks at them
	}
}

// fetched returns the campaigns with values in a file.
func fetched(t *testing.T, path string) []int64 {
	t.Helper()
	memory, err := cachefile.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	ids := []int64{}
	for _, a := range memory.Accounts {
		for _, c := range a.Campaigns {
			ids = append(ids, c.Query.CampaignID)
		}
	}
	return ids
}

func wantFetched(t *testing.T, when, path string, want ...int64) {
	t.Helper()
	if diff := cmp.Diff(append([]int64{}, want...), fetched(t, path)); diff != "" {
		t.Errorf("%s: campaigns in the file (-want +got):\n%s", when, diff)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// What a SIGKILL can lose is what came within the interval before it.
func TestKeeperSavesNowAndThen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	synctest.Test(t, func(t *testing.T) {
		k := keep(t)
		k.mustConfigure(path, 1, 2)
		ctx, end := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- k.Run(ctx) }()

		k.fetch()
		time.Sleep(cachefile.SaveInterval - 1)
		synctest.Wait()
		if exists(path) {
			t.Error("the file was written before the interval was over")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		wantFetched(t, "after the interval", path, 1, 2)

		// Without a change there is nothing to write.
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * cachefile.SaveInterval)
		synctest.Wait()
		if exists(path) {
			t.Error("the file was written although nothing had changed")
		}
		k.api.AnswerAll(testkit.Answer{Err: &smartlead.Error{Reason: smartlead.ErrNotFound}})
		k.fetch()
		time.Sleep(cachefile.SaveInterval)
		synctest.Wait()
		wantFetched(t, "after a failure, which has to be known after a restart", path, 1, 2)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		k.api.AnswerAll(testkit.Answer{})
		time.Sleep(10 * time.Minute) // any back-off is over
		k.fetch()
		time.Sleep(cachefile.SaveInterval)
		synctest.Wait()
		wantFetched(t, "after the next success", path, 1, 2)

		end()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Run returned %v, want the end of its context", err)
		}
	})
}

// What can't be written is told once, and again when it can.
func TestKeeperTellsOfFailuresOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "inside")
	path := filepath.Join(dir, "cache")
	synctest.Test(t, func(t *testing.T) {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		k := keep(t)
		k.mustConfigure(path, 1)
		k.fetch()
		if since, err := k.Failing(); err != nil || k.Failures() != 0 {
			t.Errorf("before it fails: since %s, %v, %d times", since, err, k.Failures())
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		for range 3 {
			k.Save()
			time.Sleep(time.Second)
		}
		if since, err := k.Failing(); !since.Equal(began) || err == nil || k.Failures() != 3 {
			t.Errorf("it fails since %s, %v, %d times; want since %s, an error, and 3", since, err, k.Failures(), began)
		}
		if got := k.log.Count("a restart would lose what was fetched"); got != 1 {
			t.Errorf("%d lines tell that the file can't be written, want one:\n%s", got, k.log)
		}
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			k.Save()
		}
		if got := k.log.Count("can be written again"); got != 1 {
			t.Errorf("%d lines tell that the file can be written again, want one:\n%s", got, k.log)
		}
		if since, err := k.Failing(); err != nil || k.Failures() != 3 {
			t.Errorf("in the end: it fails since %s, %v, %d times; want no longer, and 3", since, err, k.Failures())
		}
		wantFetched(t, "in the end", path, 1)
	})
}

// A reload can have the file elsewhere. All that is known goes there, whether it is new or was remembered.
func TestKeeperMoves(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	synctest.Test(t, func(t *testing.T) {
		first := keep(t)
		first.mustConfigure(at("a"), 1, 2)
		first.fetch()
		first.Save()
		before, err := os.ReadFile(at("a"))
		if err != nil {
			t.Fatal(err)
		}

		second := keep(t)
		second.mustConfigure(at("a"), 1, 2)
		second.mustConfigure(at("b"), 1, 2)
		second.Save() // nothing was fetched since the start
		wantFetched(t, "at its new place", at("b"), 1, 2)
		if after, err := os.ReadFile(at("a")); err != nil || !bytes.Equal(before, after) {
			t.Errorf("the file at the old place was changed, or is gone: %v", err)
		}

		second.mustConfigure("", 1, 2)
		time.Sleep(time.Minute)
		second.fetch()
		second.Save()
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
			t.Errorf("without a file something was written: %v, %v", entries, err)
		}

		// A reload that names no good place is refused and changes nothing.
		third := keep(t)
		third.mustConfigure(at("b"), 1, 2)
		for name, path := range map[string]string{"no directory": at("none/cache"), "a directory": dir, "below a file": at("a/cache")} {
			if err := third.configure(path, 3); err == nil || !strings.HasPrefix(err.Error(), "cache.file: ") {
				t.Errorf("%s: got %v, want an error that names cache.file", name, err)
			}
		}
		time.Sleep(time.Hour)
		third.fetch()
		if err := os.Remove(at("b")); err != nil {
			t.Fatal(err)
		}
		third.Save()
		wantFetched(t, "where it was", at("b"), 1, 2)
	})
}

// What isn't configured any more isn't kept any more, though nothing is fetched.
func TestKeeperForgetsCampaigns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	synctest.Test(t, func(t *testing.T) {
		first := keep(t)
		first.mustConfigure(path, 1, 2, 3)
		first.fetch()
		first.Save()
		wantFetched(t, "at first", path, 1, 2, 3)
		first.mustConfigure(path, 2, 3)
		first.Save()
		wantFetched(t, "after a reload", path, 2, 3)

		second := keep(t)
		second.mustConfigure(path, 3, 4)
		second.Save()
		wantFetched(t, "after a restart", path, 3)
		if asked := second.api.Order(); len(asked) > 0 {
			t.Errorf("the API was asked for %v", asked)
		}
	})
}

// A file that isn't there at the start is no trouble, nor is one that a reload leads to when the store knows more.
func TestKeeperStartsWithoutFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	synctest.Test(t, func(t *testing.T) {
		k := keep(t)
		k.mustConfigure(path, 1)
		for line := range strings.Lines(k.log.String()) {
			if !strings.Contains(line, "level=info ") {
				t.Errorf("the log complains: %s", line)
			}
		}
		k.Save()
		k.fetch()
		k.Save()
		wantFetched(t, "after the first fetch", path, 1)
		entries, err := os.ReadDir(filepath.Dir(path))
		if err != nil {
			t.Fatal(err)
		}
		names := map[string]bool{}
		for _, e := range entries {
			names[e.Name()] = true
		}
		if got := slices.Sorted(maps.Keys(names)); !slices.Equal(got, []string{"cache"}) {
			t.Errorf("there are the files %v, want the cache alone", got)
		}
	})
}

// What isn't a cache file is neither replaced nor moved, whoever names it for one.
func TestForeignFilesAreRefused(t *testing.T) {
	for name, content := range map[string]string{
		"notes": "my notes\n", "a configuration": "accounts:\n  - campaigns: [1]\n", "a key": "8f2c", "JSON": `{"format":"something else"}`,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := cachefile.CheckSetting(path); err == nil || !strings.Contains(err.Error(), path) || strings.Count(err.Error(), "name a") != 1 || strings.Contains(err.Error(), "write there") {
				t.Errorf("got %v, want the file to be refused by its name, with one remedy", err)
			}
			if got, err := os.ReadFile(path); string(got) != content || err != nil {
				t.Errorf("the file holds %q (%v), want what it held", got, err)
			}
		})
	}
}

// A link where the file is written before it takes its place leads nowhere.
func TestSaveFollowsNoLink(t *testing.T) {
	dir := t.TempDir()
	path, victim := filepath.Join(dir, "cache"), filepath.Join(dir, "victim")
	if err := os.WriteFile(victim, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(victim, path+".new"); err != nil {
		t.Skip(err)
	}
	if err := cachefile.Save(path, cachefile.Memory{Accounts: memory(1)}); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(victim); string(got) != "precious" {
		t.Errorf("the file behind the link holds %q", got)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("the cache file is %v (%v), want a regular file that others can't read", info, err)
	}
}

// Two exporters on one file don't overwrite what the other keeps without a word.
func TestTwoKeepersOnOneFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	synctest.Test(t, func(t *testing.T) {
		one, other := keep(t), keep(t)
		one.mustConfigure(path, 1)
		other.mustConfigure(path, 2)
		one.fetch()
		one.Save()
		other.fetch()
		other.Save()
		time.Sleep(cachefile.SaveInterval)
		one.Begin()
		if _, err := one.Failing(); err == nil || !strings.Contains(err.Error(), "another process") {
			t.Errorf("got %v, want it to be told that another process writes the file", err)
		}
	})
}
