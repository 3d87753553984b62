package counting

import (
	"time"

	"smartlead_exporter/smartlead"
)

// Suspicion is that the detector missed something: a count by all rows had other counts than were shown, although the detector
// had seen nothing move. It may just be late.
type Suspicion struct {
	// Since is when the recount was; zero if there is no suspicion.
	Since time.Time
	// By is by how much each kind had moved unseen, less what the detector has told of since.
	By [kinds]int64
}

// verdict is what becomes of a suspicion.
type verdict int

const (
	noVerdict verdict = iota
	dispelled
	confirmed
)

// hear takes in what the detector says now. It dispels the suspicion if it tells of what the recount had found, and confirms it
// if it still doesn't when it has had time to.
func (s *Suspicion) hear(moved *movement, now time.Time) verdict {
	if s.Since.IsZero() {
		return noVerdict
	}
	missing := false
	for kind, by := range s.By {
		left := by - moved.by[kind]
		if by > 0 && left < 0 || by < 0 && left > 0 { // with what came besides
			left = 0
		}
		if by == 0 {
			left = 0
		}
		s.By[kind] = left
		missing = missing || left != 0
	}
	switch {
	case !missing:
		*s = Suspicion{}
		return dispelled
	case now.Sub(s.Since) >= settled:
		*s = Suspicion{}
		return confirmed
	default:
		return noVerdict
	}
}

// suspect takes note of a count that differs in what the detector saw nothing of.
func (r *run) suspect(next *State, counted []smartlead.Step, now time.Time) {
	was, is := r.settledSums(r.task.Last.Steps, now), r.settledSums(counted, now)
	next.Suspicion = Suspicion{Since: now}
	for kind := range kinds {
		by := is[kind] - was[kind]
		next.Suspicion.By[kind] = by
		if by > 0 && r.whole() {
			next.Behind[kind] = -by // the rows are ahead, if it is late
		}
	}
}

// settledSums returns the counts of all steps together, without those in which the rows may be late.
func (r *run) settledSums(steps []smartlead.Step, now time.Time) [kinds]int64 {
	all := sums(steps)
	for kind := range kinds {
		if now.Sub(r.task.State.MovedAt[kind]) < settled || r.task.State.Repeat[kind] > 0 {
			all[kind] = 0
		}
	}
	return all
}

// recount counts by all rows and compares the result with the counts that are shown.
func (r *run) recount() (Result, error) {
	state := r.task.State
	r.planned = state.RowsCost
	before, err := r.read()
	if err != nil {
		return Result{}, err
	}
	result, err := r.all(before)
	if err != nil {
		return Result{}, err
	}
	now := time.Now()
	switch {
	case before == nil || !before.equal(state.Detected):
		result.Recount = OutcomeInconclusive
	case sameCounts(r.task.Last.Steps, result.Statistics.Steps):
		result.Recount = OutcomeEqual
		result.State.Misses = max(result.State.Misses-1, 0)
	case r.settledSums(r.task.Last.Steps, now) == r.settledSums(result.Statistics.Steps, now):
		result.Recount = OutcomeInconclusive // the rows may be late
	default:
		result.Recount = OutcomeInconclusive
		// If the reading fails the count is good all the same.
		if after, err := r.read(); err == nil && after != nil && after.equal(before) {
			result.Recount = OutcomeNone // until the detector has had time to tell
			if state.Suspicion.Since.IsZero() {
				r.suspect(result.State, result.Statistics.Steps, now)
			}
		}
	}
	if before != nil && before.Method == state.Detected.Method {
		moved := before.since(state.Detected)
		result.judge(state.Suspicion, &moved, now)
	}
	result.Statistics.Requests = r.requests
	return result, nil
}

// judge takes in what an earlier suspicion comes to. All rows have been counted.
func (result *Result) judge(s Suspicion, moved *movement, now time.Time) {
	if s.Since.IsZero() {
		return
	}
	switch s.hear(moved, now) {
	case confirmed:
		result.Recount = OutcomeDifferent
		result.State.Suspicion = Suspicion{}
		result.State.distrust(now)
	case dispelled:
		result.State.Suspicion = Suspicion{}
		if result.Recount == OutcomeNone {
			result.Recount = OutcomeInconclusive
		}
	default:
		result.State.Suspicion = s
	}
}

// distrust takes note that the detector missed something.
func (s *State) distrust(now time.Time) {
	wait := maxDistrust
	if s.Misses < 10 {
		wait = min(firstDistrust<<s.Misses, maxDistrust)
	}
	s.Misses++
	s.RowsUntil = now.Add(wait)
	s.Detected, s.Recent = nil, nil
}
