package simulator

import (
	"cmp"
	"net/http"
	"slices"
	"time"
)

// answerBadRange is how the API refuses a range, or one that is missing.
var answerBadRange = jsonAnswer(http.StatusBadRequest, `{}`)

// sequenceCounts are the counts of one step in sequence analytics.
type sequenceCounts struct {
	SequenceID   int64  `json:"email_campaign_seq_id"`
	Sent         int64  `json:"sent_count"`
	Skipped      int64  `json:"skipped_count"`
	Opened       int64  `json:"open_count"`
	Clicked      int64  `json:"click_count"`
	Replied      int64  `json:"reply_count"`
	Bounced      int64  `json:"bounce_count"`
	Unsubscribed int64  `json:"unsubscribed_count"`
	Failed       int64  `json:"failed_count"`
	Stopped      int64  `json:"stopped_count"`
	Positive     *int64 `json:"positive_reply_count"` // sent as null
}

// nestedCounts are the counts of a variant in the nested form.
type nestedCounts struct {
	Sent         int64 `json:"sent"`
	Opened       int64 `json:"opened"`
	Clicked      int64 `json:"clicked"`
	Replied      int64 `json:"replied"`
	Bounced      int64 `json:"bounced"`
	Unsubscribed int64 `json:"unsubscribed"`
}

type nestedSequence struct {
	Number   int             `json:"seq_number"`
	Variants []nestedVariant `json:"variants"`
}

type nestedVariant struct {
	Label string       `json:"variant_label"`
	Stats nestedCounts `json:"stats"`
}

// serveSequenceAnalytics answers with the counts of each step over what was sent in a range of days.
func (s *Simulator) serveSequenceAnalytics(w http.ResponseWriter, r *http.Request, e entry) {
	b := s.currentBehaviour()
	q := parameters{values: r.URL.Query()}
	q.allow("start_date", "end_date", "time_zone")
	from, to := midnight(q.time("start_date")), midnight(q.time("end_date"))
	if q.refused != nil || !q.values.Has("start_date") || !q.values.Has("end_date") || to.Before(from) {
		writeAnswer(w, answerBadRange)
		return
	}
	until := to.AddDate(0, 0, 1)
	if b.AnalyticsMaxDays > 0 && until.After(from.AddDate(0, 0, b.AnalyticsMaxDays)) {
		writeAnswer(w, answerBadRange)
		return
	}
	steps := e.content(s.clock(), b.AnalyticsLate).analytics(from, until, b)
	switch b.AnalyticsForm {
	case AnalyticsBare:
		writeJSON(w, sequenceRows(e.campaign.ID, steps))
	case AnalyticsNested:
		writeJSON(w, map[string]any{"ok": true, "data": map[string]any{"sequences": nestedSequences(steps)}})
	default:
		writeJSON(w, map[string]any{"ok": true, "data": sequenceRows(e.campaign.ID, steps)})
	}
}

// analytics returns the counts of the e-mails that were sent in a range, for each step that a campaign has or had.
func (c campaignContent) analytics(from, until time.Time, b Behaviour) []StepCounts {
	counts := map[int]*StepCounts{}
	at := func(step int) *StepCounts {
		if counts[step] == nil {
			counts[step] = &StepCounts{Step: step}
		}
		return counts[step]
	}
	for _, s := range c.steps {
		*at(s.Step) = s
	}
	replied := map[any]bool{}
	if c.emails != nil {
		q := query{from: from, until: until}
		for i := range c.emails.Len() {
			e := c.emails.At(i)
			if !c.passes(&q, &e) {
				continue
			}
			n := at(e.Step)
			before := *n
			n.count(&e)
			if b.OpensByEvent {
				n.Opened = before.Opened + int64(e.OpenCount)
				n.Clicked = before.Clicked + int64(e.ClickCount)
			}
			if b.RepliesByLead && e.replied() {
				if replied[e.receiverKey()] {
					n.Replied = before.Replied
				}
				replied[e.receiverKey()] = true
			}
		}
	}
	sent := make([]StepCounts, 0, len(counts))
	for _, n := range counts {
		sent = append(sent, *n)
	}
	present, deleted := c.sequence(sent)
	if !b.ForgetDeletedSteps {
		present = append(present, deleted...)
	}
	out := make([]StepCounts, len(present))
	for i, step := range present {
		out[i] = *at(step)
	}
	return out
}

// sequenceRows are in the order of the ids, which is not that of the steps.
func sequenceRows(campaign int64, steps []StepCounts) []sequenceCounts {
	rows := make([]sequenceCounts, len(steps))
	for i, s := range steps {
		rows[i] = sequenceCounts{
			SequenceID: sequenceID(campaign, s.Step), Sent: s.Sent, Opened: s.Opened, Clicked: s.Clicked,
			Replied: s.Replied, Bounced: s.Bounced, Unsubscribed: s.Unsubscribed,
		}
	}
	slices.SortFunc(rows, func(a, b sequenceCounts) int { return cmp.Compare(a.SequenceID, b.SequenceID) })
	return rows
}

// nestedSequences divides the counts of each step between two variants.
func nestedSequences(steps []StepCounts) []nestedSequence {
	out := make([]nestedSequence, len(steps))
	for i, s := range steps {
		half := func(n int64) (a, b int64) { return n / 2, n - n/2 }
		var a, b nestedCounts
		a.Sent, b.Sent = half(s.Sent)
		a.Opened, b.Opened = half(s.Opened)
		a.Clicked, b.Clicked = half(s.Clicked)
		a.Replied, b.Replied = half(s.Replied)
		a.Bounced, b.Bounced = half(s.Bounced)
		a.Unsubscribed, b.Unsubscribed = half(s.Unsubscribed)
		out[i] = nestedSequence{Number: s.Step, Variants: []nestedVariant{{"A", a}, {"B", b}}}
	}
	return out
}
