package collector_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/collector"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// standardLimits are those of the usual plan.
var standardLimits = smartlead.Limits{PerMinute: 60, PerHour: 1000, Concurrency: 4}

// begun returns after how long each refresh of a campaign began.
func begun(of *api, id int64, from time.Time) (after []time.Duration) {
	for _, asked := range of.Asked() {
		if asked.ID == id {
			after = append(after, asked.At.Sub(from))
		}
	}
	return after
}

// A campaign that fails is asked for again after the TTL, then after twice as long each time, up to five minutes, however
// often scrapes come, and as soon as it succeeds as often as any other.
func TestCampaignBackOff(t *testing.T) {
	for _, reason := range []smartlead.Reason{
		smartlead.ErrNotFound, smartlead.ErrBadResponse, smartlead.ErrForbidden, smartlead.ErrServer,
	} {
		for _, tt := range []struct {
			ttl   time.Duration
			every time.Duration   // a scrape comes
			want  []time.Duration // between its tries
		}{
			{45 * time.Second, 5 * time.Second, []time.Duration{45 * time.Second, 90 * time.Second, 3 * time.Minute, 5 * time.Minute, 5 * time.Minute}},
			{10 * time.Minute, 5 * time.Second, []time.Duration{10 * time.Minute, 10 * time.Minute, 10 * time.Minute}},
			{time.Second, time.Second, []time.Duration{1 * time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second}},
		} {
			t.Run(fmt.Sprintf("%s/%s", reason, tt.ttl), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					api := newAPI()
					a := concurrently(4, account("default", api, 1, 2, 3))
					e := start(t, collector.Settings{TTL: tt.ttl, MaxStale: maxStale, Accounts: []collector.Account{a}})
					e.scrape()
					time.Sleep(tt.ttl)
					api.Answer(1, answer{Err: failure(reason)})
					api.Forget()
					began := time.Now()
					for time.Since(began) < time.Hour {
						e.collectFor(tt.every)
						time.Sleep(tt.every)
					}
					got := begun(api, 1, began)
					var gaps []time.Duration
					for i := 1; i < len(got) && i <= len(tt.want); i++ {
						gaps = append(gaps, got[i]-got[i-1])
					}
					if diff := cmp.Diff(tt.want, gaps); diff != "" {
						t.Errorf("between its tries (-want +got):\n%s", diff)
					}
					if most := int(time.Hour/max(tt.ttl, 5*time.Minute)) + 10; len(got) > most {
						t.Errorf("it was asked for %d times in an hour, want at most %d", len(got), most)
					}
					if n, want := api.Times(2), int(time.Hour/(tt.ttl+tt.every)); n < want {
						t.Errorf("another one was asked for %d times, want %d at least", n, want)
					}
				})
			})
		}
	}
}

// However many campaigns fail, the others lose no more than the tenth of the quota that goes in turn, and what the first
// tries took.
func TestFailingCampaignsLeaveTheQuota(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates hours")
	}
	const (
		campaigns = 300
		interval  = 15 * time.Second
		runs      = time.Hour
	)
	for _, tt := range []struct {
		name    string
		failing int64
		effect  simulator.Effect
		first   int  // requests that the first tries may take for each that fails
		probed  bool // each campaign by itself, too
	}{
		{"200 deleted", 200, nil, 1, false},
		{"60 with a server error", 60, simulator.RespondStatus(http.StatusBadGateway, ""), 2, false},
		{"60 with a server error, probed", 60, simulator.RespondStatus(http.StatusBadGateway, ""), 2, true},
		{"150 forbidden", 150, simulator.RespondStatus(http.StatusForbidden, "no"), 2, false},
		{"60 with nonsense", 60, simulator.RespondStatus(http.StatusOK, "nonsense"), 2, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var opts simulator.Options
				for _, id := range numbers(campaigns) {
					if id > tt.failing || tt.effect != nil {
						opts.Campaigns = append(opts.Campaigns, one(id))
					}
				}
				sim := testkit.NewSimulator(t, opts)
				if tt.effect != nil {
					sim.Inject(simulator.Fault{
						Match:   []simulator.Matcher{func(r simulator.Request) bool { return r.CampaignID <= tt.failing }},
						Effects: []simulator.Effect{tt.effect},
					})
				}
				e := start(t, settings())
				e.store.Apply(settings(concurrently(4, account("default", e.newClient("default", sim, standardLimits), numbers(campaigns)...))))
				began := time.Now()
				for i := range int(runs / interval) {
					e.collectFor(time.Second)
					if tt.probed {
						e.probe(int64(i%campaigns)+1, time.Second)
					}
					time.Sleep(time.Until(began.Add(time.Duration(i+1) * interval)))
				}
				failing, all := 0, len(sim.Requests())
				for _, r := range sim.Requests() {
					if r.CampaignID <= tt.failing {
						failing++
					}
				}
				if want := int(0.98 * standardLimits.Sustained() * runs.Minutes()); all < want {
					t.Errorf("there were %d requests, want at least %d: the quota was left unused", all, want)
				}
				if most := int(tt.failing)*tt.first + all/10 + 10; failing > most {
					t.Errorf("%d of %d requests were for those that fail, want at most %d", failing, all, most)
				}
			})
		})
	}
}

// A campaign whose rows are incomplete twice in a row, which can be chance, doesn't wait for its turn among many that fail for good.
func TestIncompleteTwiceIsChance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const campaigns, deleted, unlucky = 160, 60, 100
		var opts simulator.Options
		for _, id := range numbers(campaigns)[deleted:] {
			opts.Campaigns = append(opts.Campaigns, one(id))
		}
		sim := testkit.NewSimulator(t, opts)
		var fails atomic.Bool
		sim.Inject(simulator.Fault{
			Match: []simulator.Matcher{func(r simulator.Request) bool { return r.CampaignID == unlucky && fails.Load() }},
			Effects: []simulator.Effect{simulator.RespondStatus(http.StatusOK,
				`{"total_stats":"3","data":[{"stats_id":"a","sequence_number":1,"sent_time":"1999-12-01T00:00:00Z"}]}`)},
		})
		e := start(t, settings())
		e.store.Apply(settings(concurrently(4, account("default", e.newClient("default", sim, standardLimits), numbers(campaigns)...))))
		scrape := func() {
			e.collectFor(time.Second)
			time.Sleep(time.Until(time.Now().Truncate(15 * time.Second).Add(15 * time.Second)))
		}
		asked := func() (n int) {
			for _, r := range sim.Requests() {
				if r.CampaignID == unlucky {
					n++
				}
			}
			return n
		}
		for range 4 * 60 { // until all have found their place
			scrape()
		}
		fails.Store(true)
		failed := func() float64 { return e.ownPage()[failures("default", "incomplete")] }
		for before := failed(); failed() < before+2; {
			scrape()
		}
		fails.Store(false)
		well := time.Now()
		for before := asked(); asked() == before; {
			scrape()
		}
		if took := time.Since(well); took > 20*time.Minute {
			t.Errorf("a campaign that failed twice was asked for again after %s, want 20m at the most", took)
		}
	})
}
