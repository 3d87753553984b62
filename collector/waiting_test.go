package collector_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// scraped is what scrapes of an account came to.
type scraped struct {
	first time.Duration // how long the first one took
	took  []time.Duration
	fresh []float64 // the share of campaigns that were younger than the TTL when the scrape came, or became so for it
}

func (s scraped) median() time.Duration {
	sorted := slices.Sorted(slices.Values(s.took))
	return sorted[len(sorted)/2]
}

func (s scraped) longest() time.Duration { return slices.Max(s.took) }

func (s scraped) mean() float64 {
	sum := 0.0
	for _, fresh := range s.fresh {
		sum += fresh
	}
	return sum / float64(len(s.fresh))
}

// scrapes has so many campaigns scraped, each 15 s with a timeout of 11 s; answers take 100 ms. What the last eight
// minutes came to is kept.
func scrapes(t *testing.T, campaigns int, limits smartlead.Limits, effects ...simulator.Effect) (s scraped) {
	const (
		interval = 15 * time.Second
		timeout  = 11 * time.Second
		runs     = 50
	)
	var opts simulator.Options
	for _, id := range numbers(campaigns) {
		opts.Campaigns = append(opts.Campaigns, one(id))
	}
	sim := testkit.NewSimulator(t, opts)
	sim.Inject(simulator.Fault{Effects: append([]simulator.Effect{simulator.Delay(100 * time.Millisecond)}, effects...)})
	e := start(t, settings())
	e.store.Apply(settings(concurrently(8, account("default", e.newClient("default", sim, limits), numbers(campaigns)...))))
	began := time.Now()
	for i := range runs {
		came := time.Now()
		e.collectFor(timeout)
		waited := time.Since(came)
		if i == 0 {
			s.first = waited
		}
		if i >= runs/3 {
			fresh := 0
			for _, c := range statusOf(t, e) {
				if c.LastSuccess.Add(ttl).After(came) {
					fresh++
				}
			}
			s.took = append(s.took, waited)
			s.fresh = append(s.fresh, float64(fresh)/float64(campaigns))
		}
		time.Sleep(time.Until(began.Add(time.Duration(i+1) * interval)))
	}
	return s
}

// How long a scrape takes, and how much of what it shows is fresh: with an ample quota all, and with a short one it is
// quick. The table stands in docs/performance.md.
func TestScrapeTimes(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates hours")
	}
	quotas := []struct {
		name   string
		limits smartlead.Limits
	}{
		{"none", smartlead.Limits{Concurrency: 8}},
		{"1,800 a minute", smartlead.Limits{PerMinute: 1800, Concurrency: 8}},
		{"60 a minute, 1,000 an hour", smartlead.Limits{PerMinute: 60, PerHour: 1000, Concurrency: 8}},
		{"15 a minute", smartlead.Limits{PerMinute: 15, Concurrency: 8}},
	}
	table := []string{
		"| quota | campaigns | first scrape | half of the later ones within | all within | fresh values |",
		"|---|---|---|---|---|---|",
	}
	for _, quota := range quotas {
		for _, campaigns := range []int{1, 10, 300, 1000} {
			t.Run(fmt.Sprintf("%s/%d campaigns", quota.name, campaigns), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := scrapes(t, campaigns, quota.limits)
					table = append(table, fmt.Sprintf("| %s | %d | %s | %s | %s | %.0f %% |", quota.name, campaigns,
						s.first.Round(10*time.Millisecond), s.median().Round(10*time.Millisecond), s.longest().Round(10*time.Millisecond), 100*s.mean()))
					perTTL := quota.limits.Sustained() * ttl.Minutes()
					isAmple := perTTL == 0 || float64(campaigns) < perTTL
					for i, fresh := range s.fresh {
						switch {
						case quota.limits.PerMinute == 15 && campaigns == 10: // scrape by scrape it is enough, or not
							if s.took[i] > time.Second && fresh < 1 || s.mean() < 0.8 {
								t.Errorf("after %s %.0f %% are fresh, in the mean %.0f %%", s.took[i], 100*fresh, 100*s.mean())
							}
						case isAmple && campaigns <= 300 && fresh < 1:
							t.Errorf("of a scrape with an ample quota %.0f %% is fresh, want all", 100*fresh)
						case !isAmple && s.took[i] > time.Second:
							t.Errorf("a scrape with a short quota took %s", s.took[i])
						}
					}
				})
			})
		}
	}
	t.Logf("scrapes each 15 s with a timeout of 11 s, answers that take 100 ms, 8 at a time, a TTL of 45 s:\n%s", strings.Join(table, "\n"))
}

// Nobody waits for the end of a pause, nor for a quota that is spent for longer than the scrape may take.
func TestNobodyWaitsForNothing(t *testing.T) {
	pause := simulator.Respond(simulator.TooManyRequests("300"))
	for _, tt := range []struct {
		name   string
		limits smartlead.Limits
		effect simulator.Effect
	}{
		{"a pause", standardLimits, pause},
		{"a pause, no quota", smartlead.Limits{}, pause},
		{"one request an hour", smartlead.Limits{PerHour: 1, Concurrency: 4}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := testkit.NewSimulator(t, simulator.Options{Campaigns: []simulator.Campaign{one(1), one(2), one(3)}})
				e := start(t, settings())
				e.store.Apply(settings(concurrently(4, account("default", e.newClient("default", sim, tt.limits), 1, 2, 3))))
				if tt.effect != nil {
					e.scrape()
					sim.Inject(simulator.Fault{Effects: []simulator.Effect{tt.effect}})
					time.Sleep(ttl)
				}
				for i := range 20 {
					for what, look := range map[string]func(){
						"scrape": func() { e.scrapeFor(10 * time.Second) },
						"probe":  func() { e.probe(int64(i%3+1), 10*time.Second) },
					} {
						if waited := took(look); waited > 0 {
							t.Errorf("%s %d took %s, want no time", what, i, waited)
						}
					}
					time.Sleep(10 * time.Second)
				}
			})
		})
	}
}
