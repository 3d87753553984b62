package smartlead

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// errRecalled says that the account's key has changed while a request waited.
var errRecalled = errors.New("the key has changed")

// keyRefused says that the key was refused a while ago, and in how long it is tried again.
type keyRefused struct{ wait time.Duration }

func (e *keyRefused) Error() string {
	return fmt.Sprintf("not asked: the API refused this key; the next try is in %s, or when the key changes", e.wait.Round(time.Second))
}

// keyPaused says that the server demanded a pause that is too long to be waited for.
type keyPaused struct{ until time.Time }

func (e *keyPaused) Error() string {
	return fmt.Sprintf("not asked: the API wants no requests with this key until %s", e.until.UTC().Format(time.RFC3339))
}

// permit is the right to send one request. It is released when the request has ended, whatever became of it.
type permit struct {
	budget *budget
	member *member
	ticket *ticket
	send   uint64 // requests of the budget before this one
	held   bool   // it waits for a connection
}

// release takes note that the request has ended.
func (q *Budgets) release(p *permit) {
	p.hold(false, time.Now())
	p.budget.inFlight--
	s := p.member.slots
	s.running--
	if s.members == 0 && s.running == 0 && q.slots[p.member.account] == s {
		delete(q.slots, p.member.account)
	}
	q.dispatch(p.budget)
	if s.limit == 0 {
		return
	}
	for _, other := range q.byKey { // the account may use another key by now
		if other != p.budget && slices.ContainsFunc(other.queue, func(w *waiter) bool { return w.member.slots == s }) {
			q.dispatch(other)
		}
	}
}

// done is release for who doesn't hold the lock.
func (q *Budgets) done(p *permit) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.release(p)
}

// giveBack undoes a permit with which nothing was sent.
func (q *Budgets) giveBack(p *permit) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.undo(p)
}

// undo is giveBack for who holds the lock.
func (q *Budgets) undo(p *permit) {
	now := time.Now()
	p.hold(false, now)
	b := p.budget
	b.minute.giveBack(now)
	b.hour.giveBack(now)
	b.server.unsent(now)
	p.ticket.sent--
	p.ticket.expected++
	q.release(p)
}

// hold takes note that a request begins to wait for a connection, or has one. Name servers, proxies and handshakes take
// their time, and what is written then must not add up with what comes in meanwhile.
func (p *permit) hold(begins bool, now time.Time) {
	if p.held == begins {
		return
	}
	p.held = begins
	more := 1
	if !begins {
		more = -1
	}
	p.budget.minute.hold(more, now)
	p.budget.hour.hold(more, now)
}

// connecting is told that the request needs a connection.
func (q *Budgets) connecting(p *permit) {
	q.mu.Lock()
	defer q.mu.Unlock()
	p.hold(true, time.Now())
}

// connected is told that it has one, and reports whether the request may be written still.
func (q *Budgets) connected(p *permit) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	p.hold(false, now)
	return !p.budget.pausedUntil.After(now)
}

// again takes another token, for a request that the transport is about to write a second time, if there is one at
// this moment: the request holds a connection, which is no place to wait.
func (q *Budgets) again(p *permit) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	b := p.budget
	if wait, err := b.ready(now); wait > 0 || err != nil {
		return false
	}
	b.take(now)
	p.ticket.sent++
	return true
}
