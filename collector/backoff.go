package collector

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"smartlead_exporter/smartlead"
)

const (
	// A campaign that fails by itself is asked for again after the TTL, and then after twice as long each time, up to
	// this or the TTL, whichever is longer.
	maxCampaignBackoff = 5 * time.Minute

	// An account that fails as a whole is tried again by one request at the end of each step. The steps are those after
	// which package smartlead tries a refused key.
	firstAccountBackoff = time.Minute
	maxAccountBackoff   = 15 * time.Minute

	// manyFail is how many campaigns have to fail one after the other, without a good answer in between, until the
	// account is taken to fail as a whole. Where fewer than so many are well, all of these have to.
	manyFail = 5

	// lastingFailure is for how long after a failure that may be the account's campaigns without values are asked for by
	// one request, without trying it again.
	lastingFailure = 10 * time.Minute
)

// trouble is what an account as a whole suffers from.
type trouble struct {
	reason  smartlead.Reason // "" if there is none
	since   time.Time
	step    time.Duration
	retryAt time.Time // when one request tries again
	trial   any       // the *campaign or *listing that does so; nil if none is under way
	keyID   string    // of the key that is in trouble

	// struck are the campaigns that failed since the last good answer, in a way that may be the account's.
	struck   []*campaign
	listed   bool // the list of campaigns did so, too
	timeouts int  // how many of them had no answer in time
}

// ofAccount reports whether a failure can concern all campaigns of an account.
func ofAccount(reason smartlead.Reason) bool {
	switch reason {
	case smartlead.ErrNetwork, smartlead.ErrTimeout, smartlead.ErrServer, smartlead.ErrForbidden, smartlead.ErrUnauthorized:
		return true
	default:
		return false
	}
}

// answered reports whether a failure shows that the account as a whole is served: the API knows that it doesn't have
// what it was asked for.
func answered(err error) bool {
	failed, ok := errors.AsType[*smartlead.Error](err)
	return ok && (failed.Reason == smartlead.ErrNotFound || failed.Reason == smartlead.ErrBadRequest && failed.StatusCode != 0)
}

// blocked reports whether nothing may be asked for the account, and until when; zero means until what tries has ended.
// Store.mu is held.
func (a *account) blocked(state *smartlead.BudgetState, now time.Time) (until time.Time, blocked bool) {
	t := &a.trouble
	switch {
	case t.reason == "":
		return time.Time{}, false
	case t.trial != nil:
		return time.Time{}, true
	case state.ID != t.keyID: // another key by now
		return time.Time{}, false
	}
	until = t.retryAt
	if t.reason == smartlead.ErrUnauthorized && !state.KeyRefusedUntil.IsZero() {
		until = state.KeyRefusedUntil // before which package smartlead asks nothing
	}
	return until, now.Before(until)
}

// strike takes note that a campaign, or the list of campaigns if c is nil, failed in a way that may be the account's, and
// reports whether it is from now on taken to be. s.mu is held.
func (s *Store) strike(a *account, c *campaign, reason smartlead.Reason, now time.Time) (begins bool) {
	t := &a.trouble
	if c == nil {
		t.listed = true
	} else if !slices.Contains(t.struck, c) {
		t.struck = append(t.struck, c)
	}
	if reason == smartlead.ErrTimeout {
		t.timeouts++
	}
	strikes, all := len(t.struck), s.healthy(a)
	if t.listed {
		strikes++
		all++
	}
	if t.reason != "" || reason != smartlead.ErrUnauthorized && strikes < min(manyFail, all) {
		return false
	}
	t.reason, t.since, t.step = reason, now, firstAccountBackoff
	t.retryAt, t.keyID = now.Add(t.step), a.keyID
	s.expectations++
	for _, struck := range t.struck { // it wasn't they
		s.acquit(struck)
	}
	return true
}

// tried takes note that what tried an account in trouble has failed. Store.mu is held.
func (a *account) tried(reason smartlead.Reason, now time.Time) {
	t := &a.trouble
	if ofAccount(reason) { // else it says nothing of the account
		t.reason = reason
		t.step = min(2*t.step, maxAccountBackoff)
	}
	t.trial, t.retryAt, t.keyID = nil, now.Add(t.step), a.keyID
}

// healthy returns how many campaigns of an account aren't known to fail by themselves, those included that struck. s.mu
// is held.
func (s *Store) healthy(a *account) int {
	n := len(a.trouble.struck)
	for _, c := range s.campaigns {
		if c.account == a && !c.alone && !slices.Contains(a.trouble.struck, c) {
			n++
		}
	}
	return n
}

// backOff has a campaign that failed by itself wait. s.mu is held.
func (s *Store) backOff(c *campaign, now time.Time) {
	longest := max(maxCampaignBackoff, s.ttl)
	wait := s.ttl
	for range min(c.failures-1, 30) { // which is enough, however short the TTL
		wait = min(2*wait, longest)
	}
	c.retryAt = now.Add(wait)
}

// witness returns the campaign whose refresh is to tell whether an account in trouble is well again, nil if none waits:
// rather one that doesn't fail by itself, that wasn't tried since the trouble began, and that succeeded lately. So none
// is asked time and again that fails for reasons of its own. Store.mu is held.
func (a *account) witness() *campaign {
	if len(a.waiting) == 0 {
		return nil
	}
	return slices.MinFunc(a.waiting, func(x, y *campaign) int {
		return cmp.Or(
			compareBool(x.alone, y.alone),
			later(a.trouble.since, x.tried).Compare(later(a.trouble.since, y.tried)),
			y.known.LastSuccess.Compare(x.known.LastSuccess),
			cmp.Compare(x.spread(), y.spread()),
		)
	})
}

// compareBool orders false before true.
func compareBool(x, y bool) int {
	switch {
	case x == y:
		return 0
	case y:
		return -1
	default:
		return 1
	}
}
