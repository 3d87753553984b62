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
	// By is by how much each kind had moved unseen.
	By [kinds]int64
	// Detected is what the detector said then.
	Detected *Reading
}

// due reports whether the detector has had time to tell.
func (s *Suspicion) due(now time.Time) bool { return !s.Since.IsZero() && now.Sub(s.Since) >= settled }

// told reports whether the detector has told of what the recount found.
func (s *Suspicion) told(reading *Reading) bool {
	if reading == nil || reading.Method != s.Detected.Method {
		return false
	}
	moved := reading.since(s.Detected)
	for kind, by := range s.By {
		if by > 0 && moved.by[kind] < by || by < 0 && moved.by[kind] > by {
			return false
		}
	}
	return true
}

// appeal counts by all rows, as while the detector is distrusted, and asks whether it was only late. If so it is trusted again.
func (r *run) appeal() (Result, error) {
	state := *r.task.State
	r.planned = state.RowsCost
	reading, err := r.read()
	if err != nil {
		return Result{}, err
	}
	if state.Suspicion.told(reading) {
		state.RowsUntil, state.Misses = time.Time{}, max(state.Misses-1, 0)
	} else {
		reading = nil
	}
	state.Suspicion = Suspicion{}
	r.task.State = &state
	return r.all(reading)
}

// suspicion is that of a count which differs in what the detector saw nothing of.
func (r *run) suspicion(counted []smartlead.Step, detected *Reading, now time.Time) Suspicion {
	was, is := r.settledSums(r.task.Last.Steps, now), r.settledSums(counted, now)
	s := Suspicion{Since: now, Detected: detected}
	for kind := range kinds {
		s.By[kind] = is[kind] - was[kind]
	}
	return s
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
			result.Recount = OutcomeDifferent
			result.State.distrust(now)
			result.State.Suspicion = r.suspicion(result.Statistics.Steps, before, now)
		}
	}
	result.Statistics.Requests = r.requests
	return result, nil
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
