package collector

import (
	"slices"
	"time"

	"smartlead_exporter/counting"
)

// part is what is asked for at a time.
type part struct {
	piece       *piece
	campaign    *campaign // nil: all
	found       finding   // nil if there is nothing
	why         finding   // what it was fetched for, if its piece says
	lastSuccess time.Time
	tried       time.Time
	pending     bool // a scrape found it to be due, and it hasn't begun
	cost        int  // requests that it took last
	doubted     bool // what came last was doubtful, so it isn't found

	failures     int // in a row
	failingSince time.Time
	retryAt      time.Time
}

// partKey tells parts of a subject apart.
type partKey struct {
	piece      *piece
	campaignID int64 // 0: all
}

// id is the part's campaign's, 0 for that of all.
func (p *part) id() int64 {
	if p.campaign == nil {
		return 0
	}
	return p.campaign.known.Query.CampaignID
}

// divide makes the parts of a subject those that there are to be now. s.mu is held.
func (s *Store) divide(c *collecting) {
	if c.parts != nil && c.built == s.built {
		return
	}
	known := c.byPiece
	c.built, c.parts, c.pending = s.built, []*part{}, 0
	c.byPiece = make(map[partKey]*part, len(known))
	for _, piece := range c.subject.pieces {
		if !piece.byCampaign {
			c.add(known[partKey{piece: piece}], piece, nil)
			continue
		}
		for _, campaign := range s.campaigns {
			if campaign.account == c.account {
				c.add(known[partKey{piece, campaign.known.Query.CampaignID}], piece, campaign)
			}
		}
	}
}

// add adds a part, as it was if there was one. What came with a campaign's counts goes with these. Store.mu is held.
func (c *collecting) add(p *part, piece *piece, campaign *campaign) {
	if p == nil || piece.taken != nil && p.campaign != campaign {
		p = &part{piece: piece}
		if campaign != nil && piece.restore != nil {
			p.found, p.lastSuccess = piece.restore(&campaign.known)
		}
	}
	p.campaign = campaign
	c.parts = append(c.parts, p)
	c.byPiece[partKey{piece, p.id()}] = p
	if p.pending {
		c.pending++
	}
}

// idsOf returns the campaigns of an account. What it returns is never written to. s.mu is held.
func (s *Store) idsOf(a *account) []int64 {
	if a.ids == nil || a.idsBuilt != s.built {
		a.ids, a.idsBuilt = []int64{}, s.built
		for _, c := range s.campaigns {
			if c.account == a {
				a.ids = append(a.ids, c.known.Query.CampaignID)
			}
		}
	}
	return a.ids
}

// takeFindings takes in what a campaign's refresh says of subjects beside the counts, and leaves these alone in the result.
// s.mu is held.
func (s *Store) takeFindings(campaign *campaign, result *counting.Result, now time.Time) {
	for _, c := range campaign.account.subjects {
		for _, piece := range c.subject.pieces {
			if piece.taken == nil {
				continue
			}
			found, known := piece.taken(result)
			if !known {
				continue
			}
			s.divide(c)
			p := c.byPiece[partKey{piece, campaign.known.Query.CampaignID}]
			if p == nil || p.campaign != campaign {
				continue // another account has it now
			}
			if p.pending {
				p.pending = false
				c.pending--
			}
			p.tried = now
			s.partFound(c, p, found, now)
		}
	}
	result.Statistics.Replies, result.Statistics.Variants = nil, nil
}

// failing reports whether a part of the subject fails.
func (c *collecting) failing() bool {
	return slices.ContainsFunc(c.parts, func(p *part) bool { return p.failures > 0 })
}

// up reports whether something of the subject was had, and nothing fails.
func (c *collecting) up() bool {
	return !c.failing() && slices.ContainsFunc(c.parts, func(p *part) bool { return !p.lastSuccess.IsZero() })
}

// lastSuccess is when the subject was last had whole; zero if it never was.
func (c *collecting) lastSuccess() (oldest time.Time) {
	first := true
	for _, p := range c.parts {
		if p.piece.seldom || p.piece.taken != nil && p.campaign.known.Statistics == nil && p.campaign.failures > 0 {
			continue // a campaign of which there are no counts has nothing beside them
		}
		if first || p.lastSuccess.Before(oldest) {
			first, oldest = false, p.lastSuccess
		}
	}
	return oldest
}
