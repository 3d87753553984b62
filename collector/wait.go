package collector

import (
	"context"
	"time"
)

// wait is what a scrape waits for.
//
// Where a key's tokens, up to the deadline, are enough for all that is due, the scrape waits for all of it, and shows it
// fresh. Where they aren't, it waits only for the refreshes under way that the tokens at hand carry to their end. So a
// scrape is fresh with an ample quota and quick with a short one.
type wait struct {
	store    *Store
	deadline time.Time
	probed   *campaign // by a probe; nil for a scrape of all
	looked   []lookup
	awaited  []*campaign
	freed    uint64          // the store's count of accounts that were freed when awaited was made
	short    map[string]bool // quotas that aren't enough; once found to be short, one stays so
	expected uint64          // the store's count of changed expectations when they were last looked at
}

// newWait decides what a scrape waits for. s.mu is held.
func (s *Store) newWait(ctx context.Context, looked []lookup, probed *campaign, now time.Time) *wait {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = now.Add(time.Hour)
	}
	w := &wait{store: s, deadline: deadline, probed: probed, looked: looked, short: map[string]bool{}}
	w.begin()
	w.decide(now)
	return w
}

// begin waits for all that is due. s.mu is held.
func (w *wait) begin() {
	w.freed = w.store.freed
	w.awaited = w.awaited[:0]
	for _, l := range w.looked {
		if l.campaign.waiting || l.campaign.running() {
			w.awaited = append(w.awaited, l.campaign)
		}
	}
}

// decide drops what isn't worth waiting for. s.mu is held.
func (w *wait) decide(now time.Time) {
	w.expected = w.store.expectations
	if w.freed != w.store.freed {
		w.begin()
	}
	if len(w.awaited) == 0 {
		return
	}
	running := map[*campaign]bool{}
	waiting, hopeless := map[*account]bool{}, map[*account]bool{}
	for _, q := range w.store.quotas() {
		w.short[q.id] = w.short[q.id] || float64(w.needs(q, now)) > q.tokens(w.until(now))
		cover := q.tokens(now)
		for _, a := range q.accounts {
			if a.silent(now) {
				continue
			}
			_, blocked := a.blocked(&q.state, now)
			waiting[a] = !w.short[q.id] && !blocked
			hopeless[a] = waiting[a] && q.unbounded() // else their turn may not come in time
			for _, c := range a.running {
				if c.remaining <= largeRefresh {
					cover -= float64(c.remaining)
				}
				running[c] = !w.short[q.id] || c.remaining == 0 || !c.quotaWait && c.remaining <= largeRefresh && cover >= 0
			}
		}
	}
	kept := w.awaited[:0]
	for _, c := range w.awaited {
		if c.running() && running[c] || c.waiting && waiting[c.account] && (!c.hopeless() || hopeless[c.account]) {
			kept = append(kept, c)
		}
	}
	w.awaited = kept
}

// until is when tokens have to be there. A probe that has something to show waits for none.
func (w *wait) until(now time.Time) time.Time {
	if w.probed != nil && w.store.servable(w.probed, now) {
		return now
	}
	return w.deadline
}

// needs returns how many requests the key is expected to be asked for before all that is awaited is had. s.mu is held.
func (w *wait) needs(q *quota, now time.Time) int {
	requests := 0
	for _, a := range q.accounts {
		for _, c := range a.running {
			requests += c.remaining
		}
		if a.catalog.wants() {
			requests++
		}
		ofSubjects, _ := a.subjectRequests()
		requests += ofSubjects
		if _, blocked := a.blocked(&q.state, now); blocked {
			continue
		}
		for _, c := range a.waiting {
			if !c.hopeless() && (c.first || w.probed == nil) {
				requests += expected(c.cost(now))
			}
		}
	}
	return requests
}

// worth reports whether there is still something to wait for. s.mu is held.
func (w *wait) worth(now time.Time) bool {
	if w.store.ended {
		return false
	}
	if w.expected != w.store.expectations {
		w.decide(now)
	}
	for len(w.awaited) > 0 {
		last := w.awaited[len(w.awaited)-1]
		if last.waiting || last.running() && (!last.quotaWait || !w.short[last.account.quotaID]) {
			return true
		}
		w.awaited = w.awaited[:len(w.awaited)-1]
	}
	return false
}
