package collector

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/go-kit/log/level"

	"smartlead_exporter/smartlead"
)

// collecting is the running side of a subject of an account. Its fields are guarded by Store.mu.
type collecting struct {
	subject *subject
	account *account
	parts   []*part // of each piece one for each campaign, or one for all
	byPiece map[partKey]*part
	built   uint64 // the Store's count of sets of campaigns when parts was made

	pending int         // parts that wait
	running *subjectRun // nil if none is under way
	served  float64     // as in pace

	duration time.Duration    // of the newest finished fetch
	offUntil time.Time        // until then nothing is asked, since the API refuses it
	told     smartlead.Reason // of the failure that the log was last told of; "" since it was told of success
	err      string           // the newest failure
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

// round is how many requests it takes once through, at least 1: for what comes without a request none, and for what is
// seldom asked for as many as are to be made now.
func (c *collecting) round(now time.Time) int {
	n := 0
	for _, p := range c.parts {
		if p.piece.seldom && !p.pending || !c.asks(p, now) {
			continue
		}
		n += max(p.cost, 1)
	}
	return max(n, 1)
}

// asks reports whether a part is to be asked for, now or when it is older.
func (c *collecting) asks(p *part, now time.Time) bool {
	return p.piece.fetch != nil && (p.piece.wanted == nil || p.piece.wanted(c, p, now))
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
				if s.partDue(c, p, now) {
					p.pending = true
					c.pending++
				}
			}
		}
	}
}

// partDue reports whether a part is to wait for its turn, and doesn't yet. s.mu is held.
func (s *Store) partDue(c *collecting, p *part, now time.Time) bool {
	if p.pending || c.running != nil && c.running.part == p || now.Before(p.retryAt) || !c.asks(p, now) {
		return false
	}
	age := now.Sub(p.lastSuccess)
	return p.failures > 0 || age < 0 || age >= s.ttl
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
	var query smartlead.StatisticsQuery
	if p.campaign != nil {
		query = p.campaign.known.Query
	}
	fetch, from := p.piece.fetch, c.account.source
	s.begun = append(s.begun, func(ended context.Context) {
		defer cancel()
		defer context.AfterFunc(ended, cancel)()
		found, requests, err := fetch(smartlead.WithProgress(ctx, smartlead.Progress{Asked: asked}), from, query)
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
	c.duration = now.Sub(run.began)
	switch {
	case errors.Is(got.err, errNoUse):
		p.retryAt = now.Add(refusedRetry)
	case got.err != nil:
		s.partFailed(c, p, got.err, now)
	case !p.doubted && doubtful(p.found, got.found):
		p.doubted, p.retryAt = true, now.Add(firstSubjectRetry) // it is believed when it comes again
	default:
		if p.piece.why != nil {
			p.why = p.piece.why(c, p)
		}
		s.partFound(c, p, got.found, now)
	}
}

// errNoUse is the error of a fetch that tells nothing new, and won't for a while. That is no failure.
var errNoUse = errors.New("asking for it is of no use")

// partFound takes in what is known of a part now. s.mu is held.
func (s *Store) partFound(c *collecting, p *part, found finding, now time.Time) {
	if p.piece.keep != nil {
		s.changes++
	}
	p.found, p.lastSuccess, p.doubted = found, now, false
	p.failures, p.failingSince, p.retryAt = 0, time.Time{}, time.Time{}
	if c.told != "" && !c.failing() {
		s.say(level.Info, "msg", "collecting a subject succeeds again", "account", c.account.name, "subject", c.subject.name,
			"reason", string(c.told))
		c.told = ""
	}
}
