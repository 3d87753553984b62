package collector

import (
	"time"

	"github.com/go-kit/log/level"

	"smartlead_exporter/smartlead"
)

// sayTrouble tells that an account as a whole fails. s.mu is held.
func (s *Store) sayTrouble(a *account, err error) {
	s.say(level.Warn, "msg", "nothing can be had for the account; it is tried again by one refresh at a time",
		"account", a.name, "campaigns", s.campaignsOf(a), "reason", string(a.trouble.reason), "err", err,
		"next_try", a.trouble.retryAt.UTC().Format(time.RFC3339))
}

// tried takes note that the refresh which tries an account in trouble has failed. s.mu is held.
func (s *Store) tried(a *account, err error, reason smartlead.Reason, now time.Time) {
	news := a.trouble.reason != reason
	a.tried(reason, now)
	if news {
		s.sayTrouble(a, err)
	}
}

// sayWell tells that an account is well again. s.mu is held.
func (s *Store) sayWell(a *account, was trouble, now time.Time) {
	s.say(level.Info, "msg", "the account is answered again", "account", a.name, "campaigns", s.campaignsOf(a),
		"reason", string(was.reason), "after", now.Sub(was.since).Round(time.Second))
}

// sayFailure tells of a failed refresh, loudly when that is news and known to be the campaign's own. s.mu is held.
func (s *Store) sayFailure(c *campaign, err error, reason smartlead.Reason, own bool, now time.Time) {
	loudness := level.Debug
	if own && c.told != reason {
		loudness = level.Warn
		c.told = reason
	}
	s.say(loudness, "msg", "refreshing a campaign failed", "account", c.account.name, "campaign_id", c.known.ID,
		"campaign", c.known.Name, "reason", string(reason), "err", err, "serving", s.serving(c, now))
}

// sayOwn tells of a campaign that fails, now that the account is known to be well. s.mu is held.
func (s *Store) sayOwn(c *campaign, now time.Time) {
	if c.told == c.known.Reason || c.known.Reason == "" {
		return
	}
	c.told = c.known.Reason
	s.say(level.Warn, "msg", "refreshing a campaign failed", "account", c.account.name, "campaign_id", c.known.ID,
		"campaign", c.known.Name, "reason", string(c.known.Reason), "err", c.known.Error, "serving", s.serving(c, now))
}

// serving says what is shown of a campaign whose refresh failed. s.mu is held.
func (s *Store) serving(c *campaign, now time.Time) string {
	values := "the values of " + c.known.LastSuccess.UTC().Format(time.RFC3339)
	switch {
	case c.known.Statistics == nil:
		return "nothing: there are no values yet"
	case !s.servable(c, now):
		return "nothing: refreshing has been failing for cache.max_stale"
	default:
		return values + ", until refreshing has been failing for cache.max_stale"
	}
}

// sayRecovery tells that a refresh succeeded after one that failed. s.mu is held.
func (s *Store) sayRecovery(c *campaign, now time.Time) {
	if c.told == "" {
		return
	}
	s.say(level.Info, "msg", "refreshing a campaign succeeds again", "account", c.account.name, "campaign_id", c.known.ID,
		"campaign", c.known.Name, "reason", string(c.told), "after", now.Sub(c.known.FailingSince).Round(time.Second))
	c.told = ""
}
