package main

import (
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"smartlead_exporter/smartlead"
)

// ledger keeps, by account, what outlives a configuration: the budget, so that reloading doesn't make the exporter
// forget what it has spent, and the newest refusal, for who wants to know what is wrong. It is safe for concurrent use.
type ledger struct {
	mu       sync.Mutex
	accounts map[string]*ledgerEntry
}

type ledgerEntry struct {
	budget  *smartlead.Budget
	refusal refusal
}

// refusal is an answer by which the API refused to serve an account, not just a campaign.
type refusal struct {
	At    time.Time // zero: there was none
	Error string
}

func newLedger() *ledger { return &ledger{accounts: map[string]*ledgerEntry{}} }

// budget returns an account's budget, a new one with these limits if it has none.
func (l *ledger) budget(account string, limits smartlead.Limits) *smartlead.Budget {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.accounts[account]
	if e == nil {
		e = &ledgerEntry{budget: smartlead.NewBudget(limits)}
		l.accounts[account] = e
	}
	return e.budget
}

// look returns an account's budget as it stands, and its newest refusal.
func (l *ledger) look(account string) (smartlead.BudgetState, refusal) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.accounts[account]
	if e == nil {
		return smartlead.BudgetState{}, refusal{}
	}
	return e.budget.State(), e.refusal
}

func (l *ledger) refused(account string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.accounts[account]; e != nil {
		e.refusal = refusal{At: time.Now(), Error: err.Error()}
	}
}

// trace adds to a trace that each request is logged, at level debug, and that refusals are noted.
func (l *ledger) trace(logger log.Logger, account string, trace smartlead.Trace) smartlead.Trace {
	count := trace.Request
	trace.Request = func(r smartlead.RequestInfo) {
		count(r)
		switch smartlead.ReasonOf(r.Err) {
		case smartlead.ErrUnauthorized, smartlead.ErrForbidden, smartlead.ErrRateLimited:
			l.refused(account, r.Err)
		}
		_ = level.Debug(logger).Log("msg", "asked the API", "account", account, "request", r.Op,
			"status", r.StatusCode, "duration", r.Duration, "err", r.Err)
	}
	return trace
}
