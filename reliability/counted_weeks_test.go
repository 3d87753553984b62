package reliability_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/cachefile"
	"smartlead_exporter/collector"
	"smartlead_exporter/counting"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// Days of accounts whose API does at random, each for itself, what nobody knows of it: see simulator.Behaviour. They are
// counted as the program counts, by two scrapers, over failures, reloads, new names and restarts. Each number that is shown
// is one that a count of rows had between the last success and now, less the API's own lateness. Where a detector misses
// something, the next count of all rows puts it right. All subjects are collected, which changes nothing of that.
func TestWeeksOfCounting(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates weeks")
	}
	first, n := uint64(1), *weeks // each of them for two days, or for one among all tests
	if *weeksSeed != 0 {
		first, n = *weeksSeed, 1
	}
	for seed := first; seed < first+uint64(n); seed++ {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(present)) // a Monday
				w := newCountedWorld(t, seed)
				lasts := day
				if *weeks > 1 {
					lasts = countedTime
				}
				for end := time.Now().Add(lasts); time.Now().Before(end) && !t.Failed(); {
					w.step()
				}
				w.tell()
			})
		})
	}
}

const (
	countedTime  = 2 * day // for each of several seeds
	countedFault = 90 * time.Minute
	countedTTL   = 9 * time.Minute
	countedPage  = 10 // rows: campaigns are small, so that weeks are quick, and of as many requests as large ones

	countedMailboxes = 3 // of each account
)

// countedLimits are those of each key.
var countedLimits = smartlead.Limits{PerMinute: 30, PerHour: 500, Concurrency: 2}

// countedWorld is an exporter and the accounts that it counts.
type countedWorld struct {
	t        *testing.T
	rng      *rand.Rand // used by the goroutine that calls step alone
	accounts []*countedAccount
	cache    string
	steps    int
	later    []countedEvent

	// The process at work, and what ends it.
	*exporter
	budgets *smartlead.Budgets
	end     func()

	mu   sync.Mutex // guards the campaigns, and all below
	seen countedTallies
}

// countedEvent is something that is to happen.
type countedEvent struct {
	at time.Time
	do func()
}

// countedTallies count what came to pass, so that weeks that prove nothing fail.
type countedTallies struct {
	scrapes, refreshes, failures, reloads, renames, restarts, kills, switches int
	missed, repaired                                                          int // numbers of which a detector told nothing
	longest                                                                   time.Duration
	promised                                                                  time.Duration // the longest max_age
	methods                                                                   map[counting.Method]int
	recounts                                                                  map[counting.Outcome]int
	collected                                                                 map[string]int // scrapes with a subject that goes well, by subject
}

func newCountedWorld(t *testing.T, seed uint64) *countedWorld {
	w := &countedWorld{t: t, rng: rand.New(rand.NewPCG(seed, 7)), cache: filepath.Join(t.TempDir(), "cache")}
	w.seen.methods, w.seen.recounts, w.seen.collected = map[counting.Method]int{}, map[counting.Outcome]int{}, map[string]int{}
	for i := range 3 {
		w.accounts = append(w.accounts, newCountedAccount(w, i))
	}
	w.begin(cachefile.Memory{})
	t.Cleanup(func() { w.end() })
	return w
}

// begin starts a process that knows what another one kept.
func (w *countedWorld) begin(memory cachefile.Memory) {
	w.exporter = newExporter(w.t)
	w.budgets = smartlead.NewBudgets()
	w.store.Restore(memory.Accounts)
	w.budgets.Restore(memory.Keys, memory.Clean)
	for _, a := range w.accounts {
		a.client = nil
	}
	w.apply()
	ctx, cancel := context.WithCancel(w.t.Context())
	var running sync.WaitGroup
	store := w.store
	running.Go(func() { _ = store.Run(ctx) })
	w.end = func() {
		cancel()
		running.Wait()
	}
}

// apply puts the configuration into force, as the program does.
func (w *countedWorld) apply() {
	settings := collector.Settings{TTL: countedTTL, MaxStale: day}
	var replaced []*smartlead.Client
	for _, a := range w.accounts {
		if a.client != nil {
			replaced = append(replaced, a.client)
		}
		a.client = w.newClient("api", func() (string, error) { return a.key, nil }, a.line, w.budgets, countedLimits)
		account := collector.Account{
			Name: a.name, Origin: a.client.Origin(), KeySource: "file " + a.key, Budget: a.client.Budget, Concurrency: countedLimits.Concurrency,
			Fetcher: &countedWitness{a, counting.NewCounter(a.client)}, Lister: a.client, ListInterval: 6 * time.Hour,
			Source: a.client, Collect: collector.Subjects(),
		}
		for _, c := range a.campaigns {
			account.Campaigns = append(account.Campaigns, collector.Campaign{Query: c.query})
		}
		settings.Accounts = append(settings.Accounts, account)
	}
	w.store.Apply(settings)
	for _, client := range replaced {
		client.Close()
	}
}

// step is some minutes, with two scrapes, and what else happens in them.
func (w *countedWorld) step() {
	w.steps++
	w.later = slices.DeleteFunc(w.later, func(e countedEvent) bool {
		due := !e.at.After(time.Now())
		if due {
			e.do()
		}
		return due
	})
	time.Sleep(time.Duration(3+w.rng.IntN(12)) * time.Minute)
	w.look()
	time.Sleep(time.Duration(w.rng.IntN(180)) * time.Second)
	w.look() // by a second Prometheus
	a := w.accounts[w.rng.IntN(len(w.accounts))]
	n := w.rng.IntN(200)
	switch w.steps % 60 { // so that each comes to pass, whatever the seed
	case 7:
		n = 21
	case 27:
		n = 27
	case 47:
		n = 31
	}
	switch {
	case n < 5:
		a.misbehave(randomBehaviour(w.rng))
		w.seen.switches++
	case n < 20:
		a.fail()
	case n < 26:
		w.unchanged("a reload", w.apply)
		w.seen.reloads++
	case n < 30:
		a.name = fmt.Sprintf("%s-%d", a.name[:1], w.steps)
		w.unchanged("another name", w.apply)
		w.seen.renames++
	case n < 35:
		w.unchanged("a restart", func() { w.restart(true) })
		w.seen.restarts++
	case n < 37:
		w.restart(false)
		w.seen.kills++
	}
	if w.steps%20 == 0 {
		w.save(false)
	}
}

// unchanged checks that something takes nothing away of what is known: counts, rates, and how campaigns are counted.
func (w *countedWorld) unchanged(what string, do func()) {
	w.t.Helper()
	synctest.Wait()
	before := w.known()
	do()
	for id, now := range w.known() {
		was := before[id]
		if was.Refreshing || now.Refreshing {
			continue
		}
		if !slices.Equal(stepsOf(was.Statistics), stepsOf(now.Statistics)) || was.Rate != now.Rate || !was.LastSuccess.Equal(now.LastSuccess) {
			w.t.Errorf("%s: %s: campaign %d had %v at rate %v of %s, and has %v at %v of %s", time.Now(), what, id,
				stepsOf(was.Statistics), was.Rate, was.LastSuccess, stepsOf(now.Statistics), now.Rate, now.LastSuccess)
		}
		if was.Counting.Method() != now.Counting.Method() || was.Cost != now.Cost {
			w.t.Errorf("%s: %s: campaign %d was counted by %s for %v requests, and is by %s for %v", time.Now(), what, id,
				was.Counting.Method(), was.Cost, now.Counting.Method(), now.Cost)
		}
	}
}

func (w *countedWorld) known() map[int64]collector.Snapshot {
	known := map[int64]collector.Snapshot{}
	for _, a := range w.store.Snapshot() {
		for i := range a.Campaigns {
			known[a.Campaigns[i].Query.CampaignID] = a.Campaigns[i]
		}
	}
	return known
}

// save keeps what is known in the cache file. clean says that nothing is asked any more.
func (w *countedWorld) save(clean bool) {
	synctest.Wait()
	accounts, _ := w.store.Remember()
	if err := cachefile.Save(w.cache, cachefile.Memory{Accounts: accounts, Keys: w.budgets.Remember(), Clean: clean}); err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.accounts {
		for _, c := range a.campaigns {
			c.kept = c.last
		}
	}
}

// restart ends the process, which keeps what it knows unless it is killed, and begins another one.
func (w *countedWorld) restart(clean bool) {
	w.end()
	if clean {
		w.save(true)
	}
	memory, err := cachefile.Load(w.cache)
	if err != nil {
		if clean {
			w.t.Fatal(err)
		}
		memory = cachefile.Memory{} // nothing was kept yet
	}
	w.mu.Lock()
	for _, a := range w.accounts {
		for _, c := range a.campaigns {
			c.last = c.kept
			c.wrongSince = time.Time{} // counted from the next refresh on
		}
	}
	w.mu.Unlock()
	w.begin(memory)
}

// look scrapes and checks that the page shows what the newest refreshes came to, and nothing else.
func (w *countedWorld) look() {
	p := w.scrapeFor(8 * time.Second)
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen.scrapes++
	for _, promised := range p.maxAge {
		w.seen.promised = max(w.seen.promised, promised)
	}
	for subject, accounts := range p.collected {
		w.seen.collected[subject] += accounts
	}
	for _, a := range w.accounts {
		if n, known := p.mailboxes[a.name]; known && n != countedMailboxes {
			w.t.Errorf("%s: account %s has %d mailboxes, want %d", time.Now(), a.name, n, countedMailboxes)
		}
		for _, c := range a.campaigns {
			got := p.campaigns[c.query.CampaignID]
			switch {
			case got == nil:
				w.t.Errorf("%s: campaign %d isn't shown", time.Now(), c.query.CampaignID)
			case c.last.ended.Equal(time.Now()): // this very moment
			case len(got.steps) > 0 && got.lastSuccess != c.last.ended.UnixMilli(),
				!slices.Equal(got.steps, c.last.steps):
				w.t.Errorf("%s: campaign %d shows\n%v of %s, want\n%v of %s; newest failure: %s", time.Now(), c.query.CampaignID,
					got.steps, time.UnixMilli(got.lastSuccess).UTC(), c.last.steps, c.last.ended, w.status(c.query.CampaignID).Error)
			}
		}
	}
}

// tell checks the quota, logs what came to pass, and fails if something never did.
func (w *countedWorld) tell() {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.accounts {
		a.checkBudget(w.t, countedLimits)
		w.t.Logf("account %s: %+v, %+v", a.name, a.behaviour, a.model)
	}
	s := &w.seen
	w.t.Logf("%d scrapes, %d refreshes of which %d failed, by %v; recounts: %v; %d reloads, %d new names, %d restarts and %d kills, %d changes of behaviour",
		s.scrapes, s.refreshes, s.failures, s.methods, s.recounts, s.reloads, s.renames, s.restarts, s.kills, s.switches)
	w.t.Logf("subjects that went well, by scrapes: %v", s.collected)
	w.t.Logf("a detector missed what moved %d times; it was put right %d times, after %s at the longest; promised was an age of %s at most", s.missed, s.repaired, s.longest, s.promised)
	bound := s.promised + countedFault + 30*time.Minute
	if s.longest > bound {
		w.t.Errorf("a number was wrong for %s, longer than %s", s.longest, bound)
	}
	for _, a := range w.accounts {
		for _, c := range a.campaigns {
			if !c.wrongSince.IsZero() && time.Since(c.wrongSince) > bound {
				w.t.Errorf("campaign %d has been wrong since %s", c.query.CampaignID, c.wrongSince)
			}
		}
	}
	for what, n := range map[string]int{
		"refreshes": s.refreshes, "failures": s.failures, "reloads": s.reloads, "new names": s.renames, "restarts": s.restarts,
		"refreshes by rows": s.methods[counting.MethodRows], "refreshes by a detector": s.methods[counting.MethodAnalytics] + s.methods[counting.MethodTotals],
	} {
		if n == 0 {
			w.t.Errorf("there were no %s", what)
		}
	}
	for _, subject := range collector.Subjects() {
		if s.collected[subject] == 0 {
			w.t.Errorf("%s were never collected", subject)
		}
	}
	text := testkit.Text(w.log.Take())
	for _, a := range w.accounts {
		for _, spelling := range spellings(a.key) {
			if strings.Contains(text, spelling) {
				w.t.Errorf("the log has the key, as %s", spelling)
			}
		}
	}
}

func stepsOf(s *smartlead.Statistics) []simulator.StepCounts {
	if s == nil {
		return nil
	}
	return countsOf(s.Steps)
}

func countsOf(steps []smartlead.Step) []simulator.StepCounts {
	var counts []simulator.StepCounts
	for _, s := range steps {
		counts = append(counts, simulator.StepCounts{
			Step: s.SequenceNumber, Sent: s.Sent, Opened: s.Opened, Clicked: s.Clicked, Replied: s.Replied, Unsubscribed: s.Unsubscribed, Bounced: s.Bounced,
		})
	}
	return counts
}
