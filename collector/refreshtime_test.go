package collector_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/counting"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// refreshing is a set of campaigns that nothing is known of, and an API that takes its time.
type refreshing struct {
	campaigns int
	pages     int // of each campaign, one after the other
	takes     time.Duration
	limits    smartlead.Limits
}

func (r refreshing) requests() int { return r.campaigns * r.pages }

// windows are the limits on the quota, each with its window.
func (r refreshing) windows() map[time.Duration]int {
	windows := map[time.Duration]int{}
	if r.limits.PerMinute > 0 {
		windows[time.Minute] = r.limits.PerMinute
	}
	if r.limits.PerHour > 0 {
		windows[time.Hour] = r.limits.PerHour
	}
	return windows
}

// answers is the time that the answers take where as many requests are under way as may be. A campaign's pages come one
// after the other, since where one begins depends on the rows before it, so there can't be more of them than campaigns.
func (r refreshing) answers() time.Duration {
	return time.Duration(r.requests()) * r.takes / time.Duration(min(r.limits.Concurrency, r.campaigns))
}

// ideal is the longer one of the answers' time and of that of the quota, used at its full rate.
func (r refreshing) ideal() time.Duration {
	ideal := r.answers()
	for window, limit := range r.windows() {
		ideal = max(ideal, time.Duration(r.requests())*window/time.Duration(limit))
	}
	return ideal
}

// bucket is the time in which the token buckets hand out the quota: a tenth of a limit at once, the rest at nine tenths
// of its rate. That is what it costs that no sliding window exceeds a limit and none is burnt at its beginning. It tends
// to 10/9 of the ideal as requests become many.
func (r refreshing) bucket() time.Duration {
	var longest time.Duration
	for window, limit := range r.windows() {
		left := r.requests() - max(1, limit/10)
		longest = max(longest, time.Duration(float64(left)/(0.9*float64(limit))*float64(window)))
	}
	return longest
}

// Refreshing takes the fewest requests there can be, and at most 1.1 times the ideal time.
//
// Where many requests are under a limit a minute alone the buckets don't allow that: of 1,000 requests at 60 a minute the
// first 6 leave at once and the others at 54 a minute, so the last one leaves after 1104 s, which is 1.104 times the ideal.
// Then it is the buckets' time, and that of the last answer, that may not be exceeded.
func TestRefreshTime(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates hours")
	}
	const most = 1.1
	apis := []struct {
		name   string
		takes  time.Duration
		limits smartlead.Limits
	}{
		{"none, 8 at once", 50 * time.Millisecond, smartlead.Limits{Concurrency: 8}},
		{"60 a minute, 1,000 an hour, 4 at once", 2 * time.Second, smartlead.Limits{PerMinute: 60, PerHour: 1000, Concurrency: 4}},
		{"60 a minute, 1,000 an hour, 4 at once", time.Minute, smartlead.Limits{PerMinute: 60, PerHour: 1000, Concurrency: 4}},
		{"60 a minute, 4 at once", 2 * time.Second, smartlead.Limits{PerMinute: 60, Concurrency: 4}},
	}
	table := []string{
		"| limits | an answer takes | campaigns | pages of each | requests | ideal | took | of the ideal |",
		"|---|---|---|---|---|---|---|---|",
	}
	for _, api := range apis {
		for _, pages := range []int{1, 3} {
			for _, campaigns := range []int{1, 40, 1000} {
				r := refreshing{campaigns, pages, api.takes, api.limits}
				t.Run(fmt.Sprintf("%s/%s/%d campaigns, %d requests each", api.name, api.takes, campaigns, pages), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						took, requests := r.run(t)
						ratio := took.Seconds() / r.ideal().Seconds()
						table = append(table, fmt.Sprintf("| %s | %s | %d | %d | %d | %s | %s | %.3f |",
							api.name, r.takes, r.campaigns, r.pages, requests, r.ideal().Round(time.Millisecond), took.Round(time.Millisecond), ratio))
						if requests != r.requests() {
							t.Errorf("it took %d requests, want %d", requests, r.requests())
						}
						if took < r.answers() {
							t.Errorf("it took %s, which is less than the %s of the answers", took, r.answers())
						}
						if bound := r.bucket() + r.takes + time.Millisecond; ratio > most && took > bound {
							t.Errorf("it took %s, %.3f times the ideal of %s, want at most %.1f times, or the %s that the buckets take", took, ratio, r.ideal(), most, bound)
						}
					})
				})
			}
		}
	}
	t.Logf("the time to refresh all campaigns:\n%s", strings.Join(table, "\n"))
}

// run fetches all campaigns once, for one scrape. Campaigns of one page have aggregated rows; of several, per-e-mail ones,
// on pages of two rows to be quick.
func (r refreshing) run(t *testing.T) (took time.Duration, requests int) {
	const pageSize = 2
	source := simulator.Aggregated(simulator.StepCounts{Step: 1, Sent: 100})
	if r.pages > 1 {
		source = simulator.Rows(pageSize*(r.pages-1)+pageSize/2, 0)
	}
	var opts simulator.Options
	a := concurrently(r.limits.Concurrency, account("default", nil))
	for _, id := range numbers(r.campaigns) {
		opts.Campaigns = append(opts.Campaigns, simulator.Campaign{ID: id, Source: source})
		c := campaign(id, "")
		c.Query.PageSize = pageSize
		a.Campaigns = append(a.Campaigns, c)
	}
	sim := testkit.NewSimulator(t, opts)
	sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.Delay(r.takes)}})
	e := start(t, settings())
	client := e.newClient(a.Name, sim, r.limits)
	a.Fetcher, a.Budget = counting.NewByRows(client), client.Budget
	e.store.Apply(settings(a))

	began := time.Now()
	e.collectFor(24 * time.Hour)
	took = time.Since(began)
	for _, c := range statusOf(t, e) {
		if c.LastSuccess.IsZero() || c.Requests != r.pages {
			t.Fatalf("campaign %d wasn't fetched by %d requests: %+v", c.ID, r.pages, c)
		}
	}
	return took, len(sim.Requests())
}

// A refresh takes as many requests as there are pages of 1,000 rows, and one where rows are steps.
func TestRefreshRequests(t *testing.T) {
	var steps []simulator.StepCounts
	for step := range 20 {
		steps = append(steps, simulator.StepCounts{Step: step + 1, Sent: 100_000})
	}
	for _, tc := range []struct {
		name   string
		source simulator.Source
		want   float64
	}{
		{"aggregated", simulator.Aggregated(steps...), 1},
		{"nothing sent", nil, 1},
		{"1 row", simulator.Rows(1, 0), 1},
		{"1000 rows", simulator.Rows(1000, 0), 1},
		{"1001 rows", simulator.Rows(1001, 0), 2},
		{"2503 rows", simulator.Rows(2503, 0), 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := testkit.NewSimulator(t, simulator.Options{Campaigns: []simulator.Campaign{{ID: 1, Source: tc.source}}})
				e := start(t, settings())
				e.store.Apply(settings(account("default", e.newClient("default", sim, smartlead.Limits{}), 1)))
				e.scrape().Want(t, "the page", page{up(1): 1, requests(1): tc.want})
				if got := len(sim.Requests()); got != int(tc.want) {
					t.Errorf("%d requests were sent, want %v", got, tc.want)
				}
			})
		})
	}
}
