package smartlead

import (
	"cmp"
	"encoding/hex"
	"slices"
	"time"
)

// BudgetMemory is what is to be known of a key after a restart, fit to be kept in a file: it doesn't hold the key.
type BudgetMemory struct {
	// BaseURL and KeyHash, the hexadecimal SHA-256, tell which key it is.
	BaseURL string
	KeyHash string
	// At is when this was so.
	At time.Time
	// MinuteLeft and HourLeft are requests that could be sent at once.
	MinuteLeft, HourLeft float64
	// PausedUntil is the end of the newest pause that the server demanded.
	PausedUntil time.Time
	// Throttled is the number of answers of 429 in a row, and ThrottledUntil the end of the pause for the last one.
	Throttled      int
	ThrottledUntil time.Time
	// RefusedUntil is when the key is tried again, if it was refused, and RefusedStep the length of that step of the
	// back-off; 0 if it wasn't.
	RefusedUntil time.Time
	RefusedStep  time.Duration
}

// Remember returns what is to be known of all keys after a restart.
func (q *Budgets) Remember() []BudgetMemory {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	var list []BudgetMemory
	for id, b := range q.byKey {
		list = append(list, BudgetMemory{
			BaseURL: id.base, KeyHash: hex.EncodeToString(id.hash[:]), At: now,
			MinuteLeft: max(b.minute.left(now), 0), HourLeft: max(b.hour.left(now), 0),
			PausedUntil: b.pausedUntil, Throttled: b.throttled, ThrottledUntil: b.throttledUntil,
			RefusedUntil: b.refused.until, RefusedStep: b.refused.step,
		})
	}
	for _, memory := range q.restored {
		if now.Sub(memory.At) <= forgetAfter {
			list = append(list, memory)
		}
	}
	slices.SortFunc(list, func(a, b BudgetMemory) int {
		return cmp.Or(cmp.Compare(a.BaseURL, b.BaseURL), cmp.Compare(a.KeyHash, b.KeyHash))
	})
	return list
}

// Restore takes up what another Budgets remembered, for keys that this one doesn't know yet; it is to be called before the
// first request. clean says that nothing was sent since then: a key has what it had left, and what has come in meanwhile. Otherwise, and where a
// memory claims to be of the future, what was spent can't be told, and the key starts with nothing.
func (q *Budgets) Restore(memories []BudgetMemory, clean bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	for _, memory := range memories {
		hash, err := hex.DecodeString(memory.KeyHash)
		id := keyID{base: memory.BaseURL}
		if err != nil || copy(id.hash[:], hash) != len(id.hash) || len(hash) != len(id.hash) || q.byKey[id] != nil {
			continue
		}
		if !clean || memory.At.After(now) {
			memory.At, memory.MinuteLeft, memory.HourLeft = now, 0, 0
		}
		q.restored[id] = memory
	}
}

// restore takes up a memory, after the limits have been set. What can't be true in it is bounded.
func (b *budget) restore(m BudgetMemory, now time.Time) {
	for _, r := range []struct {
		bucket *bucket
		left   float64
	}{{&b.minute, m.MinuteLeft}, {&b.hour, m.HourLeft}} {
		r.bucket.tokens = min(max(r.left, 0), Burst(r.bucket.limit))
		r.bucket.at = m.At
		r.bucket.advance(now)
	}
	soon := func(t time.Time, within time.Duration) time.Time {
		if last := now.Add(within); t.After(last) {
			return last
		}
		return t
	}
	b.pausedUntil = soon(m.PausedUntil, longestPause)
	b.throttled = min(max(m.Throttled, 0), 30)
	b.throttledUntil = soon(m.ThrottledUntil, longestPause)
	if m.RefusedStep > 0 {
		b.refused.step = min(max(m.RefusedStep, firstRefusal), maxRefusal)
		b.refused.until = soon(m.RefusedUntil, b.refused.step)
	}
}
