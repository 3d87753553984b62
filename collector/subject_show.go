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
		up:          c.finished && !c.failing(),
		lastSuccess: c.lastSuccess(),
		duration:    c.duration,
	}
	if !c.subject.byCampaign {
		v.about.campaigns = s.idsOf(a)
	}
	for _, p := range c.parts {
		since := p.failingSince
		if a.trouble.reason != "" && (since.IsZero() || a.trouble.since.Before(since)) {
			since = a.trouble.since
		}
		if p.found != nil && (since.IsZero() || now.Sub(since) < s.maxStale) {
			v.parts = append(v.parts, shownPart{p.campaignID, p.found})
		}
	}
	return v
}

func (v *subjectView) show(to sink) {
	to.gauge(subjectUpFamily, boolValue(v.up), v.about.account, v.name)
	to.gauge(subjectLastSuccessFamily, timeValue(v.lastSuccess), v.about.account, v.name)
	to.gauge(subjectDurationFamily, v.duration.Seconds(), v.about.account, v.name)
	for _, part := range v.parts {
		about := v.about
		about.campaignID = strconv.FormatInt(part.campaignID, 10)
		part.found.show(to, &about)
	}
}

// same reports whether show shows the same of both.
func (v *subjectView) same(other *subjectView) bool {
	return v.name == other.name && v.about.account == other.about.account && v.about.addresses == other.about.addresses &&
		slices.Equal(v.about.campaigns, other.about.campaigns) &&
		v.up == other.up && v.lastSuccess.Equal(other.lastSuccess) && v.duration == other.duration && slices.Equal(v.parts, other.parts)
}
