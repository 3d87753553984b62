package reliability_test

import (
	"flag"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

var (
	weeksSeed = flag.Uint64("seed", 1, "seed of the simulated weeks, to run them again; 0 draws one")
	weeks     = flag.Int("weeks", 1, "how many weeks are simulated")
)

const (
	week = 7 * day

	// patrol is how often the scraper comes that is always there. Its deadline is too short for most refreshes.
	patrol         = 5 * time.Minute
	patrolDeadline = 10 * time.Second

	// heapSlack is what the live heap may differ by between two moments at rest: the campaigns hold more or fewer rows.
	heapSlack = 2 << 20
)

// Weeks in which about everything goes wrong now and then: the API, the line to it, the key, the configuration, other
// programs that use up the quota, scrapers that come, go and hang up. Whatever is shown is compared with a record of what
// the API held and of what the refreshes came to.
func TestWeeks(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates weeks")
	}
	seed := *weeksSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("%d weeks with seed %d; to run them again: go test ./reliability -run TestWeeks -v -weeks %d -seed %d", *weeks, seed, *weeks, seed)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(present))
		w := newWorld(t, seed)
		w.live(time.Duration(*weeks) * week / 10)
		warm := w.rest()
		w.live(time.Duration(*weeks) * week)
		worn := w.rest()
		if worn.goroutines > warm.goroutines {
			t.Errorf("%d goroutines after the weeks, %d before", worn.goroutines, warm.goroutines)
		}
		if worn.heap > warm.heap+heapSlack {
			t.Errorf("%d KiB are in use after the weeks, %d KiB before", worn.heap>>10, warm.heap>>10)
		}
		w.recover()
		w.tell(warm, worn)
	})
}

// world is an exporter and all that happens to it.
type world struct {
	*exporter
	t       *testing.T
	rng     *rand.Rand // for the events; used by the goroutine that calls live alone
	tenants []*tenant
	plan    []event // by time

	wrongBodies, errorAnswers []simulator.Answer

	scrapers sync.WaitGroup
	sendHome []func() // each ends a scraper

	mu        sync.Mutex // guards all below, and the tenants
	patrolOff time.Time  // until when the patrol doesn't come
	ttl       time.Duration
	maxStale  time.Duration
	applied   int // configurations
	records   map[int64]*record
	seen      tallies
}

// event is something that is to happen.
type event struct {
	at time.Time
	do func()
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{
		exporter: start(t), t: t, rng: rand.New(rand.NewPCG(seed, 0)), records: map[int64]*record{},
		wrongBodies: simulator.WrongBodies(), errorAnswers: simulator.ErrorAnswers(),
		ttl: 10 * time.Minute, maxStale: time.Hour, seen: tallies{failed: map[smartlead.Reason]int{}},
	}
	for i, name := range []string{"north", "south", "east"} {
		w.tenants = append(w.tenants, newTenant(w, name, i))
	}
	w.apply()
	w.schedule()
	return w
}

// in plans an event.
func (w *world) in(d time.Duration, do func()) {
	e := event{at: time.Now().Add(d), do: do}
	i, _ := slices.BinarySearchFunc(w.plan, e, func(a, b event) int { return a.at.Compare(b.at) })
	w.plan = slices.Insert(w.plan, i, e)
}

// every has an event happen again and again, at random and on average once in mean.
func (w *world) every(mean time.Duration, do func()) {
	again := func() { w.every(mean, do) }
	w.in(w.about(mean), func() {
		do()
		again()
	})
}

// about draws a duration from an exponential distribution, cut at five times its mean.
func (w *world) about(mean time.Duration) time.Duration {
	return time.Duration(min(w.rng.ExpFloat64(), 5)*float64(mean)) + 1
}

// live lets time pass.
func (w *world) live(d time.Duration) {
	w.patrol()
	for end := time.Now().Add(d); time.Now().Before(end) && !w.t.Failed(); {
		next := w.plan[0]
		w.plan = w.plan[1:]
		time.Sleep(time.Until(next.at))
		next.do()
	}
}

// patrol is the scraper that is always there but when Prometheus itself is down.
func (w *world) patrol() {
	scraper := rand.New(rand.NewPCG(w.rng.Uint64(), 0))
	w.scrapeEvery(patrol, func() (wait time.Duration, stays bool) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if time.Now().Before(w.patrolOff) {
			return 0, true
		}
		return patrolDeadline + time.Duration(scraper.IntN(1000))*time.Microsecond, true
	})
}

// usage is what the process holds at rest.
type usage struct {
	goroutines int
	heap       uint64 // bytes in use
}

// rest sends the scrapers home, waits until nothing happens any more and returns what is held then.
func (w *world) rest() usage {
	for _, end := range w.sendHome {
		end()
	}
	w.sendHome = nil
	w.scrapers.Wait()
	for _, tenant := range w.tenants {
		tenant.mend()
	}
	time.Sleep(2 * day) // longer than any pause, and all refreshes there can be
	for _, tenant := range w.tenants {
		tenant.mend() // nobody has scraped meanwhile
	}
	w.plan = nil
	w.schedule()
	synctest.Wait()
	w.harvest()
	runtime.GC()
	runtime.GC() // what finalizers held
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{goroutines: runtime.NumGoroutine(), heap: m.HeapAlloc}
}

// recover checks that all is well once nothing is wrong.
func (w *world) recover() {
	for range 2 { // a key that was refused is tried by one request alone
		w.look(day)
		time.Sleep(20 * time.Minute)
	}
	p := w.look(day)
	for id, got := range p.campaigns {
		if got.up != 1 {
			w.t.Errorf("campaign %d isn't up although nothing is wrong: %s", id, w.status(id).Error)
		}
	}
}

// tallies count what came to pass, so that a run which proves nothing fails.
type tallies struct {
	scrapes, fresh, stale, hidden, never          int // the last four are of campaigns
	refreshes, succeeded                          int
	failed                                        map[smartlead.Reason]int
	requests, tooMany, paged, calm, reloads, keys int
}

// tell logs what came to pass, and fails if something never did.
func (w *world) tell(warm, worn usage) {
	w.t.Logf("%+v", w.seen)
	w.t.Logf("at rest: %d goroutines and %d KiB after a tenth, %d and %d KiB at the end", warm.goroutines, warm.heap>>10, worn.goroutines, worn.heap>>10)
	s := &w.seen
	for what, n := range map[string]int{
		"fresh values": s.fresh, "stale values": s.stale, "values that failed for too long to be shown": s.hidden, "campaigns never fetched": s.never,
		"status 429": s.tooMany, "sets of several pages": s.paged,
		"accounts at ease": s.calm, "reloads": s.reloads, "key changes": s.keys,
		"refused keys": s.failed[smartlead.ErrUnauthorized], "lost connections": s.failed[smartlead.ErrNetwork],
		"incomplete sets": s.failed[smartlead.ErrIncomplete], "bad responses": s.failed[smartlead.ErrBadResponse],
	} {
		if n == 0 {
			w.t.Errorf("there were no %s", what)
		}
	}
}

// harvest takes in what the APIs and the log have recorded. Nobody may be sending meanwhile: the world stands still.
func (w *world) harvest() {
	synctest.Wait()
	log := testkit.Text(w.log.Take())
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, tenant := range w.tenants {
		tenant.harvest()
		tenant.forget()
		for _, key := range tenant.keys {
			for _, spelling := range spellings(key) {
				if strings.Contains(log, spelling) {
					w.t.Errorf("the log has the key, as %s", spelling)
				}
			}
		}
	}
}
