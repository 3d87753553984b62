package smartlead_test

import (
	"sync"
	"testing"

	"smartlead_exporter/smartlead"
)

// quota is what clients share that are of one account.
type quota struct {
	budgets *smartlead.Budgets

	mu     sync.Mutex
	limits smartlead.Limits
}

func newQuota(limits smartlead.Limits) *quota {
	return &quota{budgets: smartlead.NewBudgets(), limits: limits}
}

// use makes a client of the account.
func (q *quota) use(o *smartlead.Options) {
	q.mu.Lock()
	defer q.mu.Unlock()
	limits := q.limits
	o.Budgets, o.Account, o.Limits = q.budgets, "default", &limits
}

// set changes the limits as a reload does: by another client of the account.
func (q *quota) set(t *testing.T, limits smartlead.Limits) {
	t.Helper()
	q.mu.Lock()
	q.limits = limits
	q.mu.Unlock()
	q.state(t)
}

// state returns where the budget of the tests' key stands.
func (q *quota) state(t *testing.T) smartlead.BudgetState {
	t.Helper()
	return newClient(t, nil, q.use).Budget()
}

// limited gives a client limits of its own.
func limited(limits smartlead.Limits) func(*smartlead.Options) {
	return func(o *smartlead.Options) { o.Limits = &limits }
}
