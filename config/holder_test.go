package config_test

import (
	"errors"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"smartlead_exporter/config"
)

func TestHolderKeepsTheLastGood(t *testing.T) {
	t.Setenv("SMARTLEAD_API_KEY", "key")
	path := write(t, "config.yml", inAccount("campaigns: [1]"))
	holder := config.NewHolder(path)
	if holder.Current() != nil {
		t.Error("a configuration before the first load")
	}

	errApply := errors.New("can't be applied")
	refuse := func(*config.Config) error { return errApply }
	for _, step := range []struct {
		name  string
		file  string
		apply func(*config.Config) error
		want  int64  // The id of the campaign held afterwards; 0 for none.
		err   string // What the error has in it.
	}{
		{"apply fails at first", inAccount("campaigns: [1]"), refuse, 0, "can't be applied"},
		{"the first good one", inAccount("campaigns: [1]"), nil, 1, ""},
		{"not YAML", "accounts: [", nil, 1, "not valid YAML"},
		{"refused", inAccount("campaigns: [0]"), nil, 1, "campaign id"},
		{"apply fails", inAccount("campaigns: [2]"), refuse, 1, "can't be applied"},
		{"another good one", inAccount("campaigns: [3]"), func(*config.Config) error { return nil }, 3, ""},
	} {
		t.Run(step.name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte(step.file), 0o600); err != nil {
				t.Fatal(err)
			}
			err := holder.Reload(step.apply)
			if (err == nil) != (step.err == "") || err != nil && !strings.Contains(err.Error(), step.err) {
				t.Errorf("got error %v, want %q", err, step.err)
			}
			var got int64
			if cfg := holder.Current(); cfg != nil {
				got = cfg.Accounts[0].Campaigns[0].ID
			}
			if got != step.want {
				t.Errorf("holds campaign %d, want %d", got, step.want)
			}
		})
	}

	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := holder.Reload(nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v without the file", err)
	}
	if holder.Current().Accounts[0].Campaigns[0].ID != 3 {
		t.Error("the last good configuration went with the file")
	}
}

func TestHolderAppliesOneAfterTheOther(t *testing.T) {
	t.Setenv("SMARTLEAD_API_KEY", "key")
	holder := config.NewHolder(write(t, "config.yml", inAccount("campaigns: [1]")))
	var applying, applied atomic.Int64
	var done sync.WaitGroup
	for range 8 {
		done.Go(func() {
			err := holder.Reload(func(cfg *config.Config) error {
				if applying.Add(1) != 1 {
					t.Error("two reloads at once")
				}
				defer applying.Add(-1)
				applied.Add(1)
				return nil
			})
			if err != nil || holder.Current() == nil {
				t.Errorf("got %v, holding %v", err, holder.Current())
			}
		})
	}
	done.Wait()
	if applied.Load() != 8 {
		t.Errorf("applied %d times, want 8", applied.Load())
	}
}

// TestHolderIsReadWhileApplying proves that a scrape does not wait for a reload, and sees the old configuration until
// the new one is applied.
func TestHolderIsReadWhileApplying(t *testing.T) {
	t.Setenv("SMARTLEAD_API_KEY", "key")
	holder := config.NewHolder(write(t, "config.yml", inAccount("campaigns: [1]")))
	if err := holder.Reload(nil); err != nil {
		t.Fatal(err)
	}
	before := holder.Current()
	synctest.Test(t, func(t *testing.T) {
		proceed := make(chan struct{})
		go func() {
			if err := holder.Reload(func(*config.Config) error { <-proceed; return nil }); err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		if holder.Current() != before {
			t.Error("a configuration is held before it is applied")
		}
		close(proceed)
		synctest.Wait()
		if holder.Current() == before {
			t.Error("the new configuration is not held")
		}
	})
}

// Whether another reload is due goes by the file's content, and by what became of the last reload.
func TestHolderKnowsAChange(t *testing.T) {
	t.Setenv("SMARTLEAD_API_KEY", "key")
	path := write(t, "config.yml", inAccount("campaigns: [1]"))
	holder := config.NewHolder(path)
	var errApply error
	reload := func() { _ = holder.Reload(func(*config.Config) error { return errApply }) }
	replace := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		name string
		do   func()
		want bool
	}{
		{"nothing has been loaded", func() {}, true},
		{"loaded", reload, false},
		{"written with the same content", func() { replace(inAccount("campaigns: [1]")) }, false},
		{"other content", func() { replace(inAccount("campaigns: [2]")) }, true},
		{"loaded, too", reload, false},
		{"content that is refused", func() { replace("accounts: ["); reload() }, true},
		{"the good content again, not loaded", func() { replace(inAccount("campaigns: [2]")) }, true},
		{"loaded again", reload, false},
		{"can't be applied", func() { errApply = errors.New("a file isn't there yet"); reload() }, true},
		{"can be applied by now", func() { errApply = nil; reload() }, false},
		{"the file is gone", func() { _ = os.Remove(path) }, true},
		{"the same file is back", func() { replace(inAccount("campaigns: [2]")) }, false},
	} {
		step.do()
		if got := holder.Changed(); got != step.want {
			t.Errorf("%s: changed is %t, want %t", step.name, got, step.want)
		}
	}
}
