package main

import (
	"errors"
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
	told    string    // what the log was last told of
	toldAt  time.Time // and when
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

// refused takes note of a refusal.
func (l *ledger) refused(account string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.accounts[account]; e != nil {
		e.refusal = refusal{At: time.Now(), Error: err.Error()}
	}
}

// quietTime is for how long the log isn't told the same again: requests that are under way together are refused together.
const quietTime = 30 * time.Second

// tell logs a refusal of the account as a whole, for which its campaigns all have to wait, unless that is known.
func (l *ledger) tell(logger log.Logger, account string, err *smartlead.Error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.accounts[account]
	if e == nil {
		return
	}
	what, until, msg := string(err.Reason), e.budget.State().PausedUntil, "the API wants the account to pause; nothing is asked for it until then"
	if err.Reason == smartlead.ErrUnauthorized {
		what += err.Message // another one is news to whoever has just replaced the key
		until, msg = e.budget.State().KeyRefusedUntil, "the API refuses the account's key; nothing is asked with it until then"
	}
	now := time.Now()
	if e.told == what && now.Sub(e.toldAt) < quietTime {
		return
	}
	e.told, e.toldAt = what, now
	_ = level.Warn(logger).Log("msg", msg, "account", account, "reason", string(err.Reason), "err", err, "until", until.UTC().Format(time.RFC3339))
}

// trace adds to a trace that each request is logged, at level debug, and that refusals are noted and told.
func (l *ledger) trace(logger log.Logger, account string, trace smartlead.Trace) smartlead.Trace {
	count := trace.Request
	trace.Request = func(r smartlead.RequestInfo) {
		count(r)
		_ = level.Debug(logger).Log("msg", "asked the API", "account", account, "request", r.Op,
			"status", r.StatusCode, "duration", r.Duration, "err", r.Err)
		failed, ok := errors.AsType[*smartlead.Error](r.Err)
		if !ok {
			return
		}
		switch failed.Reason {
		case smartlead.ErrForbidden: // of a campaign, perhaps
			l.refused(account, failed)
		case smartlead.ErrUnauthorized, smartlead.ErrRateLimited:
			l.refused(account, failed)
			l.tell(logger, account, failed)
		}
	}
	return trace
}
