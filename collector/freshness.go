package collector

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"smartlead_exporter/counting"
)

// freshness tells how old an account's values get, from what its refreshes cost and how often its campaigns change.
type freshness struct {
	store         atomic.Pointer[Store]
	maxAge        *prometheus.Desc
	expectedDelay *prometheus.Desc
	methods       *prometheus.Desc
}

func newFreshness() *freshness {
	desc := func(name, help string, more ...string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName(namespace, exporter, name), help, append([]string{"account"}, more...), nil)
	}
	return &freshness{
		maxAge:        desc("max_age_seconds", "How old a value of the account may get where nothing fails, from what refreshes cost and the quota allows."),
		expectedDelay: desc("expected_change_delay_seconds", "How long after it happened a change of the account's numbers is shown, in the mean, as far as is known how often they change."),
		methods:       desc("counting_campaigns", "Campaigns by how they are counted: rows (all rows, each time), totals or analytics (what those say has moved).", "method"),
	}
}

// Describe implements prometheus.Collector.
func (f *freshness) Describe(ch chan<- *prometheus.Desc) {
	ch <- f.maxAge
	ch <- f.expectedDelay
	ch <- f.methods
}

// Collect implements prometheus.Collector.
func (f *freshness) Collect(ch chan<- prometheus.Metric) {
	s := f.store.Load()
	if s == nil {
		return
	}
	s.mu.Lock()
	outlooks := s.outlooks(time.Now())
	s.unlock()
	for _, a := range outlooks {
		ch <- gauge(f.maxAge, a.maxAge.Seconds(), a.account)
		ch <- gauge(f.expectedDelay, a.delay.Seconds(), a.account)
		for _, method := range counting.Methods() {
			ch <- gauge(f.methods, float64(a.methods[method]), a.account, string(method))
		}
	}
}

// maxRounds bounds the search for what is refreshed as often as it may be; more rounds would change nothing to speak of.
const maxRounds = 20

// outlook is how fresh an account's values are kept.
type outlook struct {
	account       string
	maxAge, delay time.Duration
	methods       map[counting.Method]int // campaigns
}

// outlooks returns how fresh the values of each account are kept. s.mu is held.
func (s *Store) outlooks(now time.Time) []outlook {
	type share struct {
		costs, rates []float64
		turn         float64 // requests that it takes to refresh all once
	}
	quotas := s.quotas()
	shares := make(map[string]*share, len(quotas))
	for _, q := range quotas {
		shares[q.id] = &share{}
	}
	methods := make(map[*account]map[counting.Method]int, len(s.accounts))
	for _, a := range s.accounts {
		methods[a] = map[counting.Method]int{}
	}
	for _, c := range s.campaigns {
		methods[c.account][c.known.Counting.Method()]++
		of := shares[c.account.quotaID]
		of.costs, of.rates = append(of.costs, c.cost(now)), append(of.rates, c.known.Rate.PerSecond())
		of.turn += c.turnCost(now)
	}
	outlooks := make([]outlook, 0, len(s.accounts))
	for _, q := range quotas {
		of := shares[q.id]
		o := outlook{
			maxAge: s.ttl + seconds(of.turn/(turnShare*q.perSecond())),
			delay:  seconds(expectedDelay(of.rates, of.costs, (1-turnShare)*q.perSecond(), s.ttl.Seconds())),
		}
		for _, a := range q.accounts {
			o.account, o.methods = a.name, methods[a]
			outlooks = append(outlooks, o)
		}
	}
	return outlooks
}

// seconds is a duration of so many seconds, at most one that can still be added to.
func seconds(s float64) time.Duration {
	if s >= math.MaxInt64/2e9 {
		return math.MaxInt64 / 2
	}
	return time.Duration(s * float64(time.Second))
}

// expectedDelay returns after how many seconds a change is seen, in the mean over all changes, if refreshes come at the
// intervals that suit the rates and costs best, perSecond requests are there for them, and none comes sooner than after
// shortest.
func expectedDelay(rates, costs []float64, perSecond, shortest float64) float64 {
	bounded := make([]bool, len(rates)) // by shortest
	var interval func(i int) float64
	for range maxRounds {
		left, roots := perSecond, 0.0
		for i := range rates {
			if bounded[i] {
				left -= costs[i] / shortest
			} else {
				roots += math.Sqrt(rates[i] * costs[i])
			}
		}
		interval = func(i int) float64 {
			if bounded[i] || left <= 0 {
				return shortest
			}
			return math.Sqrt(costs[i]/rates[i]) * roots / left
		}
		more := false
		for i := range rates {
			if !bounded[i] && interval(i) < shortest {
				bounded[i], more = true, true
			}
		}
		if !more {
			break
		}
	}
	delay, all := 0.0, 0.0
	for i := range rates {
		delay += rates[i] * interval(i) / 2
		all += rates[i]
	}
	if all == 0 {
		return 0
	}
	return delay / all
}
