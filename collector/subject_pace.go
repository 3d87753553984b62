package collector

import (
	"math"
	"time"
)

const (
	// SubjectShare of a key's requests goes to subjects, all of them together, at the most. With so much a change is seen
	// later by less than a tenth: reliability.TestWhatSubjectsCost.
	SubjectShare = 0.05
	// maxSubjectCredit is how many requests that share may save up, while there was no token for what waited.
	maxSubjectCredit = 3
)

// pace is what is kept to when subjects of a key are asked for.
//
// The share is divided as refreshes are: a subject that takes c requests once through is had at intervals proportional
// to √c, which keeps the mean age of all smallest. So each has a part of the share proportional to c ÷ √c.
type pace struct {
	requests float64 // saved up; below 0 after one that took many
	at       time.Time
	start    float64 // where in the division the one began that was last chosen
}

// save takes in the requests that came to be allowed. ready is when there will be one; zero if there is one. s.mu is held.
func (s *Store) save(q *quota, now time.Time) (p *pace, ready time.Time) {
	p = s.paces[q.id]
	if p == nil {
		p = &pace{requests: 1, at: now}
		s.paces[q.id] = p
	}
	if q.unbounded() {
		p.requests, p.at = 1, now
		return p, time.Time{}
	}
	perSecond := SubjectShare * q.perSecond()
	p.requests = min(p.requests+perSecond*now.Sub(p.at).Seconds(), maxSubjectCredit)
	p.at = now
	if p.requests < 1-1e-9 { // which rounding may take
		return p, later(now.Add(seconds((1-p.requests)/perSecond)), now.Add(time.Millisecond))
	}
	return p, time.Time{}
}

// chargeSubject takes requests out of what is saved up, for a subject. s.mu is held.
func (s *Store) chargeSubject(c *collecting, quotaID string, requests int) {
	if p := s.paces[quotaID]; p != nil {
		p.requests -= float64(requests)
	}
	c.served += float64(requests) / math.Sqrt(float64(c.round(time.Now())))
}

// SubjectAges returns how old subjects get of which each takes so many requests once through, where so many requests a
// minute are allowed for all the key's purposes. None of the arguments is 0.
func SubjectAges(perMinute float64, requests []float64) []time.Duration {
	sum := 0.0
	for _, r := range requests {
		sum += math.Sqrt(r)
	}
	ages := make([]time.Duration, len(requests))
	for i, r := range requests {
		ages[i] = seconds(math.Sqrt(r) * sum / (SubjectShare * perMinute / 60))
	}
	return ages
}
