package smartlead

import "time"

// BudgetState is where a Budget stands at a moment.
type BudgetState struct {
	Limits Limits
	// MinuteLeft and HourLeft are requests that could be sent at once; -1 where there is no limit of that kind.
	MinuteLeft, HourLeft float64
	// PausedUntil is when the pause that the server demanded ends; zero if there is none.
	PausedUntil time.Time
	// KeyRefusedUntil is when a key that was refused is tried again; zero if none was.
	KeyRefusedUntil time.Time
}

// State returns where the budget stands. It spends nothing.
func (b *Budget) State() BudgetState {
	now := time.Now()
	b.mu.Lock()
	state := BudgetState{Limits: b.limits, MinuteLeft: -1, HourLeft: -1}
	if b.minute != nil {
		state.MinuteLeft = max(b.minute.TokensAt(now), 0)
	}
	if b.hour != nil {
		state.HourLeft = max(b.hour.TokensAt(now), 0)
	}
	if b.pausedUntil.After(now) {
		state.PausedUntil = b.pausedUntil
	}
	b.mu.Unlock()

	b.refusals.mu.Lock()
	defer b.refusals.mu.Unlock()
	if b.refusals.key != "" && b.refusals.until.After(now) {
		state.KeyRefusedUntil = b.refusals.until
	}
	return state
}
