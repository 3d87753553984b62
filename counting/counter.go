package counting

import (
	"context"
	"sync"
	"time"

	"smartlead_exporter/smartlead"
)

// Method is how a campaign is counted.
type Method string

// The methods.
const (
	MethodRows      Method = "rows"      // by all rows, each time
	MethodTotals    Method = "totals"    // by what the campaign's totals say has moved
	MethodAnalytics Method = "analytics" // by what the sequence analytics say has moved
)

// Methods returns every method there is.
func Methods() []Method { return []Method{MethodRows, MethodTotals, MethodAnalytics} }

// Outcome is what a recount found: a count by all rows that was compared with the counts shown.
type Outcome string

// The outcomes.
const (
	OutcomeNone         Outcome = ""             // it wasn't one
	OutcomeEqual        Outcome = "equal"        // the counts were right
	OutcomeDifferent    Outcome = "different"    // they were wrong, although the detector saw nothing move
	OutcomeInconclusive Outcome = "inconclusive" // something moved meanwhile
)

// Outcomes returns every outcome of a recount.
func Outcomes() []Outcome { return []Outcome{OutcomeEqual, OutcomeDifferent, OutcomeInconclusive} }

// Source is where counts come from; *smartlead.Client is one.
type Source interface {
	// AsOneCall returns a context whose calls have one place in the order of requests, until it is ended.
	AsOneCall(ctx context.Context) (_ context.Context, end func())
	// Statistics counts all rows of a query.
	Statistics(ctx context.Context, q smartlead.StatisticsQuery) (smartlead.Statistics, error)
	// Rows returns the rows of a query, each to be known again.
	Rows(ctx context.Context, q smartlead.StatisticsQuery) (smartlead.RowSet, error)
	// Total returns how many rows a query has.
	Total(ctx context.Context, q smartlead.StatisticsQuery) (smartlead.Total, error)
	// SequenceAnalytics returns what Smartlead counts itself.
	SequenceAnalytics(ctx context.Context, q smartlead.SequenceAnalyticsQuery) (smartlead.SequenceAnalytics, error)
}

// Task is a campaign to be counted.
type Task struct {
	Query smartlead.StatisticsQuery
	// Last are the counts that were had the last time by the same query, and State what came with them; nil the first
	// time.
	Last  *smartlead.Statistics
	State *State
	// OpensUntracked and ClicksUntracked say that the platform doesn't count them for this campaign.
	OpensUntracked, ClicksUntracked bool
	// Recount has all rows counted and the result compared with Last.
	Recount bool
}

// all counts all rows. That there are none is believed if it is said twice, where there were some the last time and no time
// window has passed them: nothing else tells such an answer from a fault.
func (t *Task) all(ctx context.Context, source Rower) (smartlead.Statistics, error) {
	statistics, err := source.Statistics(ctx, t.Query)
	if err != nil || len(statistics.Steps) > 0 || t.Last == nil || len(t.Last.Steps) == 0 || t.Query.SentWithin > 0 {
		return statistics, err
	}
	again, err := source.Statistics(ctx, t.Query)
	again.Requests += statistics.Requests
	return again, err
}

// Result is what counting came to.
type Result struct {
	// Statistics are the counts. Their Requests are all requests that were made, and are set with an error, too. Their
	// Variants and Replies are nil where counting didn't see all rows, or all those with a reply.
	Statistics smartlead.Statistics
	// State is to be given to the next Task of the same query.
	State   *State
	Recount Outcome
	AllRows bool // all rows were counted
}

// Counter counts the campaigns of an account. It is safe for concurrent use.
type Counter struct {
	source Source

	mu sync.Mutex
	// noAnalytics is until when the account is taken to have no sequence analytics.
	noAnalytics time.Time
	// totals says whether total_stats was found to count with the filters applied.
	totals trust
	// events are the kinds that the detector was seen to count more of than there are e-mails.
	events [kinds]bool
}

// trust is what is known of something that is likely but unproven.
type trust int

const (
	unproven trust = iota
	proven
	refuted
)

// NewCounter returns a counter that asks a source.
func NewCounter(source Source) *Counter { return &Counter{source: source} }

// Count has a campaign's counts, or fails and changes nothing. Its errors are those of package smartlead.
func (c *Counter) Count(ctx context.Context, task Task) (Result, error) {
	ctx, end := c.source.AsOneCall(ctx)
	defer end()
	run := &run{counter: c, source: c.source, task: task, ctx: ctx}
	result, err := run.count()
	if err != nil {
		result = Result{}
	}
	result.Statistics.Requests = run.requests
	return result, err
}

// ByRows counts all rows, always: for accounts that want it so.
type ByRows struct{ source Rower }

// Rower counts all rows of a campaign; *smartlead.Client is one.
type Rower interface {
	// Statistics counts all rows of a query.
	Statistics(ctx context.Context, q smartlead.StatisticsQuery) (smartlead.Statistics, error)
}

// NewByRows returns what counts all rows of a source.
func NewByRows(source Rower) *ByRows { return &ByRows{source} }

// Count counts all rows.
func (c *ByRows) Count(ctx context.Context, task Task) (Result, error) {
	statistics, err := task.all(ctx, c.source)
	statistics.Recent = nil // which nobody needs
	result := Result{Statistics: statistics, AllRows: true}
	if err == nil {
		result.State = &State{RowsCost: statistics.Requests, Cost: float64(statistics.Requests), Undetected: true}
	}
	return result, err
}

// lacksAnalytics reports whether the account is taken to have no sequence analytics.
func (c *Counter) lacksAnalytics(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return now.Before(c.noAnalytics)
}

// forgoAnalytics has the counter do without sequence analytics for a while.
func (c *Counter) forgoAnalytics(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.noAnalytics = now.Add(analyticsRetry)
}

// countsEvents reports whether the detector was seen to count more of a kind than there are e-mails.
func (c *Counter) countsEvents(kind int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.events[kind]
}

func (c *Counter) setEvents(kind int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events[kind] = true
}

func (c *Counter) trustOfTotals() trust {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.totals
}

func (c *Counter) setTrust(t trust) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.totals = t
}
