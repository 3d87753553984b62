package smartlead

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// forgetAfter is for how long a key that nobody uses is remembered: what was spent longer ago is in no window.
const forgetAfter = time.Hour

// Budgets decides when a key may be used: it keeps the quota of each key, the pauses that the server demanded and the
// memory of keys it refused. The quota belongs to the key, so all clients of a program should share one Budgets: they are told
// apart by their base URL and by the hash of the key they are sending at the moment, whatever their accounts are
// called and however often they are made anew.
//
// No sliding minute or hour of a key sees more requests than its limit. The limit is what the accounts that use the key
// have together, see Shares. Its methods may be called concurrently.
type Budgets struct {
	// mu guards everything here and in all budgets, permits, tickets and members. It is never held while functions of
	// the caller run.
	mu       sync.Mutex
	byKey    map[keyID]*budget
	restored map[keyID]BudgetMemory // of keys that haven't been used yet
	slots    map[string]*slots      // by account
	joined   uint64                 // members so far
	tickets  uint64                 // calls so far
}

// NewBudgets returns a Budgets that knows no key. Each one starts with a tenth of each limit to spend at once.
func NewBudgets() *Budgets {
	return &Budgets{byKey: map[keyID]*budget{}, restored: map[keyID]BudgetMemory{}, slots: map[string]*slots{}}
}

// keyID is a key at an API.
type keyID struct {
	base string
	hash [sha256.Size]byte
}

func newKeyID(base, key string) keyID { return keyID{base: base, hash: sha256.Sum256([]byte(key))} }

// opaque tells one from another, and nobody the key.
func (id keyID) opaque() string {
	sum := sha256.Sum256(append([]byte("quota "+id.base+" "), id.hash[:]...))
	return hex.EncodeToString(sum[:8])
}

// Origin returns the base URL in the one way of writing it that all clients of the same API have in common.
func (c *Client) Origin() string { return c.canonical }

// canonicalBase writes an address in one way only, so that one API isn't taken for two.
func canonicalBase(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if port := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]; port != "" {
		host = strings.TrimSuffix(host, port)
	}
	return u.Scheme + "://" + host + strings.TrimRight(u.EscapedPath(), "/")
}

// slots bound the requests that an account has under way.
type slots struct {
	limit   int // 0: none
	running int
	members int
}

func (s *slots) free() bool { return s.limit == 0 || s.running < s.limit }

// member is a client's part in a Budgets.
type member struct {
	account string
	limits  Limits
	shares  Shares
	slots   *slots
	order   uint64  // of joining
	budget  *budget // whose key it used last; nil: none yet
	closed  bool
}

// join makes a member, which belongs to no budget before it uses a key.
func (q *Budgets) join(account string, limits Limits, shares Shares) *member {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.joined++
	m := &member{account: account, limits: limits, shares: shares, order: q.joined}
	if m.slots = q.slots[account]; m.slots == nil {
		m.slots = &slots{}
		if account != "" {
			q.slots[account] = m.slots
		}
	}
	m.slots.limit = max(limits.Concurrency, 0)
	m.slots.members++
	return m
}

// leave takes a member's share away. What it spent stays spent, and what it has under way goes on.
func (q *Budgets) leave(m *member) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if m.closed {
		return
	}
	m.closed = true
	m.slots.members--
	if m.slots.members == 0 && q.slots[m.account] == m.slots && m.slots.running == 0 {
		delete(q.slots, m.account)
	}
	if m.budget != nil {
		m.budget.remove(m)
		q.dispatch(m.budget)
	}
}

// of returns the budget of a key, and makes the member one of its. It is called with the lock held.
func (q *Budgets) of(id keyID, m *member) *budget {
	now := time.Now()
	b := q.byKey[id]
	if b == nil {
		q.forget(now)
		b = newBudget(id.opaque())
		q.byKey[id] = b
	}
	b.used = now
	switch before := m.budget; {
	case before == b:
	case m.closed: // it has no share to bring
		if !b.limited {
			b.configure([]*member{m}, now)
		}
		m.budget = b
	default:
		m.budget = b
		if before != nil {
			before.remove(m)
			before.recall(m) // its requests wait for a key that isn't in use any more
			q.dispatch(before)
		}
		b.members = append(b.members, m)
		slices.SortFunc(b.members, func(x, y *member) int { return cmp.Compare(x.order, y.order) })
		b.configure(b.members, now)
		q.dispatch(b)
	}
	if memory, ok := q.restored[id]; ok {
		delete(q.restored, id)
		b.restore(memory, now)
	}
	return b
}

// forget drops the keys that nobody has used for so long that nothing of them matters.
func (q *Budgets) forget(now time.Time) {
	for id, b := range q.byKey {
		if len(b.members) == 0 && len(b.queue) == 0 && b.inFlight == 0 && now.Sub(b.used) > forgetAfter && !b.pausedUntil.After(now) {
			delete(q.byKey, id)
		}
	}
}

// budget is that of one key.
type budget struct {
	id           string
	members      []*member // in the order of joining
	configured   Limits    // of the members together; without any, of the last ones
	limited      bool      // configured has been set
	minute, hour bucket
	used         time.Time

	pausedUntil    time.Time
	toldUntil      time.Time // the end of the pause that was told
	throttled      int       // answers of 429 in a row, those during the pause for one not counted
	throttledUntil time.Time // the end of that pause
	refused        refusal
	server         serverWord

	queue     []*waiter
	large     *ticket // the large call that runs
	lastLarge bool    // the newest token that there was a choice for went to it
	inFlight  int
	sends     uint64 // requests so far
	timer     *time.Timer
}

func newBudget(id string) *budget {
	b := &budget{id: id, minute: bucket{window: time.Minute}, hour: bucket{window: time.Hour}}
	b.server.limit = -1
	return b
}

// remove takes a member's part out. Without members the limits stay as they were.
func (b *budget) remove(m *member) {
	b.members = slices.DeleteFunc(b.members, func(other *member) bool { return other == m })
	if len(b.members) > 0 {
		b.configure(b.members, time.Now())
	}
}

// configure sets the limits to what the members have together. Of members with one account the newest counts: the
// others are about to be closed.
func (b *budget) configure(members []*member, now time.Time) {
	var perMinute, perHour []share
	for i, m := range members {
		if m.account != "" && slices.ContainsFunc(members[i+1:], func(later *member) bool { return later.account == m.account }) {
			continue
		}
		perMinute = append(perMinute, share{m.limits.PerMinute, m.shares.PerMinute})
		perHour = append(perHour, share{m.limits.PerHour, m.shares.PerHour})
	}
	first := !b.limited
	b.configured = Limits{PerMinute: together(perMinute), PerHour: together(perHour)}
	b.limited = true
	b.apply(now)
	if first {
		b.minute.fill(now)
		b.hour.fill(now)
	}
}

// apply puts the limits into force: those of the members, and the server's where that is lower.
func (b *budget) apply(now time.Time) {
	b.minute.set(b.server.bound(b.configured.PerMinute), now)
	b.hour.set(b.configured.PerHour, now)
}

// accounts returns the names of those that use the key, sorted.
func (b *budget) accounts() []string {
	var names []string
	for _, m := range b.members {
		if m.account != "" {
			names = append(names, m.account)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
