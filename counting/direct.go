package counting

import "smartlead_exporter/smartlead"

const (
	// likely is from when on one page of rows is fetched rather than the total that says whether they moved. It takes no request
	// more, but more bytes.
	likely = 0.25
	// movesWeight is how much the newest refresh counts in State.Moves.
	movesWeight = 0.2
)

// countedDirectly returns the kinds that are counted at once where totals are the detector. A kind that moves nearly each time
// takes a request less without its total, since what is counted tells as much.
func (r *run) countedDirectly() (direct [kinds]bool) {
	state, last := r.task.State, r.task.Last
	if state.Detected.Method != MethodTotals || !r.whole() || last.RowsWithoutStep > 0 {
		return direct
	}
	all := sums(last.Steps)
	for kind := range kinds {
		if kind == sent || r.untracked(kind) || state.Repeat[kind] > 0 || state.Detected.Totals[kind] != all[kind] {
			continue
		}
		requests := r.pages(all[kind])
		if steps := len(last.Steps); steps < requests && r.counter.trustOfTotals() == proven {
			requests = steps
		}
		direct[kind] = state.Moves[kind] >= max(likely, float64(requests-1)/float64(requests))
	}
	return direct
}

// fill completes totals by what was counted directly.
func (r *run) fill(reading *Reading, statistics *smartlead.Statistics) {
	all := sums(statistics.Steps)
	for kind, direct := range r.direct {
		if direct && reading != nil && reading.Method == MethodTotals {
			reading.Totals[kind] = all[kind]
		}
	}
}

// learnMoves takes note of which kinds moved, those included that were counted directly.
func (c *changes) learnMoves() {
	if c.reading.Method != MethodTotals {
		return
	}
	was, is := sums(c.task.Last.Steps), sums(c.steps)
	for kind := range kinds {
		if c.direct[kind] {
			c.reading.Totals[kind] = is[kind]
			c.moved.moved[kind], c.moved.by[kind] = was[kind] != is[kind], is[kind]-was[kind]
		}
		moved := 0.0
		if c.moved.moved[kind] {
			moved = 1
		}
		c.next.Moves[kind] += movesWeight * (moved - c.next.Moves[kind])
	}
}
