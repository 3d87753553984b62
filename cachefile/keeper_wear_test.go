package cachefile_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"

	"smartlead_exporter/cachefile"
	"smartlead_exporter/collector"
	"smartlead_exporter/smartlead"
)

// restless is a store that changes each time it is looked at, with a list of so many campaigns.
type restless struct {
	mu      sync.Mutex // a save can come at the very moment at which the test looks
	list    []smartlead.Campaign
	changes uint64
	count   int
}

func newRestless(campaigns int) *restless {
	r := &restless{}
	r.grow(campaigns)
	return r
}

func (r *restless) grow(campaigns int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for range campaigns {
		r.list = append(r.list, smartlead.Campaign{ID: int64(len(r.list) + 1), Name: strings.Repeat("x", 256)})
	}
}

// saves is how often it was written.
func (r *restless) saves() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count
}

func (r *restless) Changes() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changes++
	return r.changes
}

func (r *restless) Remember() ([]collector.AccountSnapshot, uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count++
	r.changes++
	return []collector.AccountSnapshot{{Name: "a", List: slices.Clone(r.list), ListLastSuccess: time.Now()}}, r.changes
}

func (r *restless) Restore([]collector.AccountSnapshot) {}

// However much changes, and however large the file is, no more than 1 GB a day is written: the interval grows with the size.
func TestWearOfTheDisk(t *testing.T) {
	const span = 15 * time.Minute
	const most = 1e9 / 96 // in this time
	for _, tt := range []struct {
		campaigns int
		reloads   time.Duration // how often a configuration is put into force; 0: never
		want      time.Duration // between two writes; 0: whatever
	}{
		{0, 0, cachefile.SaveInterval},
		{100, 0, cachefile.SaveInterval},
		{2_000, 0, 0},
		{2_000, time.Second, 0},
		{10_000, 0, 0},
	} {
		t.Run(fmt.Sprintf("%d campaigns, reloads each %v", tt.campaigns, tt.reloads), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "cache")
			synctest.Test(t, func(t *testing.T) {
				store := newRestless(tt.campaigns)
				keeper := cachefile.NewKeeper(log.NewNopLogger(), store, smartlead.NewBudgets())
				if err := keeper.Use(path); err != nil {
					t.Fatal(err)
				}
				keeper.Begin()
				size := fileSize(t, path)
				ctx, end := context.WithCancel(t.Context())
				go func() { _ = keeper.Run(ctx) }()
				if tt.reloads > 0 {
					for range span / tt.reloads {
						time.Sleep(tt.reloads)
						keeper.Begin()
					}
				} else {
					time.Sleep(span)
				}
				end()
				synctest.Wait()
				written := float64(store.saves()-1) * size
				if written > most {
					t.Errorf("%.1f MB were written in a quarter of an hour, %d times, want at most %.1f", written/1e6, store.saves()-1, most/1e6)
				}
				if tt.want > 0 {
					if want := int(span / tt.want); store.saves()-1 != want && store.saves()-1 != want-1 {
						t.Errorf("it was written %d times in a quarter of an hour, want %d", store.saves()-1, want)
					}
				} else if written < most/2 {
					t.Errorf("%.1f MB were written in a quarter of an hour, so a kill loses more than it has to", written/1e6)
				}
				if store.saves() < 2 {
					t.Error("it was never written again")
				}
			})
		})
	}
}

// What a file of another size may cost is known by the file that is there.
func TestWearGrowsWithTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	synctest.Test(t, func(t *testing.T) {
		store := newRestless(2_500)
		keeper := cachefile.NewKeeper(log.NewNopLogger(), store, smartlead.NewBudgets())
		if err := keeper.Use(path); err != nil {
			t.Fatal(err)
		}
		ctx, end := context.WithCancel(t.Context())
		go func() { _ = keeper.Run(ctx) }()
		var saves [2]int
		for i := range saves {
			keeper.Save()
			before := store.saves()
			time.Sleep(30 * time.Minute)
			saves[i] = store.saves() - before
			store.grow(7_500)
		}
		end()
		synctest.Wait()
		if few, many := saves[1], saves[0]; few < 2 || many < 3*few || many > 5*few {
			t.Errorf("it was written %d times, and %d when it was four times as large", many, few)
		}
	})
}

// The first configuration is written down at once, since from then on what was asked before isn't all.
func TestBeginMarksTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	synctest.Test(t, func(t *testing.T) {
		for range 2 {
			keeper := cachefile.NewKeeper(log.NewNopLogger(), newRestless(1), smartlead.NewBudgets())
			if err := keeper.Use(path); err != nil {
				t.Fatal(err)
			}
			keeper.Begin()
			if m, err := cachefile.Load(path); err != nil || m.Clean {
				t.Fatalf("got clean %v and %v, want a file that says that it is in use", m.Clean, err)
			}
			keeper.End()
			if m, err := cachefile.Load(path); err != nil || !m.Clean {
				t.Fatalf("got clean %v and %v, want a file that says that all is in it", m.Clean, err)
			}
		}
	})
}

func fileSize(t *testing.T, path string) float64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return float64(info.Size())
}
