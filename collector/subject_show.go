package collector

import (
	"slices"
	"strconv"
	"time"
)

// subjectView is what is to be shown of a subject of an account at a moment.
type subjectView struct {
	name        string
	about       about
	up          bool
	lastSuccess time.Time
	duration    time.Duration
	parts       []shownPart
}

// shownPart is what was found, of a campaign where the subject is asked for by campaign.
type shownPart struct {
	campaignID int64
	found      finding
}

// subjects returns what is to be shown of all subjects that are collected, without what has been failing for max_stale.
func (s *Store) subjects() (views []subjectView) {
	s.mu.Lock()
	defer s.unlock()
	now := time.Now()
	for _, a := range s.accounts {
		for _, c := range a.subjects {
			s.divide(c)
			views = append(views, s.subjectView(c, now))
		}
	}
	return views
}

// subjectView is subjects for one of them. s.mu is held.
func (s *Store) subjectView(c *collecting, now time.Time) subjectView {
	a := c.account
	v := subjectView{
		name:        c.subject.name,
		about:       about{account: a.name, addresses: a.addresses},
		up:          c.up(),
		lastSuccess: c.lastSuccess(),
		duration:    c.duration,
	}
	for _, p := range c.parts {
		if p.campaign == nil {
			v.about.campaigns = s.idsOf(a)
		}
		since := s.partFailingSince(a, p, now)
		if p.found == nil || !since.IsZero() && now.Sub(since) >= s.maxStale {
			continue
		}
		if p.campaign == nil {
			v.about.common = p.found
		}
		v.parts = append(v.parts, shownPart{p.id(), p.found})
	}
	return v
}

// partFailingSince returns since when a part couldn't be had; zero if it can, or only waits for its turn. s.mu is held.
func (s *Store) partFailingSince(a *account, p *part, now time.Time) time.Time {
	since := p.failingSince
	if a.trouble.reason != "" {
		since = sooner(since, a.trouble.since)
	}
	if p.piece.taken != nil {
		since = sooner(since, s.failingSince(p.campaign, now))
	}
	return since
}

func (v *subjectView) show(to sink) {
	v.showState(to)
	for _, part := range v.parts {
		v.showPart(to, part)
	}
}

// showState shows how collecting goes.
func (v *subjectView) showState(to sink) {
	to.gauge(subjectUpFamily, boolValue(v.up), v.about.account, v.name)
	to.gauge(subjectLastSuccessFamily, timeValue(v.lastSuccess), v.about.account, v.name)
	to.gauge(subjectDurationFamily, v.duration.Seconds(), v.about.account, v.name)
}

func (v *subjectView) showPart(to sink, part shownPart) {
	about := v.about
	about.campaignID = strconv.FormatInt(part.campaignID, 10)
	part.found.show(to, &about)
}

// same reports whether show shows the same of both.
func (v *subjectView) same(other *subjectView) bool {
	return v.name == other.name && v.about.account == other.about.account && v.about.addresses == other.about.addresses && v.about.common == other.about.common &&
		slices.Equal(v.about.campaigns, other.about.campaigns) &&
		v.up == other.up && v.lastSuccess.Equal(other.lastSuccess) && v.duration == other.duration && slices.Equal(v.parts, other.parts)
}
