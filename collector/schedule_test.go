package collector_test

import (
	"math"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/collector"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead/simulator"
)

func TestChoose(t *testing.T) {
	type candidate = collector.Candidate
	lively := candidate{Name: "lively", Rate: 1, Age: time.Minute, Cost: 1, Tried: time.Minute}                   // gains 3,600
	quiet := candidate{Name: "quiet", Rate: 0.001, Age: time.Hour, Cost: 1, Tried: time.Hour}                     // gains 12,960
	costly := candidate{Name: "costly", Rate: 1, Age: 10 * time.Minute, Cost: 200, Tried: 10 * time.Minute}       // gains 1,800
	never := candidate{Name: "never", Untried: true, Cost: 1}                                                     // was never tried
	dead := candidate{Name: "dead", InTurn: true, Rate: 1, Age: 100 * time.Hour, Cost: 1, Tried: 2 * time.Minute} // is refreshed in turn only
	gone := candidate{Name: "gone", InTurn: true, Rate: 1, Age: 100 * time.Hour, Cost: 1, Tried: 3 * time.Minute}
	named := func(c candidate, name string) candidate { c.Name = name; return c }
	probed := func(c candidate) candidate { c.First = true; return named(c, "probed "+c.Name) }
	ordered := func(c candidate, order uint64) candidate {
		c.Order = order
		return named(c, c.Name+strconv.FormatUint(order, 10))
	}

	for _, tt := range []struct {
		name       string
		candidates []candidate
		turns      string
		spare      bool
		want       []string
	}{
		{"nobody", nil, "", false, nil},
		{"by gain", []candidate{lively, costly, quiet}, "", false, []string{"quiet", "lively", "costly"}},
		{"never tried, first of all, in the order given", []candidate{lively, named(never, "b"), named(never, "a")}, "", false, []string{"b", "a", "lively"}},
		{"never tried, where an account is suspected", []candidate{ordered(never, 7), ordered(never, 5), lively}, "", false, []string{"never5", "never7", "lively"}},
		{"what a probe asked for", []candidate{quiet, never, probed(lively), probed(costly)}, "", false, []string{"probed lively", "probed costly", "never", "quiet"}},
		{"what a probe asked for and was never tried", []candidate{probed(lively), probed(never)}, "", false, []string{"probed never", "probed lively"}},
		{"the oldest try in turn", []candidate{lively, costly, quiet, dead}, "o", false, []string{"quiet in turn", "lively", "costly", "none"}},
		{"a turn is not the probe's", []candidate{probed(lively), quiet}, "o", false, []string{"quiet in turn", "probed lively"}},
		{"one that fails, by the oldest try", []candidate{dead, gone, quiet}, "o-", false, []string{"quiet in turn", "none"}},
		{"one that fails, in its own turn", []candidate{dead, gone, quiet}, "hh", false, []string{"gone in turn", "dead in turn", "quiet"}},
		{"a turn of those that fail where none does", []candidate{lively, quiet}, "h", false, []string{"quiet in turn", "lively"}},
		{"those that fail wait for their turn", []candidate{dead, gone}, "", false, []string{"none"}},
		{"but not while requests are left over", []candidate{dead, lively, gone}, "", true, []string{"lively", "gone", "dead"}},
		{"nor does a probe help", []candidate{probed(dead), lively}, "", false, []string{"lively", "none"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, collector.Choose(tt.candidates, tt.turns, tt.spare)); diff != "" {
				t.Errorf("chosen in another order (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRates(t *testing.T) {
	const perDay = 1.0 / 86400
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > want/1000 {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	active, idle := collector.StartRate(true), collector.StartRate(false)
	if active.PerSecond() <= idle.PerSecond() {
		t.Error("a campaign that isn't active doesn't start low")
	}
	near("nothing is known", collector.Rate{}.PerSecond(), perDay)
	r := collector.Learn(collector.Rate{}, 60, time.Minute)
	near("one a second", r.PerSecond(), 1)
	r = collector.Learn(r, 0, 24*time.Hour)
	near("and then nothing for a day", r.PerSecond(), 30/(30+86400.0)) // the minute counts half
	r = collector.Learn(collector.Rate{Changes: 0.1, Seconds: 86400}, 0, 24*time.Hour)
	near("hardly any", r.PerSecond(), perDay)
	near("no time has passed", collector.Learn(r, 100, 0).Seconds, r.Seconds)
	near("a clock that was set back", collector.Learn(r, 100, -time.Hour).Seconds, r.Seconds)
}

// What is learned of a campaign is what its counts did, up or down, step by step; it is kept over a restart.
func TestRatesAreLearned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI()
		e := start(t, settings(account("a", api, 1, 2)))
		rate := func(e *exporter, id int64) float64 {
			for _, c := range e.store.Snapshot()[0].Campaigns {
				if c.Query.CampaignID == id {
					return c.Rate.PerSecond()
				}
			}
			return -1
		}
		for i := range int64(500) {
			api.Answer(1, answer{Sent: 1000 + 10*(i%2)}) // ten more, and ten fewer
			e.scrape()
			time.Sleep(time.Minute)
		}
		if got := rate(e, 1); got < 0.16 || got > 0.17 {
			t.Errorf("ten changes a minute are taken for %v a second", got)
		}
		if got := rate(e, 2); got > 0.0015 {
			t.Errorf("no changes for hours are taken for %v a second", got)
		}
		m, _ := e.store.Remember()
		again := restarted(t, m, settings(account("a", api, 1, 2)))
		if got, want := rate(again, 1), rate(e, 1); got != want {
			t.Errorf("after a restart the rate is %v, want %v", got, want)
		}
	})
}

func TestExpectedDelay(t *testing.T) {
	const ttl = 45.0
	for _, tt := range []struct {
		name         string
		rates, costs []float64
		perSecond    float64
		want         float64
	}{
		{"no campaign", nil, nil, 1, 0},
		{"one, ample quota: half the TTL", []float64{1}, []float64{1}, 1, ttl / 2},
		{"no limit", []float64{1, 2}, []float64{1, 100}, math.Inf(1), ttl / 2},
		// 300 alike at one each 4 s: each one every 1,200 s.
		{"300 alike", repeat(0.01, 300), repeat(1, 300), 0.25, 600},
		// (Σ √(rate × requests))² ÷ (2 × quota × Σ rate) = (√0.04 + √0.01)² ÷ (2 × 0.002 × 0.05)
		{"two that differ", []float64{0.04, 0.01}, []float64{1, 1}, 0.002, 450},
		{"two that differ in their cost", []float64{0.01, 0.01}, []float64{1, 4}, 0.01, 0.09 / (2 * 0.01 * 0.02)},
		// The lively one isn't asked for more often than each 45 s; the other one has what is left, a request each 1,000 s.
		{"one at the TTL, the other by what is left", []float64{1, 0.0001}, []float64{1, 1}, 1.0/45 + 1.0/1000, (1*22.5 + 0.0001*500) / 1.0001},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := collector.ExpectedDelay(tt.rates, tt.costs, tt.perSecond, ttl); math.Abs(got-tt.want) > 1e-6 {
				t.Errorf("got %v s, want %v s", got, tt.want)
			}
		})
	}
}

func repeat(value float64, n int) []float64 {
	list := make([]float64, n)
	for i := range list {
		list[i] = value
	}
	return list
}

// What is promised of the age is what all campaigns take in turn, by a tenth of the quota, and the TTL; accounts with one
// key share it.
func TestMaxAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _ := quoted(t, standardLimits, 300)
		const promise = `smartlead_exporter_max_age_seconds{account="default"}`
		e.ownPage().Want(t, "one request each, 1.5 a minute in turn", page{promise: 45 + 300/1.5*60})
		e.store.Apply(settings(account("default", newAPI(), 1, 2)))
		e.ownPage().Want(t, "without a limit", page{promise: 45})

		shared := func() collector.Account { return account("default", e.newClient("default", nil, standardLimits), 1, 2) }
		other := shared()
		other.Name, other.Campaigns = "other", []collector.Campaign{campaign(3, "")}
		e.store.Apply(settings(shared(), other))
		for _, name := range []string{"default", "other"} {
			e.ownPage().Want(t, "two accounts with one key", page{`smartlead_exporter_max_age_seconds{account="` + name + `"}`: 45 + 3/1.5*60})
		}
	})
}

// A campaign that changes is refreshed more often than one that doesn't, and a change is seen as soon as told, which errs on
// the safe side: of those that weren't seen to change for hours it isn't known yet how seldom they do.
func TestChangesAreSeenSoon(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates hours")
	}
	synctest.Test(t, func(t *testing.T) {
		const campaigns, lively = 300, 10
		e, sim := quoted(t, standardLimits, campaigns)
		for began := time.Now(); time.Since(began) < 3*time.Hour; time.Sleep(30 * time.Second) {
			for _, id := range numbers(lively) {
				if err := sim.SetCampaign(simulator.Campaign{ID: id, Source: simulator.Aggregated(simulator.StepCounts{
					Step: 1, Sent: 1000 + int64(time.Since(began).Seconds()/30), // two a minute
				})}); err != nil {
					t.Fatal(err)
				}
			}
			e.collectFor(10 * time.Second)
			if time.Since(began) == 2*time.Hour {
				sim.ForgetRequests()
			}
		}
		ofLively, ofQuiet := 0, 0
		for _, r := range sim.Requests() {
			if r.CampaignID <= lively {
				ofLively++
			} else {
				ofQuiet++
			}
		}
		perLively, perQuiet := float64(ofLively)/lively, float64(ofQuiet)/(campaigns-lively)
		if perLively < 5*perQuiet {
			t.Errorf("one that changes was refreshed %.1f times an hour, one that doesn't %.1f times", perLively, perQuiet)
		}
		told := e.ownPage()[`smartlead_exporter_expected_change_delay_seconds{account="default"}`]
		if seen := 3600 / perLively / 2; told < seen || told > 3*seen {
			t.Errorf("changes are seen %.0f s after they happened, and told is %.0f s", seen, told)
		}
	})
}

// A large refresh gets every second token, one such at a time, and holds up neither the others nor another large one for
// good.
func TestLargeRefreshes(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates hours")
	}
	synctest.Test(t, func(t *testing.T) {
		var opts simulator.Options
		large := []int64{1, 2, 3}
		for _, id := range numbers(20) {
			c := one(id)
			if id <= 3 {
				c.Source = simulator.Rows(60*2-1, 0) // on 60 pages of two
			}
			opts.Campaigns = append(opts.Campaigns, c)
		}
		sim := testkit.NewSimulator(t, opts)
		sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.Delay(time.Second)}})
		e := start(t, settings())
		a := concurrently(4, account("default", e.newClient("default", sim, standardLimits), numbers(20)...))
		for i := range a.Campaigns {
			a.Campaigns[i].Query.PageSize = 2
		}
		e.store.Apply(settings(a))
		began := time.Now()
		for time.Since(began) < 3*time.Hour {
			e.collectFor(10 * time.Second)
			time.Sleep(15 * time.Second)
		}
		// While one goes on, every second request is another campaign's, and none is another large one's.
		others, ofLarge, lastLarge, mixed := 0, 0, int64(0), 0
		for _, r := range sim.Requests() {
			if r.CampaignID > 3 {
				others++
				continue
			}
			ofLarge++
			if r.Offset() > 0 && lastLarge != 0 && lastLarge != r.CampaignID && r.Offset() != 2 {
				mixed++
			}
			lastLarge = r.CampaignID
		}
		if mixed > 6 {
			t.Errorf("two large refreshes went on side by side: %d changes from one to the other", mixed)
		}
		all := len(sim.Requests())
		if ofLarge < all/5 || others < all/3 {
			t.Errorf("of %d requests the large ones had %d, the others %d", all, ofLarge, others)
		}
		if want := int(0.95 * standardLimits.Sustained() * 180); all < want {
			t.Errorf("there were %d requests, want %d at least", all, want)
		}
		p := e.scrapeFor(time.Second)
		for _, id := range large {
			p.Want(t, "in the end", page{up(id): 1, requests(id): 60})
		}
	})
}
