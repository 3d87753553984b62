package collector

import (
	"slices"
	"strconv"
	"time"

	"github.com/go-kit/log/level"

	"smartlead_exporter/smartlead"
)

const (
	// A subject that failed is asked for again after this, and then after twice as long each time, up to:
	firstSubjectRetry = time.Minute
	maxSubjectRetry   = 15 * time.Minute
	// refusedRetry is when one is asked for again that the API refuses, since the user's plan doesn't have it.
	refusedRetry = 24 * time.Hour
)

// partFailed takes in that a fetch failed. It says nothing of the account: a plan may have the one and not the other.
// s.mu is held.
func (s *Store) partFailed(c *collecting, p *part, err error, now time.Time) {
	reason := reasonOf(err)
	wait := firstSubjectRetry
	for range min(p.failures, 10) {
		wait = min(2*wait, maxSubjectRetry)
	}
	switch reason {
	case smartlead.ErrForbidden, smartlead.ErrBadRequest, smartlead.ErrNotFound:
		wait = refusedRetry
	}
	c.err = err.Error()
	p.failures++
	p.retryAt = now.Add(wait)
	if p.failingSince.IsZero() {
		p.failingSince = now
	}
	if reason == smartlead.ErrForbidden && !slices.ContainsFunc(c.parts, func(p *part) bool { return !p.lastSuccess.IsZero() }) {
		c.offUntil = p.retryAt // as each of the campaigns would be refused
		c.dismiss()
	}
	if c.told == reason {
		return
	}
	c.told = reason
	keyvals := []any{"msg", "collecting a subject failed; all else goes on", "account", c.account.name, "subject", c.subject.name}
	if p.campaign != nil {
		keyvals = append(keyvals, "campaign_id", strconv.FormatInt(p.id(), 10))
	}
	s.say(level.Warn, append(keyvals, "reason", string(reason), "err", err, "next_try", p.retryAt.UTC().Format(time.RFC3339))...)
}

// snapshot returns what is known of a subject. Store.mu is held.
func (c *collecting) snapshot() SubjectSnapshot {
	snapshot := SubjectSnapshot{Name: c.subject.name, LastSuccess: c.lastSuccess()}
	for _, p := range c.parts {
		if since := p.failingSince; !since.IsZero() && (snapshot.FailingSince.IsZero() || since.Before(snapshot.FailingSince)) {
			snapshot.FailingSince, snapshot.Error = since, c.err
		}
	}
	return snapshot
}
