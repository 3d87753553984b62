package backfill

import (
	"maps"
	"slices"
	"time"

	"smartlead_exporter/smartlead"
)

// counts are the six counts of a step, or by how much they change.
type counts [smartlead.CountBounced + 1]int64

// change is by how much counts change at a slot.
type change struct {
	Slot int64  `json:"slot"`
	By   counts `json:"by"`
}

// stepPast is what happened to a step's e-mails. It has a series from First on.
type stepPast struct {
	Step    int      `json:"step"`
	First   int64    `json:"first"`
	Changes []change `json:"changes"` // in ascending order of the slot
}

// campaignPast is a campaign's part of the history.
type campaignPast struct {
	ID         int64      `json:"id"`
	Steps      []stepPast `json:"steps,omitempty"` // in ascending order of the number
	Rows       int        `json:"rows,omitempty"`
	Undated    int        `json:"undated,omitempty"`
	Aggregated bool       `json:"aggregated,omitempty"` // there is no past to be had
}

// tally counts rows by step and slot. It grows with these, and not with the rows.
type tally struct {
	settings Settings
	within   time.Duration // the window in which e-mails count; 0: they count for ever
	steps    map[int]*stepTally
	undated  int // rows without a time
}

type stepTally struct {
	first   int64
	changes map[int64]*counts
}

func (t *tally) reset() { t.steps, t.undated = map[int]*stepTally{}, 0 }

// add counts a row. What happened without a time counts from when the e-mail was sent on; and an e-mail of which that
// isn't known from the first that is known of it.
func (t *tally) add(row smartlead.RowTimes) {
	sent := row.Sent
	if sent.IsZero() {
		for _, at := range []time.Time{row.Opened, row.Clicked, row.Replied} {
			if sent.IsZero() || !at.IsZero() && at.Before(sent) {
				sent = at
			}
		}
	}
	if sent.IsZero() {
		t.undated++
		return
	}
	times := [len(counts{})]time.Time{smartlead.CountOpened: row.Opened, smartlead.CountClicked: row.Clicked, smartlead.CountReplied: row.Replied}
	since, last := t.settings.slot(t.settings.Since), t.settings.last()
	first := max(since, t.settings.slot(sent))
	if first > last {
		return
	}
	leaves := last + 1
	if t.within > 0 {
		leaves = floorDiv(sent.Add(t.within).UnixMilli(), t.settings.Step.Milliseconds()) + 1
	}
	step := t.steps[row.SequenceNumber]
	if step == nil {
		step = &stepTally{first: first, changes: map[int64]*counts{}}
		t.steps[row.SequenceNumber] = step
	}
	step.first = min(step.first, first)
	for c := range times {
		if !row.Happened.Has(smartlead.Count(c)) {
			continue
		}
		at := sent // before that the row wasn't there
		if times[c].After(sent) {
			at = times[c]
		}
		if enters := max(since, t.settings.slot(at)); enters < leaves && enters <= last {
			step.at(enters)[c]++
			if leaves <= last {
				step.at(leaves)[c]--
			}
		}
	}
}

func (s *stepTally) at(slot int64) *counts {
	by := s.changes[slot]
	if by == nil {
		by = &counts{}
		s.changes[slot] = by
	}
	return by
}

// merge adds what another one counted of other rows.
func (t *tally) merge(other *tally) {
	t.undated += other.undated
	for number, step := range other.steps {
		mine := t.steps[number]
		if mine == nil {
			t.steps[number] = step
			continue
		}
		mine.first = min(mine.first, step.first)
		for slot, by := range step.changes {
			at := mine.at(slot)
			for c := range at {
				at[c] += by[c]
			}
		}
	}
}

// past returns what was counted.
func (t *tally) past(id int64) campaignPast {
	p := campaignPast{ID: id, Undated: t.undated}
	for _, number := range slices.Sorted(maps.Keys(t.steps)) {
		step := stepPast{Step: number, First: t.steps[number].first}
		for _, slot := range slices.Sorted(maps.Keys(t.steps[number].changes)) {
			step.Changes = append(step.Changes, change{slot, *t.steps[number].changes[slot]})
		}
		p.Steps = append(p.Steps, step)
	}
	return p
}
