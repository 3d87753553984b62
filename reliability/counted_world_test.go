package reliability_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// countedAccount is an account at an API that does something of its own where nobody knows what the API does. Its twin lives
// the same life, and tells what there was at any moment.
type countedAccount struct {
	*api
	w         *countedWorld
	name, key string
	client    *smartlead.Client
	campaigns []*countedCampaign
	mend      func()

	// Guarded by world.mu:
	model     simulator.Model
	behaviour simulator.Behaviour
	before    simulator.Behaviour // until changed
	changed   time.Time
	twin      *simulator.Simulator
	teller    *smartlead.Client // of the twin
	moment    time.Time         // of which the twin tells
}

// countedCampaign is one of them. It is guarded by world.mu.
type countedCampaign struct {
	source simulator.Campaign
	query  smartlead.StatisticsQuery

	last, kept countedResult // the newest success, and the one in the cache file
	wrongSince time.Time     // that a number is shown which no count of rows has; zero if none is
	mayMiss    bool          // the detector may have missed something since all rows were counted
	firsts     int           // counts without anything known before
}

// countedResult is what a refresh came to.
type countedResult struct {
	steps []simulator.StepCounts
	ended time.Time
}

func newCountedAccount(w *countedWorld, index int) *countedAccount {
	rng := w.rng
	a := &countedAccount{w: w, name: string(rune('a' + index)), key: fmt.Sprintf("k/%d+&=", index), behaviour: randomBehaviour(rng), mend: func() {}}
	chance := func(most float64) float64 { return float64(rng.IntN(2)) * most * rng.Float64() }
	a.model = simulator.Model{
		Start: time.Now().AddDate(0, 0, -7), Steps: 2 + rng.IntN(3), DaysBetween: 1 + rng.IntN(2),
		Read: 0.5, Click: 0.15, Reply: 0.12, Unsubscribe: 0.04, Bounce: 0.06, Fade: 0.2, Variants: rng.IntN(3),
		Delete: chance(0.1), Ignore: chance(0.3), Stamp: chance(0.5), LateBounce: chance(0.5),
		Days: []time.Weekday{0, 1, 2, 3, 4, 5, 6}, Opens: 8 * time.Hour, Ends: 18 * time.Hour,
	}
	opts := simulator.Options{Behaviour: a.behaviour, Limits: simulator.Limits{PerMinute: 60, PerHour: 1000}}
	for i := range 3 {
		m := a.model
		m.Seed, m.LeadsPerDay = rng.Uint64(), []int{3, 6, 12}[i]
		c := &countedCampaign{
			query:   smartlead.StatisticsQuery{CampaignID: int64(10*index + i + 1), PageSize: countedPage},
			source:  simulator.Campaign{Source: simulator.Live(m), Order: simulator.Order(rng.IntN(2))},
			mayMiss: a.mayMiss(),
		}
		c.source.ID = c.query.CampaignID
		switch rng.IntN(6) {
		case 0:
			c.query.SequenceNumbers = []int{1, 2}
		case 1:
			c.query.SentAfter = m.Start.Add(3 * day)
		case 2:
			c.source.TrackSettings = []string{simulator.DontTrackOpens}
		case 3:
			c.source.DeletedSteps = []int{2}
		}
		a.campaigns = append(a.campaigns, c)
		opts.Campaigns = append(opts.Campaigns, c.source)
	}
	for id := range int64(countedMailboxes) {
		opts.Mailboxes = append(opts.Mailboxes, simulator.Mailbox{
			ID: id + 1, Address: fmt.Sprintf("m%d@own.example", id), DailyLimit: 50, Trouble: 0.3, Seed: rng.Uint64(),
			Campaigns: []int64{a.campaigns[0].query.CampaignID}, Warmup: &simulator.Warmup{Start: a.model.Start, PerDay: 20, Spam: 0.1},
		})
	}
	a.api = newAPI(w.t, opts)
	a.sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.Delay(700 * time.Millisecond)}}) // so that refreshes last
	a.twin = newAPI(w.t, simulator.Options{Campaigns: opts.Campaigns, Clock: func() time.Time { return a.moment }}).sim
	a.teller = newExporter(w.t).newClient("twin", func() (string, error) { return "k", nil }, simulator.Transport(a.twin), smartlead.NewBudgets(), smartlead.Limits{Concurrency: 1})
	return a
}

// randomBehaviour throws every switch.
func randomBehaviour(rng *rand.Rand) simulator.Behaviour {
	late := func() time.Duration { return time.Duration(rng.IntN(2)*(1+rng.IntN(480))) * time.Second }
	b := simulator.Behaviour{
		RepliesByLead: rng.IntN(2) == 0, OpensByEvent: rng.IntN(2) == 0, ForgetDeletedSteps: rng.IntN(2) == 0,
		AnalyticsForm: simulator.AnalyticsForm(rng.IntN(3)), AnalyticsGone: rng.IntN(4) == 0,
		AnalyticsLate: late(), RowsLate: late(),
	}
	if rng.IntN(4) == 0 {
		b.Filters = simulator.Filters(1 + rng.IntN(2))
	}
	if rng.IntN(6) == 0 {
		b.AnalyticsMaxDays = 31
	}
	return b
}

// mayMiss reports whether something can happen that the detector doesn't tell of: what cancels out, what it doesn't count,
// and rows that come later than it says.
func (a *countedAccount) mayMiss() bool {
	b, m := &a.behaviour, &a.model
	return b.RowsLate > 0 || m.Delete > 0 || m.Ignore > 0 || b.RepliesByLead && m.Stamp > 0 || b.ForgetDeletedSteps
}

// misbehave changes what the API does.
func (a *countedAccount) misbehave(b simulator.Behaviour) {
	a.w.mu.Lock()
	defer a.w.mu.Unlock()
	a.before, a.behaviour, a.changed = a.behaviour, b, time.Now()
	a.sim.SetBehaviour(b)
	for _, c := range a.campaigns {
		c.mayMiss = c.mayMiss || a.mayMiss()
	}
}

// fail has something go wrong with requests of a kind, for a while.
func (a *countedAccount) fail() {
	rng := a.w.rng
	a.mend()
	pick := func(effects ...simulator.Effect) simulator.Effect { return effects[rng.IntN(len(effects))] }
	f := simulator.Fault{
		Skip: rng.IntN(4), Times: []int{0, 1, 2, 5}[rng.IntN(4)],
		Effects: []simulator.Effect{pick(
			simulator.RespondStatus(http.StatusInternalServerError, "x"), simulator.RespondStatus(http.StatusNotFound, `{"error":"Resource not found"}`),
			simulator.RespondStatus(http.StatusBadRequest, `{}`), simulator.RespondStatus(http.StatusForbidden, `{}`),
			simulator.Respond(simulator.TooManyRequests("90")), simulator.Reset(), simulator.Truncate(60), simulator.RespondStatus(http.StatusOK, `{}`),
			simulator.Delay(requestTimeout+1),
		)},
	}
	switch rng.IntN(3) {
	case 0:
		f.Match = []simulator.Matcher{simulator.ForEndpoint(simulator.EndpointSequenceAnalytics)}
	case 1:
		f.Match = []simulator.Matcher{simulator.ForCampaign(a.campaigns[rng.IntN(3)].query.CampaignID), simulator.ForEndpoint(simulator.EndpointStatistics)}
	}
	remove := a.sim.Inject(f)
	ends := time.Now().Add(time.Duration(rng.Int64N(int64(countedFault))))
	a.mend = remove
	a.w.later = append(a.w.later, countedEvent{ends, remove})
}

// truth returns the counts of all rows as they were at a moment. The world's lock is held.
func (a *countedAccount) truth(c *countedCampaign, at time.Time) []simulator.StepCounts {
	a.moment = at
	var counts []simulator.StepCounts
	if c.query.SentAfter.IsZero() {
		counts, _ = a.twin.Counts(c.query.CampaignID)
	} else {
		q := c.query
		q.PageSize = 0
		s, err := a.teller.Statistics(a.w.t.Context(), q)
		if err != nil {
			a.w.t.Error(err)
		}
		counts = countsOf(s.Steps)
	}
	return slices.DeleteFunc(counts, func(s simulator.StepCounts) bool {
		return len(c.query.SequenceNumbers) > 0 && !slices.Contains(c.query.SequenceNumbers, s.Step)
	})
}

// late returns by how much the API is late; for an hour after it changed, by the later of both. The world's lock is held.
func (a *countedAccount) late(allRows bool) time.Duration {
	of := func(b *simulator.Behaviour) time.Duration {
		if allRows {
			return b.RowsLate
		}
		return max(b.RowsLate, b.AnalyticsLate)
	}
	late := of(&a.behaviour)
	if time.Since(a.changed) < time.Hour {
		late = max(late, of(&a.before))
	}
	return late
}

// wrong returns which numbers no count of rows had between two moments, less the API's lateness; "" if there is none. The
// world's lock is held.
func (a *countedAccount) wrong(c *countedCampaign, steps []simulator.StepCounts, from, to time.Time) string {
	if slices.Equal(steps, a.truth(c, to)) {
		return ""
	}
	const resolution = 2 * time.Second
	least, most := map[int]simulator.StepCounts{}, map[int]simulator.StepCounts{}
	for at := from; ; at = at.Add(resolution) {
		if at.After(to) {
			at = to
		}
		held := a.truth(c, at)
		for _, step := range steps { // those that aren't there have nothing
			if !slices.ContainsFunc(held, func(s simulator.StepCounts) bool { return s.Step == step.Step }) {
				held = append(held, simulator.StepCounts{Step: step.Step})
			}
		}
		for _, s := range held {
			low, known := least[s.Step]
			high := most[s.Step]
			if !known {
				low, high = s, s
				if at != from {
					low = simulator.StepCounts{Step: s.Step}
				}
			}
			for _, count := range counts {
				*count(&low), *count(&high) = min(*count(&low), *count(&s)), max(*count(&high), *count(&s))
			}
			least[s.Step], most[s.Step] = low, high
		}
		if !at.Before(to) {
			break
		}
	}
	var wrong []string
	for number, low := range least {
		shown := simulator.StepCounts{Step: number}
		if i := slices.IndexFunc(steps, func(s simulator.StepCounts) bool { return s.Step == number }); i >= 0 {
			shown = steps[i]
		}
		high := most[number]
		for name, count := range counts {
			if n := *count(&shown); n < *count(&low) || n > *count(&high) {
				wrong = append(wrong, fmt.Sprintf("step %d: %s is %d, rows had %d to %d", number, name, n, *count(&low), *count(&high)))
			}
		}
	}
	slices.Sort(wrong)
	return strings.Join(wrong, "; ")
}

// countedWitness is a collector.Fetcher that checks what a counter returns.
type countedWitness struct {
	a       *countedAccount
	counter *counting.Counter
}

// Count implements collector.Fetcher.
func (f *countedWitness) Count(ctx context.Context, task counting.Task) (counting.Result, error) {
	w, a := f.a.w, f.a
	i := slices.IndexFunc(a.campaigns, func(c *countedCampaign) bool { return c.query.CampaignID == task.Query.CampaignID })
	c := a.campaigns[i]
	began := time.Now()
	result, err := f.counter.Count(ctx, task)
	w.mu.Lock()
	defer w.mu.Unlock()
	if ctx.Err() != nil {
		return result, err // given up
	}
	w.seen.refreshes++
	if err != nil {
		w.seen.failures++
		return result, err
	}
	if task.Last == nil {
		c.firsts++
	}
	w.seen.methods[result.State.Method()]++
	if result.Recount != "" {
		w.seen.recounts[result.Recount]++
	}
	now := time.Now()
	c.last = countedResult{countsOf(result.Statistics.Steps), now}
	a.judge(c, &result, began)
	return result, err
}

// judge compares what a refresh came to with what the rows were. The world's lock is held.
func (a *countedAccount) judge(c *countedCampaign, result *counting.Result, began time.Time) {
	w, now := a.w, time.Now()
	wrong := a.wrong(c, c.last.steps, began.Add(-a.late(result.AllRows)-time.Second), now)
	tell := func(format string, args ...any) {
		w.t.Errorf("%s: campaign %d of %s (%s, all rows: %t, recount: %q): %s", now, c.query.CampaignID, a.name, result.State.Method(), result.AllRows, result.Recount, fmt.Sprintf(format, args...))
	}
	switch {
	case wrong == "":
		if !c.wrongSince.IsZero() {
			w.seen.repaired++
			w.t.Logf("%s: campaign %d is right again after %s, by %s, all rows: %t", now, c.query.CampaignID, now.Sub(c.wrongSince), result.State.Method(), result.AllRows)
			w.seen.longest = max(w.seen.longest, now.Sub(c.wrongSince))
			c.wrongSince = time.Time{}
		}
	case result.AllRows:
		tell("a count of all rows is wrong: %s", wrong)
	case !c.mayMiss:
		tell("it is wrong, although the detector sees all that happens: %s; query %+v, behaviour %+v, model %+v", wrong, c.query, a.behaviour, a.model)
	case c.wrongSince.IsZero():
		w.seen.missed++
		c.wrongSince = now
	}
	if result.AllRows {
		c.mayMiss = a.mayMiss()
	}
}
