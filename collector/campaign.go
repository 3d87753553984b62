package collector

import (
	"context"
	"math"
	"strconv"
	"time"

	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
)

// campaign is the running side of a Campaign. Its fields are guarded by Store.mu.
type campaign struct {
	account *account // immutable
	origin  string   // of the account; immutable
	known   Snapshot // but for what depends on the moment

	removed bool      // no longer configured: what a refresh under way finds doesn't matter any more
	forced  bool      // due whatever its age
	first   bool      // a probe asked for it
	waiting bool      // it is in account.waiting
	since   time.Time // when a scrape found it to be due; zero if it isn't waiting or running
	tried   time.Time // when the newest refresh began
	atLeast int       // requests that the next one takes, as far as one tells that was given up
	counted time.Time // when the newest one began that counted all rows, or was to

	failures  int              // in a row
	failedAt  time.Time        // when the newest one was
	alone     bool             // it failed, and its account isn't known to be the cause
	retryAt   time.Time        // until then it isn't due, since it failed
	told      smartlead.Reason // of the failure that the log was last told of; "" since it was told of success
	batch     *batch           // what it is yet to be told of the campaign; nil if nothing
	failed    time.Duration    // for how long it failed, until it succeeded again
	inherited bool             // it was failing when another store remembered it, since nothing could be had from its account

	past past // its newest refreshes

	// Of the refresh under way:
	cancel    context.CancelFunc // nil if there is none
	method    counting.Method    // how it is to be counted
	inTurn    bool               // it began in turn, and was charged so many requests:
	charged   int
	asked     bool      // a request was sent
	remaining int       // requests that it is expected to need yet
	quotaWait bool      // it waits for the quota
	waitSince time.Time // since then
	heard     time.Time // when it began, or had an answer; later by the time that it waited for the quota since
	given     bool      // it was given up so that another large one goes on
}

func newCampaign(w Campaign, a *account) *campaign {
	return &campaign{account: a, origin: a.origin, known: Snapshot{
		ID: strconv.FormatInt(w.Query.CampaignID, 10), Account: a.name, Query: w.Query, Name: w.Name,
	}}
}

// running reports whether the campaign is being fetched.
func (c *campaign) running() bool { return c.cancel != nil }

// cost returns how many requests a refresh is expected to take now.
func (c *campaign) cost(now time.Time) float64 {
	changes := c.known.Rate.PerSecond() * max(now.Sub(c.known.LastSuccess), 0).Seconds()
	return max(c.known.Counting.NextCost(now, changes), float64(c.atLeast))
}

// expected returns how many requests a cost comes to, at least 1.
func expected(cost float64) int { return max(int(math.Round(cost)), 1) }

// turnCost returns how many requests the next refresh in turn is expected to take, which counts all rows.
func (c *campaign) turnCost(now time.Time) float64 {
	return max(float64(c.known.Counting.RecountCost()), c.cost(now))
}

// fewIncomplete is how often in a row the rows of a campaign that succeeded before may be incomplete until it is only refreshed in
// turn. Rows can vanish while they are read, by chance, and among many that fail for good its turn comes after half a day.
const fewIncomplete = 3

// hopeless reports whether the campaign is only refreshed in turn: it never succeeded, or failed twice in a row, or more often
// where its rows were incomplete.
func (c *campaign) hopeless() bool {
	few := 1
	if c.known.Reason == smartlead.ErrIncomplete {
		few = fewIncomplete
	}
	return c.alone && (c.known.Statistics == nil || c.failures > few)
}

// candidate describes the campaign for the choice of what to refresh next.
func (c *campaign) candidate(now time.Time) candidate {
	next := candidate{
		first: c.first, untried: c.known.Statistics == nil && !c.alone, inTurn: c.hopeless(),
		rate: c.known.Rate.PerSecond(), age: now.Sub(c.known.LastSuccess), cost: c.cost(now), tried: c.counted,
	}
	if next.inTurn {
		next.tried = c.tried
	}
	if len(c.account.trouble.struck) > 0 {
		next.order = c.spread()
	}
	return next
}

// spread is an order in which campaigns follow one another that have nothing to do with each other. Neighbours may fail
// for the same reason, which isn't the account's.
func (c *campaign) spread() uint64 {
	const golden = 0x9e3779b97f4a7c15 // multiples of it, modulo 2^64, are far from one another
	return uint64(c.known.Query.CampaignID) * golden
}
