package collector

import (
	"context"
	"slices"
	"time"

	"github.com/go-kit/log/level"

	"smartlead_exporter/smartlead"
)

// collecting is the running side of a subject of an account. Its fields are guarded by Store.mu.
type collecting struct {
	subject *subject
	account *account
	parts   []*part // one for each campaign, or one for all
	built   uint64  // the Store's count of sets of campaigns when parts was made

	pending int         // parts that wait
	running *subjectRun // nil if none is under way
	served  float64     // as in pace

	finished bool             // a fetch has, at some time
	duration time.Duration    // of the newest finished one
	offUntil time.Time        // until then nothing is asked, since the API refuses it
	told     smartlead.Reason // of the failure that the log was last told of; "" since it was told of success
}

// part is what is asked for at a time.
type part struct {
	campaignID  int64   // 0: all
	found       finding // nil if there is nothing
	lastSuccess time.Time
	tried       time.Time
	pending     bool // a scrape found it to be due, and it hasn't begun
	cost        int  // requests that it took last

	failures     int // in a row
	failingSince time.Time
	retryAt      time.Time
}

// subjectRun is a fetch under way.
type subjectRun struct {
	part      *part
	cancel    context.CancelFunc
	began     time.Time
	quotaID   string
	counted   int  // it was counted as so many requests
	asked     bool // a request was sent
	remaining int  // requests that it is expected to need yet
}

// applySubjects takes in which subjects are to be collected. due says that all are due at once. Store.mu is held.
func (a *account) applySubjects(names []string, from Source, due bool) {
	before := a.subjects
	a.source, a.subjects = from, nil
	for _, subject := range subjects {
		if from == nil || !slices.Contains(names, subject.name) {
			continue
		}
		i := slices.IndexFunc(before, func(c *collecting) bool { return c.subject == subject })
		if i < 0 {
			a.subjects = append(a.subjects, &collecting{subject: subject, account: a})
			continue
		}
		c := before[i]
		a.subjects = append(a.subjects, c)
		if due {
			c.giveUp()
			c.offUntil = time.Time{}
			for _, p := range c.parts {
				p.retryAt, p.failures, p.lastSuccess = time.Time{}, 0, time.Time{}
			}
		}
	}
	for _, c := range before {
		if !slices.Contains(a.subjects, c) {
			c.giveUp()
		}
	}
}

// giveUpSubjects ends what is under way. Store.mu is held.
func (a *account) giveUpSubjects() {
	for _, c := range a.subjects {
		c.giveUp()
	}
}

func (c *collecting) giveUp() {
	if c.running != nil {
		c.running.cancel()
		c.running = nil
	}
	c.dismiss()
}

// dismiss has no part wait any more.
func (c *collecting) dismiss() {
	for _, p := range c.parts {
		p.pending = false
	}
	c.pending = 0
}

// wants reports whether the subject is to be asked for when its turn comes.
func (c *collecting) wants() bool { return c.pending > 0 && c.running == nil }

// round is how many requests it takes once through, at least 1.
func (c *collecting) round() int {
	n := 0
	for _, p := range c.parts {
		n += max(p.cost, 1)
	}
	return max(n, 1)
}

// subjectRequests returns how many requests subjects under way are expected to send yet, and how many of them have sent
// none. Store.mu is held.
func (a *account) subjectRequests() (remaining, unasked int) {
	for _, c := range a.subjects {
		if c.running == nil {
			continue
		}
		remaining += c.running.remaining
		if !c.running.asked {
			unasked++
		}
	}
	return remaining, unasked
}

// wantSubjects has those parts wait for their turn that are due. s.mu is held.
func (s *Store) wantSubjects(now time.Time) {
	for _, a := range s.accounts {
		for _, c := range a.subjects {
			s.divide(c)
			if now.Before(c.offUntil) {
				continue
			}
			for _, p := range c.parts {
				age := now.Sub(p.lastSuccess)
				underWay := p.pending || c.running != nil && c.running.part == p
				if !underWay && !now.Before(p.retryAt) && (p.failures > 0 || age < 0 || age >= s.ttl) {
					p.pending = true
					c.pending++
				}
			}
		}
	}
}

// divide makes the parts of a subject those that there are to be now. s.mu is held.
func (s *Store) divide(c *collecting) {
	if !c.subject.byCampaign {
		if c.parts == nil {
			c.parts = []*part{{}}
		}
		return
	}
	if c.parts != nil && c.built == s.built {
		return
	}
	known := make(map[int64]*part, len(c.parts))
	for _, p := range c.parts {
		known[p.campaignID] = p
	}
	c.built, c.parts, c.pending = s.built, []*part{}, 0
	for _, id := range s.idsOf(c.account) {
		p := known[id]
		if p == nil {
			p = &part{campaignID: id}
		}
		c.parts = append(c.parts, p)
		if p.pending {
			c.pending++
		}
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

// beginSubject begins a part of a subject if there is a request for it: one of the share that subjects have, and after the
// first refresh of all campaigns. Otherwise next is when there may be one, if nothing else happens. s.mu is held.
func (s *Store) beginSubject(q *quota, now time.Time) (next time.Time, begun bool) {
	var chosen *collecting
	var pace *pace
	for _, a := range q.accounts {
		if a.trouble.reason != "" {
			continue
		}
		for _, c := range a.subjects {
			if !c.wants() {
				continue
			}
			if pace == nil {
				if s.hasFirst(q, now) {
					return time.Time{}, false
				}
				var ready time.Time
				if pace, ready = s.save(q, now); !ready.IsZero() {
					return ready, false
				}
			}
			c.served = max(c.served, pace.start) // no more than its part is saved up while it wasn't due
			if chosen == nil || c.served < chosen.served {
				chosen = c
			}
		}
	}
	if chosen == nil {
		return time.Time{}, false
	}
	pace.start = chosen.served
	s.beginPart(chosen, q.id, now)
	return time.Time{}, true
}

// hasFirst reports whether a list or a campaign of a quota is to be fetched for the first time, so that subjects wait.
// s.mu is held.
func (s *Store) hasFirst(q *quota, now time.Time) bool {
	for _, a := range q.accounts {
		if _, blocked := a.blocked(&q.state, now); blocked {
			continue
		}
		if list := &a.catalog; a.listFirst() || list.pending && list.lastSuccess.IsZero() && list.reason == "" {
			return true
		}
		for _, c := range a.waiting {
			if c.known.Statistics == nil && c.failures == 0 {
				return true
			}
		}
		for _, c := range a.running {
			if c.known.Statistics == nil && c.failures == 0 {
				return true
			}
		}
	}
	return false
}

// beginPart begins the part that was tried longest ago. s.mu is held.
func (s *Store) beginPart(c *collecting, quotaID string, now time.Time) {
	var p *part
	for _, other := range c.parts {
		if other.pending && (p == nil || other.tried.Before(p.tried)) {
			p = other
		}
	}
	p.pending, p.tried = false, now
	c.pending--
	ctx, cancel := context.WithCancel(context.Background())
	run := &subjectRun{part: p, cancel: cancel, began: now, quotaID: quotaID, counted: max(p.cost, 1), remaining: max(p.cost, 1)}
	c.running = run
	s.chargeSubject(c, quotaID, run.counted)
	asked := func() {
		s.mu.Lock()
		defer s.unlock()
		run.asked, run.remaining = true, max(run.remaining-1, 0)
		s.signal()
	}
	fetch, from := c.subject.fetch, c.account.source
	s.begun = append(s.begun, func(ended context.Context) {
		defer cancel()
		defer context.AfterFunc(ended, cancel)()
		found, requests, err := fetch(smartlead.WithProgress(ctx, smartlead.Progress{Asked: asked}), from, p.campaignID)
		if err != nil {
			found = nil
		}
		s.finishPart(c, run, fetched{found, requests, err, err != nil && ctx.Err() != nil})
	})
	s.signal()
}

// fetched is what came of a fetch.
type fetched struct {
	found    finding
	requests int
	err      error
	ended    bool // it was given up, which says nothing about the API
}

// finishPart takes in what a fetch found.
func (s *Store) finishPart(c *collecting, run *subjectRun, got fetched) {
	s.mu.Lock()
	defer s.unlock()
	defer s.signal()
	s.chargeSubject(c, run.quotaID, got.requests-run.counted)
	if c.running != run {
		return // nobody wants to know
	}
	c.running = nil
	if got.ended {
		return // and so is the exporter about to
	}
	p, now := run.part, time.Now()
	p.cost = max(got.requests, 1)
	c.finished, c.duration = true, now.Sub(run.began)
	if got.err != nil {
		s.partFailed(c, p, got.err, now)
		return
	}
	p.found, p.lastSuccess = got.found, now
	p.failures, p.failingSince, p.retryAt = 0, time.Time{}, time.Time{}
	if c.told != "" && !c.failing() {
		s.say(level.Info, "msg", "collecting a subject succeeds again", "account", c.account.name, "subject", c.subject.name,
			"reason", string(c.told))
		c.told = ""
	}
}

// failing reports whether a part of the subject fails.
func (c *collecting) failing() bool {
	return slices.ContainsFunc(c.parts, func(p *part) bool { return p.failures > 0 })
}

// lastSuccess is when the subject was last had whole; zero if it never was.
func (c *collecting) lastSuccess() time.Time {
	if len(c.parts) == 0 {
		return time.Time{}
	}
	oldest := slices.MinFunc(c.parts, func(a, b *part) int { return a.lastSuccess.Compare(b.lastSuccess) })
	return oldest.lastSuccess
}
