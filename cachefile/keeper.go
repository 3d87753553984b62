package cachefile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"smartlead_exporter/collector"
	"smartlead_exporter/smartlead"
)

// SaveInterval is the most that a SIGKILL can lose. Writing the file costs little, but its directory may be on a disk
// that wears.
const SaveInterval = 15 * time.Second

// Store is what has something to be kept, as *collector.Store does.
type Store interface {
	// Remember returns what there is to keep, and a number that is another one after each change worth keeping.
	Remember() (accounts []collector.AccountSnapshot, changes uint64)
	// Changes returns the number that Remember returns.
	Changes() uint64
	// Restore takes up what was kept.
	Restore(accounts []collector.AccountSnapshot)
}

// Quota is what knows how much was asked with each key, as *smartlead.Budgets does.
type Quota interface {
	// Remember returns what there is to keep.
	Remember() []smartlead.BudgetMemory
	// Restore takes up what was kept. clean says that nothing was asked since.
	Restore(keys []smartlead.BudgetMemory, clean bool)
}

// Keeper keeps what a store knows, and what was asked with each key, in the file that cache.file names, if it names one.
// It is safe for concurrent use.
type Keeper struct {
	logger log.Logger
	store  Store
	quota  Quota

	mu     sync.Mutex
	read   bool   // a file was, if only one that isn't there yet
	path   string // "": no file
	saved  uint64 // the store's changes when they were last saved there; 0 if never
	failed bool
	last   os.FileInfo // the file as it was last written here; nil if it wasn't
	at     time.Time   // of the newest try

	failures atomic.Uint64           // to write the file, since the start
	failing  atomic.Pointer[failure] // nil if the file can be written; read without mu, which a slow disk may hold
}

// failure is why the file can't be written, and since when.
type failure struct {
	since time.Time
	err   error
}

// NewKeeper returns a keeper of what a store and a quota know, which has no file yet.
func NewKeeper(logger log.Logger, store Store, quota Quota) *Keeper {
	return &Keeper{logger: logger, store: store, quota: quota}
}

// Use takes the file that a configuration names. The first one is read, before the store gets that configuration. It
// fails if the file can't be written: better now than when its content would be missed.
func (k *Keeper) Use(path string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if path == k.path {
		return nil
	}
	if err := CheckSetting(path); err != nil {
		return err
	}
	k.failing.Store(nil)
	if path != "" && !k.load(path) {
		k.fails(errors.New("it is somebody else's, or damaged, and can't be put aside"))
		path = ""
	}
	k.path, k.saved, k.last = path, 0, nil
	return nil
}

// CheckSetting fails if what cache.file names, if it names anything, can't be written. The error is fit to be shown to
// whoever wrote the setting.
func CheckSetting(path string) error {
	if path == "" {
		return nil
	}
	err := Check(path)
	var inTheSystem *fs.PathError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &inTheSystem):
		return fmt.Errorf("cache.file: %w; let the exporter write there, or name another file", err)
	default:
		return fmt.Errorf("cache.file: %w", err) // it says what to do
	}
}

// load gives the store what the first file remembers; from later ones there is nothing to learn. One that is of no use is
// put aside, since it may be somebody else's. load reports whether the place is free to be written to.
func (k *Keeper) load(path string) bool {
	memory, err := Load(path)
	if err != nil {
		aside := path + ".ignored"
		moveErr := inTheWay(aside)
		if moveErr == nil {
			moveErr = os.Rename(path, aside)
		}
		if moveErr != nil {
			_ = level.Error(k.logger).Log("msg", "the cache file is somebody else's, or damaged, and can't be put aside; nothing is kept until a reload finds that it can",
				"err", err, "move_err", moveErr)
			return false
		}
		_ = level.Warn(k.logger).Log("msg", "the cache file was ignored; nothing of it is shown", "err", err, "moved_to", aside)
		return true
	}
	if k.read {
		return true
	}
	k.read = true
	k.store.Restore(memory.Accounts)
	k.quota.Restore(memory.Keys, memory.Clean)
	campaigns := 0
	for _, a := range memory.Accounts {
		campaigns += len(a.Campaigns)
	}
	_ = level.Info(k.logger).Log("msg", "values are kept in the cache file", "file", path, "campaigns_read", campaigns)
	return true
}

// Failures returns how often the file couldn't be written since the start.
func (k *Keeper) Failures() uint64 { return k.failures.Load() }

// Failing returns since when the file can't be written, and why; a nil error if it can be, or if there is none.
func (k *Keeper) Failing() (since time.Time, err error) {
	if f := k.failing.Load(); f != nil {
		return f.since, f.err
	}
	return time.Time{}, nil
}

// fails takes note that the file can't be written. k.mu is held.
func (k *Keeper) fails(err error) {
	k.failures.Add(1)
	since := time.Now()
	if f := k.failing.Load(); f != nil {
		since = f.since
	}
	k.failing.Store(&failure{since, err})
}

// Run saves now and then, until ctx ends.
func (k *Keeper) Run(ctx context.Context) error {
	ticks := time.NewTicker(SaveInterval)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
			if k.due() {
				k.Save()
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Save writes the file if anything changed since the last time.
func (k *Keeper) Save() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.store.Changes() != k.saved {
		k.save(false)
	}
}

// bytesPerDay is how much is written a day at the most, since the disk may be one that wears.
const bytesPerDay = 1e9

// due reports whether the file may be written again. How long it stays as it is at least grows with its size.
func (k *Keeper) due() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.isDue()
}

// isDue is due with k.mu held.
func (k *Keeper) isDue() bool {
	return k.last == nil || time.Since(k.at).Hours() >= 24*float64(k.last.Size())/bytesPerDay
}

// others returns an error if another process has written the file since it was last written here.
func (k *Keeper) others() error {
	if k.last == nil {
		return nil
	}
	if now, err := os.Stat(k.path); err == nil && !os.SameFile(now, k.last) {
		return fmt.Errorf("another process has written %s: give each exporter a cache.file of its own", k.path)
	}
	return nil
}

// Begin is called when a configuration has been put into force: what was asked before is known from then on not to be all.
// A file that doesn't say so yet is written, whatever has changed; one that does is written when it is due.
func (k *Keeper) Begin() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.isDue() {
		k.save(false)
	}
}

// End writes the file for the last time, when nothing is asked any more.
func (k *Keeper) End() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.save(true)
}

func (k *Keeper) save(clean bool) {
	if k.path == "" {
		return
	}
	accounts, changes := k.store.Remember()
	k.at = time.Now() // also of a try that fails: it may have filled the disk
	err := k.others()
	if err == nil {
		err = Save(k.path, Memory{Accounts: accounts, Keys: k.quota.Remember(), Clean: clean})
	}
	if err != nil {
		if !k.failed {
			_ = level.Warn(k.logger).Log("msg", "a restart would lose what was fetched; trying again without further notice", "err", err)
		}
		k.failed = true
		k.fails(err)
		return
	}
	if k.failed {
		since, _ := k.Failing()
		_ = level.Info(k.logger).Log("msg", "the cache file can be written again", "file", k.path, "after", time.Since(since).Round(time.Second))
	}
	k.saved, k.failed = changes, false
	k.last, _ = os.Stat(k.path) // nil if it is gone already
	k.failing.Store(nil)
}
