package collector

import (
	"cmp"
	"slices"
	"time"
)

// place is where a campaign stands in the order of what is refreshed next.
type place struct {
	number  int // from 1
	waiting int // the same if it waits, else 0
}

// ranked is a campaign on its way to a place.
type ranked struct {
	campaign  *campaign
	candidate candidate
	due       time.Time // when a scrape would have it wait; zero if it does or would now
}

// places returns where each campaign stands that isn't being refreshed. s.mu is held.
func (s *Store) places(now time.Time) map[int64]place {
	places := make(map[int64]place, len(s.campaigns))
	for _, q := range s.quotas() {
		var all []ranked
		for _, c := range s.campaigns {
			if c.account.quotaID != q.id || c.running() {
				continue
			}
			all = append(all, ranked{c, c.candidate(now), s.dueAt(c, now)})
		}
		slices.SortStableFunc(all, ranked.compare)
		for i, r := range all {
			p := place{number: i + 1}
			if r.campaign.waiting {
				p.waiting = p.number
			}
			places[r.campaign.known.Query.CampaignID] = p
		}
	}
	return places
}

// dueAt is from when on a scrape has a campaign refreshed; zero if it would now, or has already. s.mu is held.
func (s *Store) dueAt(c *campaign, now time.Time) time.Time {
	switch {
	case c.waiting || c.running() || s.due(c, now):
		return time.Time{}
	case s.fresh(c, now):
		return later(c.retryAt, c.known.LastSuccess.Add(s.ttl))
	default:
		return c.retryAt
	}
}

// compare orders campaigns as they would be chosen, those first that wait.
func (r ranked) compare(other ranked) int {
	waits := func(r *ranked) int {
		if r.campaign.waiting {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(waits(&r), waits(&other)), r.due.Compare(other.due), r.candidate.compare(&other.candidate))
}

// compare orders candidates as choose does if it is nobody's turn.
func (c *candidate) compare(other *candidate) int {
	switch {
	case c.inTurn != other.inTurn:
		if c.inTurn {
			return 1
		}
		return -1
	case c.before(other):
		return -1
	case other.before(c):
		return 1
	default:
		return 0
	}
}
