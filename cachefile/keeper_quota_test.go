package cachefile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/cachefile"
	"smartlead_exporter/collector"
	"smartlead_exporter/smartlead"
)

// nothing is a store without anything to keep.
type nothing struct{}

func (nothing) Remember() ([]collector.AccountSnapshot, uint64) { return nil, 1 }
func (nothing) Changes() uint64                                 { return 1 }
func (nothing) Restore([]collector.AccountSnapshot)             {}

// memories is a quota that notes what it is given.
type memories struct {
	now      []smartlead.BudgetMemory
	restored []smartlead.BudgetMemory
	clean    bool
}

func (m *memories) Remember() []smartlead.BudgetMemory { return m.now }

func (m *memories) Restore(list []smartlead.BudgetMemory, clean bool) {
	m.restored, m.clean = list, clean
}

// What was asked with a key is kept at the end, and known not to be all as soon as there can be more.
func TestKeeperOfTheQuota(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	one, two := keys(1), keys(2)
	start := func(now []smartlead.BudgetMemory) (*cachefile.Keeper, *memories) {
		quota := &memories{now: now}
		k := cachefile.NewKeeper(log.NewNopLogger(), nothing{}, quota)
		if err := k.Use(path); err != nil {
			t.Fatal(err)
		}
		return k, quota
	}
	k, quota := start(one)
	if quota.restored != nil {
		t.Errorf("without a file, %v was restored", quota.restored)
	}
	k.Begin()
	_, quota = start(one) // after a crash
	if diff := cmp.Diff(one, quota.restored); diff != "" || quota.clean {
		t.Errorf("after a crash: clean %t, keys (-want +got):\n%s", quota.clean, diff)
	}
	k, _ = start(two)
	k.Begin()
	k.End()
	k, quota = start(one)
	if diff := cmp.Diff(two, quota.restored); diff != "" || !quota.clean {
		t.Errorf("after a clean end: clean %t, keys (-want +got):\n%s", quota.clean, diff)
	}
	k.Begin() // a crash follows
	if _, quota = start(one); quota.clean {
		t.Error("a crash after a clean end passes for a clean end")
	}
}

// A key is in no file.
func TestKeeperHoldsNoKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const key = "the-key-that-is-nowhere"
		path := filepath.Join(t.TempDir(), "cache")
		budgets := smartlead.NewBudgets()
		client, err := smartlead.NewClient(smartlead.Options{Key: func() (string, error) { return key, nil }, Budgets: budgets})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		before := client.Budget()
		k := cachefile.NewKeeper(log.NewNopLogger(), nothing{}, budgets)
		if err := k.Use(path); err != nil {
			t.Fatal(err)
		}
		k.Begin()
		content, err := os.ReadFile(path)
		if err != nil || strings.Contains(string(content), key) || !strings.Contains(string(content), "KeyHash") {
			t.Errorf("the file holds %s (%v)", content, err)
		}
		time.Sleep(time.Second)
		after := smartlead.NewBudgets()
		if err := cachefile.NewKeeper(log.NewNopLogger(), nothing{}, after).Use(path); err != nil {
			t.Fatal(err)
		}
		again, err := smartlead.NewClient(smartlead.Options{Key: func() (string, error) { return key, nil }, Budgets: after})
		if err != nil {
			t.Fatal(err)
		}
		defer again.Close()
		if got := again.Budget(); before.MinuteLeft != 6 || got.MinuteLeft != 0 || got.HourLeft != 0 {
			t.Errorf("after a crash %v and %v are left, want nothing", got.MinuteLeft, got.HourLeft)
		}
	})
}
