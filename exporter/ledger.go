package exporter

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"smartlead_exporter/internal/episode"
	"smartlead_exporter/smartlead"
)

// Ledger knows how the API takes the accounts' requests: how the budgets stand, and the newest refusals, which outlive a
// configuration. It is safe for concurrent use.
type Ledger struct {
	logger log.Logger

	mu       sync.Mutex
	clients  map[string]client   // by account, of the configuration in force; only Apply changes it
	refusals map[string]*refusal // by account

	// shared are the accounts that the log was told share a key, by the quota's id. Only Apply uses it.
	shared map[string]string
}

// refusal is the newest answer by which the API refused to serve an account, not just a campaign.
type refusal struct {
	at     time.Time
	text   string
	pauses episode.Episode // that the API demanded
	until  time.Time       // when the newest of these ends
	cause  string          // and why
}

func newLedger(logger log.Logger) *Ledger {
	return &Ledger{logger: logger, refusals: map[string]*refusal{}}
}

// use takes the clients of a new configuration, and returns those of the one before.
func (l *Ledger) use(clients map[string]client) (before map[string]client) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before, l.clients = l.clients, clients
	return before
}

// Budget returns how an account's budget stands; the zero value if there is no such account.
func (l *Ledger) Budget(account string) smartlead.BudgetState {
	l.mu.Lock()
	c, ok := l.clients[account]
	l.mu.Unlock()
	if !ok {
		return smartlead.BudgetState{}
	}
	return c.Budget() // without the lock: it may read the key's file
}

// Budgets returns how all accounts' budgets stand, by account.
func (l *Ledger) Budgets() map[string]smartlead.BudgetState {
	l.mu.Lock()
	clients := maps.Clone(l.clients)
	l.mu.Unlock()
	states := map[string]smartlead.BudgetState{}
	for account, c := range clients {
		states[account] = c.Budget()
	}
	return states
}

// Refusal returns when and in which words the API last refused to serve an account; the zero time if it never did.
func (l *Ledger) Refusal(account string) (at time.Time, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r := l.refusals[account]; r != nil {
		return r.at, r.text
	}
	return time.Time{}, ""
}

// PausedSince returns since when the API demands pauses of an account; zero if it doesn't, or if they are over.
func (l *Ledger) PausedSince(account string) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r := l.refusals[account]; r != nil && r.pauses.On() {
		return r.pauses.Since
	}
	return time.Time{}
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

// trace adds to a trace that each request is logged, at level debug, and that refusals, pauses and limits are told.
func (l *Ledger) trace(account string, trace smartlead.Trace) smartlead.Trace {
	count := trace.Request
	trace.Request = func(r smartlead.RequestInfo) {
		count(r)
		keyvals := []any{"msg", "asked the API", "account", account, "request", r.Op}
		if r.Offset >= 0 {
			keyvals = append(keyvals, "offset", r.Offset)
		}
		keyvals = append(keyvals, "status", r.StatusCode, "duration", r.Duration)
		if r.Err != nil {
			keyvals = append(keyvals, "err", r.Err)
		}
		_ = level.Debug(l.logger).Log(keyvals...)
		if r.Err == nil {
			l.answered(account)
			return
		}
		failed, ok := errors.AsType[*smartlead.Error](r.Err)
		if !ok {
			return
		}
		switch failed.Reason {
		case smartlead.ErrForbidden, smartlead.ErrRateLimited, smartlead.ErrUnauthorized: // the one of a campaign, perhaps
			l.refused(account, failed)
		}
	}
	trace.Pause = func(p smartlead.Pause) { l.paused(account, p) }
	trace.Limit = func(b smartlead.BudgetState) { l.tellLimit(account, b) }
	return trace
}

// paused takes note that the API demands a pause.
func (l *Ledger) paused(account string, p smartlead.Pause) {
	now := time.Now()
	l.mu.Lock()
	r := l.of(account)
	r.until, r.cause = p.Until, p.Cause
	news, pauses := r.pauses.Begin(now), r.pauses
	l.mu.Unlock()
	l.tellPauses(account, news, pauses, p)
}

// answered takes note of a good answer, with which pauses are over.
func (l *Ledger) answered(account string) {
	now := time.Now()
	l.mu.Lock()
	r := l.refusals[account]
	if r == nil || r.pauses.On() && now.Before(r.until) { // the answer to a request sent before
		l.mu.Unlock()
		return
	}
	news := r.pauses.End(now)
	pauses, cause := r.pauses, r.cause
	l.mu.Unlock()
	l.tellPauses(account, news, pauses, smartlead.Pause{Cause: cause})
}

// tellPauses logs what is news of the pauses that the API demands. l.mu isn't held, so that a reader of the log that stalls
// holds up nobody else.
func (l *Ledger) tellPauses(account string, news episode.News, pauses episode.Episode, newest smartlead.Pause) {
	switch news {
	case episode.Begins:
		_ = level.Warn(l.logger).Log("msg", "the API wants a pause; nothing is asked with the account's key until then", "account", account,
			"cause", newest.Cause, "until", newest.Until.UTC().Format(time.RFC3339))
	case episode.GoesOn:
		_ = level.Warn(l.logger).Log("msg", "the API wants pauses again and again", "account", account,
			"cause", newest.Cause, "pauses", pauses.Times, "since", pauses.Since.UTC().Format(time.RFC3339))
	case episode.Ends:
		_ = level.Info(l.logger).Log("msg", "the API answers again after the pauses that it wanted", "account", account,
			"pauses", pauses.Times, "after", pauses.Lasted().Round(time.Second))
	case episode.Nothing:
	}
}

// tellLimit logs that the server's limit is another than the configured one.
func (l *Ledger) tellLimit(account string, b smartlead.BudgetState) {
	note := b.AdvertisedNote()
	if note == "" {
		return
	}
	logger := level.Info(l.logger)
	if b.AdvertisedBinds {
		logger = level.Warn(l.logger)
	}
	_ = logger.Log("msg", note, "account", account)
}

// tellShared logs which accounts share a key, each time that it is others.
func (l *Ledger) tellShared() {
	l.mu.Lock()
	clients := maps.Clone(l.clients)
	l.mu.Unlock()
	states := map[string]smartlead.BudgetState{}
	for _, c := range clients { // each one counts as soon as it has been asked
		c.Budget()
	}
	for _, c := range clients {
		if state := c.Budget(); state.ID != "" && len(state.Accounts) > 1 {
			states[state.ID] = state
		}
	}
	shared := map[string]string{}
	for _, id := range slices.Sorted(maps.Keys(states)) {
		state := states[id]
		shared[id] = strings.Join(state.Accounts, ",")
		if l.shared[id] != shared[id] {
			_ = level.Info(l.logger).Log("msg", "accounts share an API key, and with it one quota", "accounts", shared[id],
				"per_minute", state.Configured.PerMinute, "per_hour", state.Configured.PerHour)
		}
	}
	l.shared = shared
}
