package reliability_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"smartlead_exporter/collector"
	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

var freshnessWays = flag.String("ways", "", "of TestFreshness, the ways whose names match this regular expression only; no figures are compared then")

// freshnessRow is what a way of refreshing came to.
type freshnessRow struct {
	name     string
	delay    time.Duration // of a change, in the mean
	byDay    time.Duration // likewise, from 8 to 18 h
	unseen   float64       // changes, at a moment
	oldest   time.Duration // value
	requests int
	bytes    int64
}

// inFull reports whether TestFreshness or TestWhatSubjectsCost was asked for by its name. Among all tests they are only a few
// hours of one of the ways.
func inFull() bool { return askedFor("Freshness", "WhatSubjectsCost") }

// freshnessDays returns how long is simulated, and how much of it doesn't count.
func freshnessDays() (all, lead time.Duration) {
	if inFull() {
		return 4 * day, day
	}
	return 6 * time.Hour, 4 * time.Hour
}

// pass lets the time pass that is simulated. Each minute it calls scrape, if that isn't nil.
func (w *changing) pass(scrape func()) {
	all, lead := freshnessDays()
	for passed := time.Duration(0); passed < all; passed += time.Minute {
		if passed == lead {
			w.measure()
			w.sim.ForgetRequests()
		}
		if scrape != nil {
			scrape()
		}
		time.Sleep(time.Until(time.Now().Truncate(time.Minute).Add(time.Minute)))
		w.look()
	}
}

var freshnessLimits = smartlead.Limits{PerMinute: 60, PerHour: 1000, Concurrency: 4}

// inTurn refreshes all campaigns by all rows, the oldest first: the old way.
func inTurn(t *testing.T, w *changing) freshnessRow {
	client, err := smartlead.NewClient(smartlead.Options{
		Key:       func() (string, error) { return "key", nil },
		BaseURL:   "http://smartlead.test" + simulator.DefaultPrefix,
		Transport: simulator.Transport(w), Limits: &freshnessLimits,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	queue := make(chan int64, len(w.campaigns))
	last := map[int64]time.Time{}
	var mu sync.Mutex
	var oldest time.Duration
	for id := range int64(len(w.campaigns)) {
		queue <- id + 1
		last[id+1] = time.Now()
	}
	var workers sync.WaitGroup
	for range freshnessLimits.Concurrency {
		workers.Go(func() {
			for ctx.Err() == nil {
				id := <-queue
				began := time.Now()
				_, err := client.Statistics(ctx, smartlead.StatisticsQuery{CampaignID: id, PageSize: w.campaigns[id].page()})
				if ctx.Err() != nil {
					return
				}
				if err != nil {
					t.Error(err)
				}
				w.refreshed(id, began)
				mu.Lock()
				if w.isMeasuring() {
					oldest = max(oldest, time.Since(last[id]))
				}
				last[id] = time.Now()
				mu.Unlock()
				queue <- id
			}
		})
	}
	w.pass(nil)
	cancel()
	workers.Wait()
	return w.row("every row, all in turn", oldest)
}

func (w *changing) isMeasuring() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.measuring
}

// row returns what was measured, and checks the limits.
func (w *changing) row(name string, oldest time.Duration) freshnessRow {
	requests := w.sim.Requests()
	for window, limit := range map[time.Duration]int{time.Minute: freshnessLimits.PerMinute, time.Hour: freshnessLimits.PerHour} {
		if busiest := simulator.Busiest(requests, window); busiest > limit {
			w.t.Errorf("%s: %d requests within %s, want at most %d", name, busiest, window, limit)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.t.Logf("%s: requests a day: %s", name, spentOn(requests))
	return freshnessRow{
		name: name, delay: w.delays / time.Duration(max(w.seen, 1)), byDay: w.delaysByDay / time.Duration(max(w.seenByDay, 1)), unseen: w.unseen / float64(max(w.looks, 1)),
		oldest: oldest, requests: len(requests), bytes: w.bytes,
	}
}

// spentOn says what requests went to, a day, by what campaigns do: s sends, w waits, z sleeps, d isn't there.
func spentOn(requests []simulator.Request) string {
	all, lead := freshnessDays()
	days := (all - lead).Hours() / 24
	spent := map[string]float64{}
	for _, r := range requests {
		what := string(r.Endpoint)
		if r.Endpoint == simulator.EndpointStatistics {
			switch q := r.Query; {
			case q.Get("limit") == "1":
				what = "total"
			case q.Has("sent_time_start_date"):
				what = "new rows"
			default:
				what = "rows"
			}
			if r.Query.Has("email_sequence_number") {
				what += " of a step"
			}
			what += " " + r.Query.Get("email_status")
		}
		switch id := r.CampaignID; {
		case id == 0:
		case id <= 40:
			what = "s: " + what
		case id <= 110:
			what = "w: " + what
		case id <= 300:
			what = "z: " + what
		default:
			what = "d: " + what
		}
		spent[strings.TrimSpace(what)] += 1 / days
	}
	var told []string
	for _, what := range slices.Sorted(maps.Keys(spent)) {
		told = append(told, fmt.Sprintf("%s %.0f", what, spent[what]))
	}
	return strings.Join(told, ", ")
}

// fresh refreshes what the store chooses, counted as by says, while Prometheus scrapes each minute. Beside the campaigns that
// change there are some that can't be had.
func fresh(name string, by func(*smartlead.Client) collector.Fetcher, dead ...int64) func(t *testing.T, w *changing) freshnessRow {
	return func(t *testing.T, w *changing) freshnessRow {
		e := start(t)
		client, err := smartlead.NewClient(smartlead.Options{
			Key:       func() (string, error) { return "key", nil },
			BaseURL:   "http://smartlead.test" + simulator.DefaultPrefix,
			Transport: simulator.Transport(w), Limits: &freshnessLimits,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		a := collector.Account{
			Name: "a", Fetcher: &observed{by(client), w}, Budget: client.Budget, Concurrency: freshnessLimits.Concurrency,
			Lister: client, ListInterval: time.Hour,
		}
		for _, id := range append(slices.Sorted(maps.Keys(w.campaigns)), dead...) {
			query := smartlead.StatisticsQuery{CampaignID: id, PageSize: 10}
			if c := w.campaigns[id]; c != nil {
				query.PageSize = c.page()
			}
			a.Campaigns = append(a.Campaigns, collector.Campaign{Query: query})
		}
		if w.collect != nil {
			a.Collect, a.Source = w.collect, client
		}
		e.store.Apply(collector.Settings{TTL: 45 * time.Second, MaxStale: time.Hour, Accounts: []collector.Account{a}})
		var oldest time.Duration
		told := false
		w.pass(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			families, err := e.gatherer.ForScrape(ctx, prometheus.NewRegistry()).Gather()
			if err != nil {
				t.Error(err)
			}
			w.noteAges(families)
			if !w.isMeasuring() || time.Now().Minute()%10 != 0 {
				return
			}
			promised := e.maxAge() + time.Minute // to the next scrape
			for _, c := range e.store.Snapshot()[0].Campaigns {
				if c.Query.CampaignID > int64(len(w.campaigns)) {
					continue
				}
				age := time.Since(c.LastSuccess)
				if age > promised && !told {
					told = true
					t.Errorf("%s: campaign %s is %s old, promised was %s at the most", name, c.ID, age, promised)
				}
				oldest = max(oldest, age)
			}
		})
		return w.row(name, oldest)
	}
}

// maxAge is what the exporter promises of how old a value may get.
func (e *exporter) maxAge() time.Duration {
	families, err := e.own.Gather()
	if err != nil {
		e.t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "smartlead_exporter_max_age_seconds" {
			return time.Duration(f.GetMetric()[0].GetGauge().GetValue() * float64(time.Second))
		}
	}
	e.t.Fatal("smartlead_exporter_max_age_seconds is missing")
	return 0
}

// observed tells when a campaign was refreshed.
type observed struct {
	collector.Fetcher
	w *changing
}

func (o *observed) Count(ctx context.Context, task counting.Task) (counting.Result, error) {
	began := time.Now()
	result, err := o.Fetcher.Count(ctx, task)
	if err == nil {
		o.w.refreshed(task.Query.CampaignID, began)
	}
	return result, err
}

// How long after it happened a change is seen, for an account of 300 campaigns under the limits of the standard plan.
func TestFreshness(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates days")
	}
	var rows []freshnessRow
	var bound, single float64 // minutes, by day
	run := func(behaviour simulator.Behaviour, way func(t *testing.T, w *changing) freshnessRow) (row freshnessRow) {
		synctest.Test(t, func(t *testing.T) {
			w := newChanging(t, 1, behaviour)
			bound = w.bound(rowsCost, freshnessLimits.Sustained())
			single = w.bound(func(*changingCampaign) float64 { return 1 }, freshnessLimits.Sustained())
			row = way(t, w)
			rows = append(rows, row)
		})
		return row
	}
	most := func(what string, row, than freshnessRow, times float64) {
		if ratio := row.delay.Seconds() / than.delay.Seconds(); ratio > times {
			t.Errorf("%s: a change is seen after %s, %.2f times %s, want at most %.2f times", what, row.delay, ratio, than.delay, times)
		}
	}
	byRows := func(c *smartlead.Client) collector.Fetcher { return counting.NewByRows(c) }
	detected := func(c *smartlead.Client) collector.Fetcher { return counting.NewCounter(c) }
	if !inFull() {
		run(simulator.Behaviour{}, fresh("what analytics say has moved", detected))
		t.Logf("a part of one day:\n%s", freshnessTable(rows))
		return
	}
	var dead []int64
	for id := int64(301); id <= 380; id++ {
		dead = append(dead, id)
	}
	ways := []struct {
		name      string
		behaviour simulator.Behaviour
		way       func(t *testing.T, w *changing) freshnessRow
	}{
		{"turn", simulator.Behaviour{}, inTurn},
		{"rows", simulator.Behaviour{}, fresh("every row, by expected change", byRows)},
		{"totals", simulator.Behaviour{AnalyticsGone: true}, fresh("what totals say has moved", detected)},
		{"analytics", simulator.Behaviour{}, fresh("what analytics say has moved", detected)},
		{"troubled", simulator.Behaviour{}, func(t *testing.T, w *changing) freshnessRow {
			w.failing = dead[60:] // the others aren't there
			return fresh("likewise, with 60 campaigns that are gone and 20 that fail", detected, dead...)(t, w)
		}},
	}
	wanted := regexp.MustCompile(*freshnessWays)
	came := map[string]freshnessRow{}
	for _, w := range ways {
		if wanted.MatchString(w.name) {
			came[w.name] = run(w.behaviour, w.way)
		}
	}
	t.Logf("by day no less than %.1f min is possible by all rows, %.1f with a request each\n%s", bound, single, freshnessTable(rows))
	if len(came) < len(ways) {
		return
	}
	if ratio := came["rows"].byDay.Minutes() / bound; ratio > 1.3 {
		t.Errorf("by expected change: by day a change is seen after %s, %.2f times what is possible, want at most 1.3 times", came["rows"].byDay, ratio)
	}
	most("by expected change", came["rows"], came["turn"], 1.0/3)
	most("by totals", came["totals"], came["turn"], 1.0/5)
	most("by analytics", came["analytics"], came["turn"], 1.0/9)
	most("with campaigns that can't be had", came["troubled"], came["analytics"], 1.1)
}

func freshnessTable(rows []freshnessRow) string {
	all, lead := freshnessDays()
	days := (all - lead).Hours() / 24
	lines := []string{
		"| way | mean delay of a change | by day | unseen changes | oldest value | requests a day | GB a day |",
		"|---|---:|---:|---:|---:|---:|---:|",
	}
	for _, r := range rows {
		lines = append(lines, fmt.Sprintf("| %s | %.1f min | %.1f min | %.0f | %s | %.0f | %.1f |", r.name, r.delay.Minutes(), r.byDay.Minutes(),
			r.unseen, r.oldest.Round(time.Minute), float64(r.requests)/days, float64(r.bytes)/1e9/days))
	}
	return strings.Join(lines, "\n")
}
