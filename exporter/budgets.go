package exporter

import (
	"sync"

	"smartlead_exporter/config"
	"smartlead_exporter/smartlead"
)

// budgets are the request budgets of accounts, by the accounts' names. They outlive a configuration, so that reloading
// doesn't make the exporter forget what it has spent. It is safe for concurrent use.
type budgets struct {
	mu        sync.Mutex
	byAccount map[string]*smartlead.Budget
}

func newBudgets() *budgets { return &budgets{byAccount: map[string]*smartlead.Budget{}} }

// of returns an account's budget, a new one if it has none.
func (b *budgets) of(account *config.Account) *smartlead.Budget {
	b.mu.Lock()
	defer b.mu.Unlock()
	budget := b.byAccount[account.Name]
	if budget == nil {
		budget = smartlead.NewBudget(Limits(account))
		b.byAccount[account.Name] = budget
	}
	return budget
}

// state returns how the budget of the account of this name stands; the zero value if it has none.
func (b *budgets) state(account string) smartlead.BudgetState {
	b.mu.Lock()
	defer b.mu.Unlock()
	if budget := b.byAccount[account]; budget != nil {
		return budget.State()
	}
	return smartlead.BudgetState{}
}
