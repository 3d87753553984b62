package smartlead

import (
	"math"
	"time"
)

// BudgetState is where the budget of a key stands at a moment, as the account of a client sees it.
type BudgetState struct {
	// At is the moment.
	At time.Time
	// ID is equal for accounts that share a quota, and says nothing of the key; "" if the key can't be read.
	ID string
	// Accounts are the names of those that share the quota, sorted. The caller owns them.
	Accounts []string

	// Limits are in force: what the accounts have together, or the server's limit where that is lower. Concurrency is
	// that of the client's account alone.
	Limits Limits
	// Configured are the limits that the accounts have together.
	Configured Limits
	// Advertised is the newest X-RateLimit-Limit; -1 if no answer had one.
	Advertised int
	// AdvertisedPerMinute tells whether Advertised was seen to be a limit of requests a minute.
	AdvertisedPerMinute bool
	// AdvertisedBinds tells whether Advertised is kept to since it is lower than what is configured.
	AdvertisedBinds bool

	// MinuteLeft and HourLeft are requests that could be sent at once; -1 where there is no limit of that kind.
	MinuteLeft, HourLeft float64
	// ServerLeft is how many requests the server allows until ServerReset, less those under way; below 0 if more than
	// that are under way. Without a ServerReset nothing is known.
	ServerLeft  int
	ServerReset time.Time

	// InFlight are requests under way.
	InFlight int
	// Waiting are requests that wait for the quota or for the end of a pause, as against for others of their account.
	Waiting int
	// PausedUntil is when the pause that the server demanded ends; zero if there is none.
	PausedUntil time.Time
	// KeyRefusedUntil is when a key that was refused is tried again; zero if it wasn't.
	KeyRefusedUntil time.Time
}

// look returns the state of a key's budget for one of its members.
func (q *Budgets) look(id keyID, m *member) BudgetState {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := q.of(id, m).state(time.Now())
	s.Limits.Concurrency, s.Configured.Concurrency = m.limits.Concurrency, m.limits.Concurrency
	return s
}

// unknown returns the state for a member whose key can't be read: it isn't the quota that keeps it.
func (q *Budgets) unknown(m *member) BudgetState {
	q.mu.Lock()
	defer q.mu.Unlock()
	b := newBudget("")
	now := time.Now()
	b.members = []*member{m}
	b.configure(b.members, now)
	s := b.state(now)
	s.Limits.Concurrency, s.Configured.Concurrency = m.limits.Concurrency, m.limits.Concurrency
	return s
}

// state is called with the lock held.
func (b *budget) state(now time.Time) BudgetState {
	s := BudgetState{
		At:       now,
		ID:       b.id,
		Accounts: b.accounts(),

		Limits:              Limits{PerMinute: b.minute.limit, PerHour: b.hour.limit},
		Configured:          b.configured,
		Advertised:          b.server.limit,
		AdvertisedPerMinute: b.server.aMinute(),

		MinuteLeft: b.minute.left(now),
		HourLeft:   b.hour.left(now),
		InFlight:   b.inFlight,
	}
	s.AdvertisedBinds = s.Limits.PerMinute != s.Configured.PerMinute
	if b.server.open(now) {
		s.ServerLeft, s.ServerReset = b.server.left, b.server.reset
	}
	for _, w := range b.queue {
		if w.held {
			s.Waiting++
		}
	}
	if b.pausedUntil.After(now) {
		s.PausedUntil = b.pausedUntil
	}
	if b.refused.wait(now) > 0 {
		s.KeyRefusedUntil = b.refused.until
	}
	return s
}

// TokensBy returns how many requests could be sent from now until t, as far as is known: a whole number, and +Inf where
// there is no limit. It is 0 if a pause, or the time until a refused key is tried again, lasts until t or beyond.
func (s BudgetState) TokensBy(t time.Time) float64 {
	from := s.from()
	if !t.After(from) && from.After(s.At) {
		return 0
	}
	tokens := math.Inf(1)
	for _, b := range s.buckets() {
		tokens = min(tokens, b.tokensBy(from, t))
	}
	if s.ServerReset.After(from) {
		until := t
		if s.ServerReset.Before(t) {
			until = s.ServerReset
		}
		left := float64(max(s.ServerLeft, 0))
		for _, b := range s.buckets() { // what isn't used until the reset is there after it, as far as the bucket holds it
			before := min(left, b.tokensBy(from, until))
			after := min(Burst(b.limit), b.tokensBy(from, until)-before) + refill(b.limit, b.window)*t.Sub(until).Seconds()
			tokens = min(tokens, before+after)
		}
		if until.Equal(t) {
			tokens = min(tokens, left)
		}
	}
	return math.Floor(tokens + 1e-9) // what is missing by rounding alone counts
}

// NextToken returns the earliest moment, now or later, at which a request could be sent that nobody waits before.
func (s BudgetState) NextToken(now time.Time) time.Time {
	t := later(now, s.from())
	for _, b := range s.buckets() {
		if missing := 1 - b.tokens; missing > 1e-9 {
			t = later(t, s.At.Add(timeFor(missing, refill(b.limit, b.window))+1)) // rounded up
		}
	}
	if s.ServerLeft <= 0 {
		t = later(t, s.ServerReset)
	}
	return t
}

// from is when the first request can be sent if there is a token.
func (s BudgetState) from() time.Time {
	return later(later(s.At, s.PausedUntil), s.KeyRefusedUntil)
}

func (s BudgetState) buckets() []bucket {
	var list []bucket
	if s.Limits.PerMinute > 0 {
		list = append(list, bucket{limit: s.Limits.PerMinute, window: time.Minute, tokens: s.MinuteLeft, at: s.At})
	}
	if s.Limits.PerHour > 0 {
		list = append(list, bucket{limit: s.Limits.PerHour, window: time.Hour, tokens: s.HourLeft, at: s.At})
	}
	return list
}

// tokensBy returns what can be taken out of the bucket between two moments.
func (b bucket) tokensBy(from, until time.Time) float64 {
	b.advance(from) // of the copy
	return b.tokens + refill(b.limit, b.window)*max(0, until.Sub(from).Seconds())
}
