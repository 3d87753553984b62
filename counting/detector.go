package counting

import (
	"errors"
	"time"

	"smartlead_exporter/smartlead"
)

// read asks the detector: the sequence analytics, or where they are missing the campaign's totals. It returns nil where
// neither can be used.
func (r *run) read() (*Reading, error) {
	now := time.Now()
	if r.counter.lacksAnalytics(now) || r.task.State != nil && now.Before(r.task.State.AnalyticsAfter) {
		return r.readTotals()
	}
	reading, err := r.readAnalytics()
	switch smartlead.ReasonOf(err) {
	case smartlead.ErrNotFound, smartlead.ErrBadRequest, smartlead.ErrForbidden:
		// The endpoint is gone, refuses so long a range, or isn't in the plan. Or the campaign is gone, and its totals
		// are, too.
		totals, err := r.readTotals()
		if err == nil {
			r.counter.forgoAnalytics(now)
		}
		return totals, err
	case smartlead.ErrBadResponse:
		r.analyticsAfter = now.Add(analyticsRetry)
		return r.readTotals()
	default:
		return reading, err
	}
}

func (r *run) readAnalytics() (*Reading, error) {
	analytics, err := r.source.SequenceAnalytics(r.ctx, smartlead.SequenceAnalyticsQuery{CampaignID: r.task.Query.CampaignID})
	r.requests += analytics.Requests
	if err != nil {
		return nil, err
	}
	reading := &Reading{Method: MethodAnalytics}
	for _, s := range analytics.Sequences {
		reading.Steps = append(reading.Steps, StepReading{
			SequenceID: s.SequenceID, SequenceNumber: s.SequenceNumber,
			Counts: [kinds]int64{s.Sent, s.Opened, s.Clicked, s.Replied, s.Unsubscribed, s.Bounced},
		})
	}
	return reading, nil
}

// readTotals asks for the number of rows of each status. Where filters can't be relied on it returns nil.
func (r *run) readTotals() (*Reading, error) {
	reading := &Reading{Method: MethodTotals}
	alike := true
	for kind := range kinds {
		reading.Totals[kind] = -1
		switch {
		case r.untracked(kind):
			continue
		case r.direct[kind]: // its rows will tell
			reading.Totals[kind] = r.task.State.Detected.Totals[kind]
			alike = false
			continue
		}
		q := r.task.Query
		q.EmailStatus = statuses[kind]
		if len(q.SequenceNumbers) > 1 {
			q.SequenceNumbers = nil // a total is of one step, or of all; what moves in others is only asked for in vain
		}
		total, err := r.source.Total(r.ctx, q)
		r.requests += total.Requests
		switch {
		case errors.Is(err, smartlead.ErrFilterIgnored):
			return nil, nil //nolint:nilnil // there is no reading, and that is no failure
		case err != nil:
			return nil, err
		case total.Rows < 0:
			return nil, nil //nolint:nilnil // likewise
		}
		reading.Totals[kind] = total.Rows
		alike = alike && total.Rows == reading.Totals[sent]
	}
	if alike && reading.Totals[sent] > 0 {
		return nil, nil //nolint:nilnil // filters make no difference
	}
	return reading, nil
}

// untracked reports whether a kind is known not to be counted by the platform.
func (r *run) untracked(kind int) bool {
	return kind == opened && r.task.OpensUntracked || kind == clicked && r.task.ClicksUntracked
}

// credible reports whether totals that were read before a count can be those of the rows that were counted. Where a total is
// that of all rows although the count is another one, filters aren't applied.
func (r *Reading) credible(statistics *smartlead.Statistics) bool {
	all := r.Totals[sent]
	for kind, n := range sums(statistics.Steps) {
		if kind != sent && r.Totals[kind] == all && all > 0 && n < all/2 {
			return false
		}
	}
	return true
}

// sums returns the counts of all steps together.
func sums(steps []smartlead.Step) (all [kinds]int64) {
	for i := range steps {
		for kind := range kinds {
			all[kind] += *count(&steps[i], kind)
		}
	}
	return all
}

// count returns where a step keeps a count.
func count(s *smartlead.Step, kind int) *int64 {
	switch kind {
	case sent:
		return &s.Sent
	case opened:
		return &s.Opened
	case clicked:
		return &s.Clicked
	case replied:
		return &s.Replied
	case unsubscribed:
		return &s.Unsubscribed
	default:
		return &s.Bounced
	}
}
