package collector

import "time"

// credit is how many requests of a key are saved up for campaigns in turn.
type credit struct {
	requests float64 // below 0 after a large campaign's turn
	at       time.Time
	hopeless bool // the next turn is rather that of a campaign which is refreshed in turn only
}

// TurnAge returns how old a campaign's count of all rows gets, where counting so takes this many requests for all campaigns
// together, and so many a minute are allowed for all the key's purposes. The latter isn't 0.
func TurnAge(perMinute, requests float64) time.Duration {
	return seconds(requests / (turnShare * perMinute / 60))
}

// turn returns whose turn the next request is, and from when on it is somebody's if it is nobody's. s.mu is held.
func (s *Store) turn(q *quota, now time.Time) (turn whose, next time.Time) {
	saved, known := s.credits[q.id]
	if !known {
		saved.at = now
	}
	perSecond := turnShare * q.perSecond()
	if q.unbounded() { // then the share is of the refreshes that begin
		saved.requests = min(saved.requests, maxTurnCredit)
	} else {
		saved.requests = min(saved.requests+perSecond*now.Sub(saved.at).Seconds(), maxTurnCredit)
		next = now.Add(seconds((1 - saved.requests) / perSecond))
	}
	saved.at = now
	s.credits[q.id] = saved
	switch {
	case saved.requests < 1:
		return nobodys, later(next, now.Add(time.Millisecond))
	case saved.hopeless:
		return hopelessOnes, next
	default:
		return oldest, next
	}
}

// tookTurn has the next turn be one of the other kind. s.mu is held.
func (s *Store) tookTurn(id string) {
	saved := s.credits[id]
	saved.hopeless = !saved.hopeless
	s.credits[id] = saved
}

// charge takes requests out of what is saved up for campaigns in turn. s.mu is held.
func (s *Store) charge(id string, requests float64) {
	saved := s.credits[id]
	saved.requests -= requests
	s.credits[id] = saved
}

// sooner returns the earlier of two moments, of which a zero one is none.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
