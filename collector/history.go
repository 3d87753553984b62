package collector

import (
	"slices"
	"time"

	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
)

// maxHistory bounds the refreshes of a campaign that are remembered.
const maxHistory = 10

// Refresh is one that has ended.
type Refresh struct {
	Began    time.Time
	Duration time.Duration
	Requests int
	// Method is how the campaign was counted, or was to be.
	Method counting.Method
	// Recount is what came of comparing a count by all rows with what was shown; OutcomeNone where it wasn't that.
	Recount counting.Outcome
	// Changes is by how much the counts rose or fell since the refresh before; -1 where there is nothing to compare.
	Changes int64
	// Reason and Error are why it failed; "" if it didn't.
	Reason smartlead.Reason
	Error  string
}

// past are the newest refreshes of a campaign, the oldest first; there may be thousands of campaigns, so it is packed.
type past []packedRefresh

type packedRefresh struct {
	began    int64 // in nanoseconds of Unix time
	duration time.Duration
	changes  int64
	failure  *failure // nil if it succeeded
	requests uint32
	method   uint8 // its place among counting.Methods
	recount  uint8 // its place among counting.Outcomes, from 1; 0: none
}

type failure struct {
	reason smartlead.Reason
	text   string
}

// add takes note of a refresh.
func (p *past) add(r *Refresh) {
	packed := packedRefresh{
		began: r.Began.UnixNano(), duration: r.Duration, changes: r.Changes, requests: uint32(max(r.Requests, 0)),
		method:  uint8(max(slices.Index(counting.Methods(), r.Method), 0)),
		recount: uint8(slices.Index(counting.Outcomes(), r.Recount) + 1),
	}
	if r.Reason != "" {
		packed.failure = p.same(failure{r.Reason, r.Error})
	}
	switch n := len(*p); {
	case n == maxHistory:
		copy(*p, (*p)[1:])
		(*p)[n-1] = packed
	case n == cap(*p): // which grows to no more than it may hold
		*p = append(make(past, 0, min(2*n+1, maxHistory)), *p...)
		fallthrough
	default:
		*p = append(*p, packed)
	}
}

// same returns a failure, the one that is there already if it is alike, so that its text is kept once.
func (p *past) same(f failure) *failure {
	for i := range *p {
		if known := (*p)[i].failure; known != nil && *known == f {
			return known
		}
	}
	return &f
}

// refreshes returns what is there, the newest first.
func (p *past) refreshes() []Refresh {
	refreshes := make([]Refresh, 0, len(*p))
	for _, packed := range slices.Backward(*p) {
		r := Refresh{
			Began: time.Unix(0, packed.began), Duration: packed.duration, Requests: int(packed.requests), Changes: packed.changes,
			Method: counting.Methods()[packed.method],
		}
		if packed.recount > 0 {
			r.Recount = counting.Outcomes()[packed.recount-1]
		}
		if packed.failure != nil {
			r.Reason, r.Error = packed.failure.reason, packed.failure.text
		}
		refreshes = append(refreshes, r)
	}
	return refreshes
}

// remember takes note of a refresh of a campaign that has ended, and of by how much the counts rose or fell; -1 where there is
// nothing to compare. s.mu is held.
func (c *campaign) remember(result *counting.Result, err error, changes float64) {
	r := Refresh{
		Began: c.tried, Duration: c.known.Duration, Requests: c.known.Requests, Method: c.method, Recount: result.Recount, Changes: int64(changes),
	}
	switch {
	case err != nil:
		r.Reason, r.Error = c.known.Reason, c.known.Error
	case result.AllRows:
		r.Method = counting.MethodRows
	default:
		r.Method = result.State.Method()
	}
	c.past.add(&r)
}

// History returns what is known of a campaign, and its newest refreshes since this program started, the newest first: ten at
// the most. ok is false if no account has the campaign. It asks for nothing, and waits for nothing.
func (s *Store) History(id int64) (snapshot Snapshot, refreshes []Refresh, ok bool) {
	s.mu.Lock()
	defer s.unlock()
	c := s.byID[id]
	if c == nil {
		return Snapshot{}, nil, false
	}
	now := time.Now()
	snapshot = s.snapshot(c, now)
	place := s.places(now)[id]
	snapshot.Place, snapshot.Queue = place.number, place.waiting
	return snapshot, c.past.refreshes(), true
}

// Example returns the number of a campaign that whoever looks around may ask for; ok is false if there is none yet.
func (s *Store) Example() (id int64, ok bool) {
	s.mu.Lock()
	defer s.unlock()
	if len(s.campaigns) == 0 {
		return 0, false
	}
	return s.campaigns[0].known.Query.CampaignID, true
}
