package collector

import (
	"context"
	"slices"
	"time"
)

// Candidate is what choose looks at, for a test.
type Candidate struct {
	Name                   string
	First, Untried, InTurn bool
	Rate                   float64 // changes a second
	Age                    time.Duration
	Cost                   int
	Tried                  time.Duration // ago
	Order                  uint64
}

// Choose returns the names of the candidates in the order in which they are chosen, each one once. turns says whose turn
// it is; after its end it is nobody's.
func Choose(candidates []Candidate, turns string, spare bool) (order []string) {
	now := time.Now()
	left := slices.Clone(candidates)
	for len(left) > 0 {
		inner := make([]candidate, 0, len(left))
		for _, c := range left {
			inner = append(inner, candidate{c.First, c.Untried, c.InTurn, c.Rate, c.Age, float64(c.Cost), now.Add(-c.Tried), c.Order})
		}
		turn := nobodys
		if turns != "" {
			turn = map[byte]whose{'-': nobodys, 'o': oldest, 'h': hopelessOnes}[turns[0]]
			turns = turns[1:]
		}
		i, inTurn := choose(inner, turn, spare)
		if i < 0 {
			return append(order, "none")
		}
		name := left[i].Name
		if inTurn {
			name += " in turn"
		}
		order = append(order, name)
		left = slices.Delete(left, i, i+1)
	}
	return order
}

// ExpectedDelay is after how many seconds a change is seen in the mean.
var ExpectedDelay = expectedDelay

// Learn returns the rate that r becomes.
func Learn(r Rate, changes float64, d time.Duration) Rate { return r.learn(changes, d) }

// StartRate returns that of a campaign of which nothing is known.
var StartRate = startRate

// Scrape does what a scrape does to the store, without making metrics, which takes most of the time where there are many.
func (s *Store) Scrape(ctx context.Context) {
	s.look(ctx, 0)
	s.lists()
	s.subjects()
}
