package collector

import (
	"math"
	"time"

	"smartlead_exporter/smartlead"
)

// What is refreshed next is decided here, by numbers alone.
//
// A change is seen soonest in the mean if a campaign is refreshed at intervals proportional to the root of what a refresh
// costs, divided by how often the campaign changes (Cho and Garcia-Molina 2003; Azar and others 2018). Choosing the one
// for which rate × age² ÷ cost is largest comes to that: rate × age is what is expected to have changed unseen.

const (
	rateHalfLife = 24 * time.Hour // of what was learned of a campaign's rate of change
	leastRate    = 1.0 / 86400    // changes a second: none is taken to change less than once a day

	// What is assumed of a campaign until its refreshes tell: as many changes within as long as here.
	activeChanges, activeSpan = 3.0, 20 * time.Minute
	idleChanges, idleSpan     = 0.5, 6 * time.Hour
)

// Rate is what is known of how often a campaign's counts change: a mean over its refreshes that decays with time.
type Rate struct {
	Changes float64 // seen, those of long ago counted less
	Seconds float64 // in which they were seen, likewise
}

// startRate is that of a campaign of which no two refreshes are known yet. active is what the list says of it.
func startRate(active bool) Rate {
	if active {
		return Rate{activeChanges, activeSpan.Seconds()}
	}
	return Rate{idleChanges, idleSpan.Seconds()}
}

// learn takes in that so many changes came within d.
func (r Rate) learn(changes float64, d time.Duration) Rate {
	if d <= 0 {
		return r
	}
	keep := math.Exp2(-d.Seconds() / rateHalfLife.Seconds())
	return Rate{r.Changes*keep + changes, r.Seconds*keep + d.Seconds()}
}

// PerSecond returns the rate in changes a second; no campaign is taken to change less than once a day.
func (r Rate) PerSecond() float64 {
	if r.Seconds <= 0 {
		return leastRate
	}
	return max(r.Changes/r.Seconds, leastRate)
}

// changesBetween counts what changed from one set of statistics to the next: by how much each count rose or fell.
func changesBetween(before, after *smartlead.Statistics) float64 {
	old := make(map[int]smartlead.Step, len(before.Steps))
	for _, step := range before.Steps {
		old[step.SequenceNumber] = step
	}
	var changes int64
	for _, step := range after.Steps {
		was := old[step.SequenceNumber]
		delete(old, step.SequenceNumber)
		for _, d := range []int64{
			step.Sent - was.Sent, step.Opened - was.Opened, step.Clicked - was.Clicked,
			step.Replied - was.Replied, step.Unsubscribed - was.Unsubscribed, step.Bounced - was.Bounced,
		} {
			changes += max(d, -d)
		}
	}
	for _, gone := range old {
		changes += gone.Sent
	}
	return float64(changes)
}

// candidate is a campaign that may be refreshed next.
type candidate struct {
	first   bool          // a probe waits for this very campaign
	untried bool          // it was never tried
	inTurn  bool          // it failed by itself, or never succeeded: only in turn
	rate    float64       // changes a second
	age     time.Duration // since its last success
	cost    float64       // requests that its refresh is expected to take, at least 1
	tried   time.Time     // when it was last tried
	order   uint64        // of those that were never tried
}

// gain is by how much the expected unseen changes, weighed by their age, are lessened for each request.
func (c *candidate) gain() float64 {
	age := c.age.Seconds()
	return c.rate * age * age / max(c.cost, 1)
}

// whose turn the next request is.
type whose int

const (
	nobodys      whose = iota // the share that goes in turn is spent
	oldest                    // that of the campaign whose last try is oldest
	hopelessOnes              // likewise, but rather of one that is refreshed in turn only
)

// choose returns the index of the candidate that is to be refreshed next, or -1 if none is, and whether it was its turn.
// turn says that the next request belongs to the share that goes in turn, so that no campaign starves; spare, that it
// would be lost otherwise.
//
// The share that goes in turn alternates between all campaigns and those that have no other chance, so that many of the
// latter don't keep the former waiting, nor the former a campaign that is well again. Of the other requests those come
// first that a probe asked for, then what was never tried, in the order given, then the one with the largest gain.
func choose(candidates []candidate, turn whose, spare bool) (index int, inTurn bool) {
	best, next, hopeless := -1, -1, -1
	for i := range candidates {
		c := &candidates[i]
		if next < 0 || c.tried.Before(candidates[next].tried) {
			next = i
		}
		if c.inTurn {
			if hopeless < 0 || c.tried.Before(candidates[hopeless].tried) {
				hopeless = i
			}
			continue
		}
		if best < 0 || c.before(&candidates[best]) {
			best = i
		}
	}
	switch {
	case turn == hopelessOnes && hopeless >= 0:
		return hopeless, true
	case turn != nobodys && next >= 0:
		return next, true
	case best >= 0:
		return best, false
	case spare:
		return hopeless, false
	default:
		return -1, false
	}
}

// before reports whether a candidate is to be refreshed before another one, if it is nobody's turn.
func (c *candidate) before(other *candidate) bool {
	switch {
	case c.first != other.first:
		return c.first
	case c.untried != other.untried:
		return c.untried
	case c.untried:
		return c.order < other.order
	default:
		return c.gain() > other.gain()
	}
}
