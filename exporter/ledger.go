package exporter

import (
	"errors"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"smartlead_exporter/smartlead"
)

// Ledger keeps what outlives a configuration: the budgets, and by account the newest refusal, for who wants to know what
// is wrong. It is safe for concurrent use.
type Ledger struct {
	logger  log.Logger
	budgets *budgets

	mu       sync.Mutex
	refusals map[string]*refusal // by account
}

// refusal is the newest answer by which the API refused to serve an account, not just a campaign.
type refusal struct {
	at     time.Time
	text   string
	told   string    // what the log was last told of
	toldAt time.Time // and when
}

func newLedger(logger log.Logger) *Ledger {
	return &Ledger{logger: logger, budgets: newBudgets(), refusals: map[string]*refusal{}}
}

// Budget returns how an account's budget stands; the zero value if there is no such account.
func (l *Ledger) Budget(account string) smartlead.BudgetState { return l.budgets.state(account) }

// Refusal returns when and in which words the API last refused to serve an account; the zero time if it never did.
func (l *Ledger) Refusal(account string) (at time.Time, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r := l.refusals[account]; r != nil {
		return r.at, r.text
	}
	return time.Time{}, ""
}

// refused takes note of a refusal.
func (l *Ledger) refused(account string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.of(account)
	r.at, r.text = time.Now(), err.Error()
}

// of returns an account's refusal, to be changed. l.mu is held.
func (l *Ledger) of(account string) *refusal {
	r := l.refusals[account]
	if r == nil {
		r = &refusal{}
		l.refusals[account] = r
	}
	return r
}

// quietTime is for how long the log isn't told the same again: requests that are under way together are refused together.
const quietTime = 30 * time.Second

// tell logs a refusal of the account as a whole, for which its campaigns all have to wait, unless that is known.
func (l *Ledger) tell(account string, err *smartlead.Error) {
	budget := l.Budget(account)
	what, until, msg := string(err.Reason), budget.PausedUntil, "the API wants the account to pause; nothing is asked for it until then"
	if err.Reason == smartlead.ErrUnauthorized {
		what += err.Message // another one is news to whoever has just replaced the key
		until, msg = budget.KeyRefusedUntil, "the API refuses the account's key; nothing is asked with it until then"
	}
	l.mu.Lock()
	r, now := l.of(account), time.Now()
	known := r.told == what && now.Sub(r.toldAt) < quietTime
	if !known {
		r.told, r.toldAt = what, now
	}
	l.mu.Unlock()
	if !known { // without the lock: a reader of the log that stalls holds up nobody else
		_ = level.Warn(l.logger).Log("msg", msg, "account", account, "reason", string(err.Reason), "err", err, "until", until.UTC().Format(time.RFC3339))
	}
}

// trace adds to a trace that each request is logged, at level debug, and that refusals are noted and told.
func (l *Ledger) trace(account string, trace smartlead.Trace) smartlead.Trace {
	count := trace.Request
	trace.Request = func(r smartlead.RequestInfo) {
		count(r)
		_ = level.Debug(l.logger).Log("msg", "asked the API", "account", account, "request", r.Op,
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
			l.tell(account, failed)
		}
	}
	return trace
}
