package collector

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-kit/log/level"

	"smartlead_exporter/internal/episode"
	"smartlead_exporter/smartlead"
)

// How long the first line of a batch waits for others of which it could tell, if nothing shows sooner that there are none.
const (
	openFailed = time.Minute
	openWell   = maxCampaignBackoff + time.Minute // as long as it takes until all have been asked for again
)

// batch are campaigns of which the log is told the same, together: as soon as it shows how many they are, and of those that
// come later every episode.Window.
type batch struct {
	reason smartlead.Reason
	again  bool // they succeed again, after they failed for reason
	open   bool // nothing was told of it yet
	until  time.Time
	held   []*campaign
}

// ownFailure reports whether a failure is known to be the campaign's own. again says that it failed before, and others
// succeeded since.
func (c *campaign) ownFailure(err error, reason smartlead.Reason, again bool) bool {
	switch reason {
	case smartlead.ErrRateLimited:
		return again
	case smartlead.ErrUnauthorized: // the key's; but where the API refuses it for this campaign alone, that is to be known
		failed, ok := errors.AsType[*smartlead.Error](err)
		return again && ok && failed.StatusCode != 0
	default:
		return c.alone && (again || !ofAccount(reason))
	}
}

// sayFailure tells of a failed refresh, where it is news and known to be the campaign's own. s.mu is held.
func (s *Store) sayFailure(c *campaign, err error, reason smartlead.Reason, own bool, now time.Time) {
	if own && c.told != reason {
		s.sayOwn(c, now)
		if c.batch == nil {
			return // it is told
		}
	}
	s.say(level.Debug, "msg", "refreshing a campaign failed", "account", c.account.name, "campaign_id", c.known.ID,
		"campaign", c.known.Name, "reason", string(reason), "err", err)
}

// sayOwn tells of a campaign that fails, now that its account is known to be well. s.mu is held.
func (s *Store) sayOwn(c *campaign, now time.Time) {
	if c.known.Reason == "" || c.told == c.known.Reason {
		return
	}
	c.told = c.known.Reason
	s.inBatch(c, c.told, false, now)
}

// sayRecovery tells that a refresh succeeded after one that failed, and has it told of others that they failed, since not
// all do. s.mu is held.
func (s *Store) sayRecovery(c *campaign, now time.Time) {
	for _, b := range c.account.told.batches {
		if b.open && !b.again {
			s.sayBatch(c.account, b, now)
		}
	}
	reason := c.told
	if reason == "" {
		return
	}
	c.told = ""
	c.failed = now.Sub(c.known.FailingSince).Round(time.Second)
	if c.batch != nil && !c.batch.again {
		return // that it failed isn't told yet; then both will be
	}
	s.inBatch(c, reason, true, now)
}

// inBatch tells of a campaign that failed, or succeeds again, together with others. s.mu is held.
func (s *Store) inBatch(c *campaign, reason smartlead.Reason, again bool, now time.Time) {
	c.leaveBatch()
	a := c.account
	i := slices.IndexFunc(a.told.batches, func(b *batch) bool { return b.reason == reason && b.again == again })
	if i < 0 {
		i = len(a.told.batches)
		open := openFailed
		if again {
			open = openWell
		}
		a.told.batches = append(a.told.batches, &batch{reason: reason, again: again, open: true, until: now.Add(open)})
	}
	b := a.told.batches[i]
	b.held = append(b.held, c)
	c.batch = b
	if b.open && s.isWhole(a, b) {
		s.sayBatch(a, b, now)
	}
}

// isWhole reports whether a batch can't grow: all campaigns of the account fail, or none still fails for its reason. s.mu is
// held.
func (s *Store) isWhole(a *account, b *batch) bool {
	return !slices.ContainsFunc(s.campaigns, func(c *campaign) bool {
		if b.again {
			return c.account == a && c.told == b.reason
		}
		return c.account == a && c.known.Reason == ""
	})
}

// leaveBatch takes back what was to be told of a campaign, since there is something newer.
func (c *campaign) leaveBatch() {
	if c.batch != nil {
		c.batch.held = slices.DeleteFunc(c.batch.held, func(other *campaign) bool { return other == c })
		c.batch = nil
	}
}

// sayBatches tells of the campaigns that were held back for long enough. s.mu is held.
func (s *Store) sayBatches(a *account, now time.Time) {
	for _, b := range a.told.batches {
		if !now.Before(b.until) {
			s.sayBatch(a, b, now)
		}
	}
	a.told.batches = slices.DeleteFunc(a.told.batches, func(b *batch) bool { return b.until.IsZero() })
}

// sayOpen tells of what waits for others to come. s.mu is held.
func (s *Store) sayOpen(now time.Time) {
	for _, a := range s.accounts {
		for _, b := range a.told.batches {
			if b.open {
				s.sayBatch(a, b, now)
			}
		}
	}
}

// sayBatch tells of the campaigns that are held back. s.mu is held.
func (s *Store) sayBatch(a *account, b *batch, now time.Time) {
	held := slices.DeleteFunc(b.held, func(c *campaign) bool { return c.removed || c.account != a })
	b.held = nil
	for _, c := range held {
		c.batch = nil
	}
	first := b.open
	b.open = false
	switch {
	case len(held) == 1 && (held[0].told != "") != b.again:
		s.tellCampaign(held[0], b.reason, b.again, now)
	case len(held) > 0:
		s.tellCampaigns(a, b, held, first)
	default:
		b.until = time.Time{} // nothing came any more
		return
	}
	b.until = now.Add(episode.Window)
}

// tellCampaign tells of one campaign that failed, or succeeds again. s.mu is held.
func (s *Store) tellCampaign(c *campaign, reason smartlead.Reason, again bool, now time.Time) {
	about := []any{"account", c.account.name, "campaign_id", c.known.ID, "campaign", c.known.Name, "reason", string(reason)}
	if again {
		s.tell(level.Info, "refreshing a campaign succeeds again", about, "after", c.failed)
		return
	}
	s.tell(level.Warn, "refreshing a campaign failed", about, "err", c.known.Error, "serving", s.serving(c, now))
}

// tellCampaigns tells of campaigns of a batch; first says that none was told of before. s.mu is held.
func (s *Store) tellCampaigns(a *account, b *batch, held []*campaign, first bool) {
	var named []string
	var well int
	var longest time.Duration
	example := held[0]
	for _, c := range held {
		if len(named) < maxLogged {
			named = append(named, fmt.Sprintf("%s %q", c.known.ID, c.known.Name))
		}
		longest = max(longest, c.failed)
		if c.told == "" {
			well++
		} else {
			example = c
		}
	}
	about := []any{"account", a.name, "count", len(held), "of", s.campaignsOf(a), "campaigns", strings.Join(named, ", "), "reason", string(b.reason)}
	if b.again {
		s.tell(level.Info, "refreshing campaigns succeeds again", about, "after_at_most", longest)
		return
	}
	msg := "refreshing more campaigns failed for the same reason"
	if first {
		msg = "refreshing campaigns failed for the same reason"
	}
	s.tell(level.Warn, msg, about, "err", example.known.Error, "well_again", well)
}

// serving says what is shown of a campaign whose refresh failed. s.mu is held.
func (s *Store) serving(c *campaign, now time.Time) string {
	values := "the values of " + stamp(c.known.LastSuccess)
	switch {
	case c.known.Statistics == nil:
		return "nothing: there are no values yet"
	case !s.servable(c, now):
		return "nothing: refreshing has been failing for cache.max_stale"
	default:
		return values + ", until refreshing has been failing for cache.max_stale"
	}
}

// sayMissing tells what good statistics lack, once until it changes. s.mu is held.
func (s *Store) sayMissing(c *campaign, statistics *smartlead.Statistics) {
	before := c.known.Statistics
	if before == nil {
		before = &smartlead.Statistics{}
	}
	if unknown := statistics.Unknown(); unknown != 0 && unknown != before.Unknown() {
		s.say(level.Warn, "msg", "the API doesn't give all counts of a campaign; those that are missing aren't shown",
			"account", c.account.name, "campaign_id", c.known.ID, "missing", unknown)
	}
	if n := statistics.RowsWithoutStep; n != 0 && before.RowsWithoutStep == 0 {
		s.say(level.Warn, "msg", "rows of a campaign's statistics don't say of which step they are, so they are in no count",
			"account", c.account.name, "campaign_id", c.known.ID, "rows", n, "of", statistics.Rows)
	}
}

// reasonOf returns the reason of a failure to fetch, one of those that are counted from the start.
func reasonOf(err error) smartlead.Reason {
	if reason := smartlead.ReasonOf(err); reason != "" {
		return reason
	}
	return smartlead.ErrBadRequest // a query the client refuses to send
}
