package collector

import (
	"math"
	"slices"
	"time"

	"smartlead_exporter/smartlead"
)

const (
	// turnShare of a key's requests goes to campaigns in turn, whatever else there is to refresh.
	turnShare = 0.1
	// maxTurnCredit is how many requests that share may save up while nothing was due.
	maxTurnCredit = 2

	// largeRefresh is from how many requests on a refresh shares the tokens with others instead of having them all.
	largeRefresh = 20

	// manyWaiting is among how many campaigns of an account one is chosen where nothing limits the requests: all come
	// soon then, and looking at thousands for each would take as long as to fetch them.
	manyWaiting = 100

	// tokenPoll is how often tokens are looked at that are there, but belong to refreshes under way.
	tokenPoll = time.Second
)

// quota is what the accounts that use one key may ask, at a moment.
type quota struct {
	id       string
	accounts []*account
	state    smartlead.BudgetState
	limited  bool
}

// quotas returns the quotas of the accounts, in the accounts' order. s.mu is held.
func (s *Store) quotas() []*quota {
	quotas := make([]*quota, 0, len(s.accounts))
	byID := make(map[string]*quota, len(s.accounts))
	for _, a := range s.accounts {
		state, limited := a.state()
		id := state.ID
		if id == "" {
			id = "account " + a.name
		}
		a.keyID, a.quotaID = state.ID, id
		q := byID[id]
		if q == nil {
			q = &quota{id: id, state: state, limited: limited}
			byID[id] = q
			quotas = append(quotas, q)
		}
		q.accounts = append(q.accounts, a)
	}
	return quotas
}

// tokens returns how many requests could be sent until then: none during a pause that lasts so long.
func (q *quota) tokens(until time.Time) float64 {
	if !q.limited {
		return math.Inf(1)
	}
	return q.state.TokensBy(until)
}

// perSecond returns how many requests a second the quota allows for hours on end.
func (q *quota) perSecond() float64 {
	if sustained := q.state.Limits.Sustained(); q.limited && sustained > 0 {
		return sustained / 60
	}
	return math.Inf(1)
}

// unbounded reports whether nothing limits the requests for hours on end.
func (q *quota) unbounded() bool { return math.IsInf(q.perSecond(), 1) }

// full reports whether the tokens that are there are as many as can be saved up, so that the next one is lost.
func (q *quota) full(tokens float64) bool {
	limits := q.state.Limits
	if perMinute := limits.PerMinute; perMinute > 0 && q.ahead() == 0 && tokens >= smartlead.Burst(perMinute)-0.5 {
		return true
	}
	perHour := limits.PerHour
	return perHour > 0 && q.state.HourLeft >= smartlead.Burst(perHour)-0.5
}

// claims are the tokens that belong to what is under way.
type claims struct {
	next  int // requests that are about to be sent
	all   int // with those expected after them, of large refreshes none
	large int // requests expected of large refreshes
}

func (q *quota) claims() (claimed claims) {
	for _, a := range q.accounts {
		for _, c := range a.running {
			switch {
			case c.remaining > largeRefresh:
				claimed.large += c.remaining
			case c.asked:
				claimed.all += c.remaining
			default:
				claimed.next++
				claimed.all += max(c.remaining, 1)
			}
		}
		if l := a.catalog.listing; l != nil && !l.asked {
			claimed.next++
			claimed.all++
		}
		remaining, unasked := a.subjectRequests()
		claimed.next += unasked
		claimed.all += remaining
	}
	return claimed
}

// dispatch begins what may begin now: lists that are due and refreshes of campaigns that wait. It returns when to
// look again if nothing else happens; zero if there is nothing to look for. s.mu is held.
func (s *Store) dispatch(now time.Time) (again time.Time) {
	for _, q := range s.quotas() {
		for {
			next, begun := s.dispatchOne(q, now)
			if begun {
				continue
			}
			again = sooner(again, next)
			break
		}
	}
	return again
}

// dispatchOne begins one list or refresh, if the quota has a token for it that belongs to none under way, or would lose it
// otherwise. Beside a large refresh, which shares the tokens with others, one waits for its token already. s.mu is held.
func (s *Store) dispatchOne(q *quota, now time.Time) (next time.Time, begun bool) {
	if !s.anyWaits(q) {
		return time.Time{}, false
	}
	if q.limited && q.state.PausedUntil.After(now) {
		return q.state.PausedUntil, false
	}
	tokens, claimed := q.tokens(now), q.claims()
	full := q.limited && q.full(tokens)
	switch {
	case tokens-float64(claimed.all) >= 1, full && tokens-float64(claimed.next) >= 1, claimed.large > 0 && claimed.all == 0:
		return s.beginNext(q, claimed, full, now)
	case tokens < 1:
		return later(q.state.NextToken(now), now.Add(time.Millisecond)), false
	default:
		return now.Add(tokenPoll), false
	}
}

// anyWaits reports whether something of a quota waits to begin. s.mu is held.
func (s *Store) anyWaits(q *quota) bool {
	for _, a := range q.accounts {
		if len(a.waiting) > 0 || a.catalog.pending && a.catalog.listing == nil || slices.ContainsFunc(a.subjects, (*collecting).wants) {
			return true
		}
	}
	return false
}

// beginNext begins a list, a part of a subject or a refresh. Where it begins none, because of what will be over by then, it returns when to
// look again. s.mu is held.
func (s *Store) beginNext(q *quota, claimed claims, full bool, now time.Time) (next time.Time, begun bool) {
	if next, begun = s.beginSubject(q, now); begun {
		return time.Time{}, true
	}
	candidates, campaigns := s.candidates[:0], s.candidate[:0]
	for _, a := range q.accounts {
		until, blocked := a.blocked(&q.state, now)
		switch {
		case blocked:
			next = sooner(next, until)
			continue
		case a.listFirst():
			s.beginList(a)
			return time.Time{}, true
		case a.full():
			continue
		case a.trouble.reason != "":
			if c := a.witness(); c != nil {
				s.begin(c, now)
				return time.Time{}, true
			}
			continue
		}
		for i, c := range a.waiting {
			if i == manyWaiting && q.unbounded() {
				break
			}
			described := c.candidate(now)
			if claimed.large > 0 && described.cost > largeRefresh {
				continue // one at a time for a key
			}
			candidates, campaigns = append(candidates, described), append(campaigns, c)
		}
	}
	s.candidates, s.candidate = candidates, campaigns
	defer clear(s.candidate) // so that nobody is kept who is gone
	turn, until := s.turn(q, now)
	i, inTurn := choose(candidates, turn, full || q.unbounded())
	if i < 0 {
		if len(candidates) > 0 {
			next = sooner(next, until)
		}
		return next, false
	}
	c, cost := campaigns[i], candidates[i].cost
	if inTurn {
		cost = c.turnCost(now)
	}
	if at := q.readable(cost, claimed, now); at.After(now) && !c.first && cost > 1 {
		return sooner(next, at), false
	}
	if inTurn {
		c.inTurn, c.charged = true, int(cost)
		s.charge(q.id, float64(c.charged))
		s.tookTurn(q.id)
	} else if q.unbounded() {
		s.charge(q.id, -turnShare)
	}
	s.begin(c, now)
	return time.Time{}, true
}
