package counting

import (
	"slices"
	"time"

	"smartlead_exporter/smartlead"
)

const (
	// smallCampaign is how many requests counting by all rows may take for a campaign to be counted so, always.
	smallCampaign = 2
	// analyticsRetry is after how long sequence analytics that were missing are tried again.
	analyticsRetry = 24 * time.Hour
	// repeats is how often what moved is asked for once more where the rows didn't follow: endpoints are eventually
	// consistent.
	repeats = 2

	// settled is from when on after a movement the rows have to have followed it.
	settled = 15 * time.Minute

	// A campaign whose detector missed something is counted by all rows for this long, and twice as long each time again.
	firstDistrust = 24 * time.Hour
	maxDistrust   = 30 * 24 * time.Hour

	// costWeight is how much the newest refresh counts in the mean cost.
	costWeight = 0.3
)

// kinds is how many counts a step has; a smartlead.Count is the index of one.
const kinds = 6

// The counts, by names for use as an index.
const (
	sent         = int(smartlead.CountSent)
	opened       = int(smartlead.CountOpened)
	clicked      = int(smartlead.CountClicked)
	replied      = int(smartlead.CountReplied)
	unsubscribed = int(smartlead.CountUnsubscribed)
	bounced      = int(smartlead.CountBounced)
)

// statuses are what the API calls the e-mails that a kind counts.
var statuses = [kinds]smartlead.EmailStatus{
	opened: smartlead.StatusOpened, clicked: smartlead.StatusClicked, replied: smartlead.StatusReplied,
	unsubscribed: smartlead.StatusUnsubscribed, bounced: smartlead.StatusBounced,
}

// State is what a Counter knows of a campaign beside its counts. It is not changed once it was returned, and nobody may
// change it.
type State struct {
	// RowsCost is how many requests counting by all rows takes, as far as is known; Cost how many a refresh by the detector
	// takes in the mean if something moved.
	RowsCost int
	Cost     float64

	Rows int64 // distinct rows that the counts stand for
	// Detected is what the detector said when the counts were as they are; nil if it isn't used.
	Detected *Reading
	// Newest is when the newest e-mail that was counted was sent, Recent are the e-mails counted of the time before it.
	Newest time.Time
	Recent []smartlead.RecentRow
	// Behind is by how much the rows of each kind moved less than the detector says; below 0, by how much more. Repeat is
	// how often each kind is to be asked for once more for that reason.
	Behind [kinds]int64
	Repeat [kinds]int
	// MovedAt is when the detector was last seen to have moved.
	MovedAt [kinds]time.Time
	// RepeatIn are the steps of which that is known to be so.
	RepeatIn [kinds][]int
	// Opens is what is known of how the detector's opens and those of the rows agree.
	Opens Opens
	// Misses is how often a recount found the detector to have missed something; until RowsUntil all rows are counted.
	Misses    int
	RowsUntil time.Time
	// Suspicion is what a recount found that the detector hadn't told of, until it has had time to.
	Suspicion Suspicion
	// TotalsUntil is until when totals are all that there is for a detector.
	TotalsUntil time.Time
	// Moves is how likely each kind is to have moved, by the refreshes with totals as the detector.
	Moves [kinds]float64
	// AnalyticsAfter is when the campaign's analytics, which were of no use, are tried again.
	AnalyticsAfter time.Time
	// Unfiltered says that the API doesn't apply filters to this campaign.
	Unfiltered bool
	// Undetected says that no detector was asked for, nor is to be the next time unless the configuration changes.
	Undetected bool
}

// Method returns how the campaign is counted.
func (s *State) Method() Method {
	if s == nil || s.Detected == nil {
		return MethodRows
	}
	return s.Detected.Method
}

// Reading is what a detector says of a campaign. Its numbers are compared with those of another Reading and with nothing
// else.
type Reading struct {
	Method Method
	// Steps are by step where the detector knows steps: by id, or by number where there is no id.
	Steps []StepReading
	// Totals are of the whole campaign where it doesn't; -1 where something isn't known.
	Totals [kinds]int64
}

// StepReading is what a detector says of a step.
type StepReading struct {
	SequenceID     int64
	SequenceNumber int
	Counts         [kinds]int64 // -1 where something isn't known
}

// movement is what moved from one reading to another.
type movement struct {
	by [kinds]int64 // how much, over all steps: rises less falls
	// moved says which kinds did at all.
	moved [kinds]bool
	// in are the steps in which each kind moved; none where the detector doesn't know steps.
	in [kinds][]stepMovement
	// fell says that less was sent than before, somewhere, or that a step is gone.
	fell bool
}

// stepMovement is by how much a count of a step moved.
type stepMovement struct {
	step StepReading
	by   int64
}

// nothing reports whether nothing moved.
func (m *movement) nothing() bool { return m.moved == [kinds]bool{} && !m.fell }

// times returns when each kind was last seen to have moved.
func (m *movement) times(before [kinds]time.Time, now time.Time) [kinds]time.Time {
	for kind, moved := range m.moved {
		if moved {
			before[kind] = now
		}
	}
	return before
}

// since returns what moved from an earlier reading of the same method to this one.
func (r *Reading) since(before *Reading) movement {
	var m movement
	note := func(kind int, was, is int64, step *StepReading) {
		if was == is {
			return
		}
		m.moved[kind] = true
		if step != nil {
			m.in[kind] = append(m.in[kind], stepMovement{*step, is - was})
		}
		if was >= 0 && is >= 0 {
			m.by[kind] += is - was
		}
		if kind == sent && is < was {
			m.fell = true
		}
	}
	if r.Method != MethodAnalytics {
		for kind := range kinds {
			note(kind, before.Totals[kind], r.Totals[kind], nil)
		}
		return m
	}
	left := slices.Clone(before.Steps)
	for _, step := range r.Steps {
		var was StepReading
		i := slices.IndexFunc(left, step.same)
		if i >= 0 {
			was = left[i]
			left = slices.Delete(left, i, i+1)
		} else {
			for kind, n := range step.Counts { // a step that is new had nothing
				was.Counts[kind] = min(n, 0)
			}
		}
		for kind := range kinds {
			note(kind, was.Counts[kind], step.Counts[kind], &step)
		}
	}
	for _, gone := range left {
		if gone.Counts != [kinds]int64{} {
			m.fell = true
		}
	}
	return m
}

// same reports whether another reading is of the same step.
func (s StepReading) same(other StepReading) bool {
	return s.SequenceID == other.SequenceID && s.SequenceNumber == other.SequenceNumber
}

// equal reports whether two readings say the same.
func (r *Reading) equal(other *Reading) bool {
	if other == nil || r.Method != other.Method {
		return false
	}
	m := r.since(other)
	return m.nothing()
}
