package smartlead

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// MaxPageSize is the documented maximum of rows a page, and what is asked for by default.
const MaxPageSize = 1000

// MaxQueryStep is the highest step number that can be asked for (documented).
const MaxQueryStep = 20

// timeFormat is how the API wants a moment in a query (documented), in UTC.
const timeFormat = "2006-01-02 15:04:05.000Z"

// EmailStatus restricts statistics to e-mails that something happened to.
type EmailStatus string

// The documented values.
const (
	StatusOpened       EmailStatus = "opened"
	StatusClicked      EmailStatus = "clicked"
	StatusReplied      EmailStatus = "replied"
	StatusUnsubscribed EmailStatus = "unsubscribed"
	StatusBounced      EmailStatus = "bounced"
)

// StatisticsQuery says which e-mails of a campaign to count. The zero value of each field but CampaignID means all.
type StatisticsQuery struct {
	CampaignID int64
	// SequenceNumbers are the steps wanted. A single one from 1 to 20 is asked for by the API's own parameter; several
	// are fetched with all others and chosen here, since each would cost a request of its own.
	SequenceNumbers []int
	EmailStatus     EmailStatus
	SentAfter       time.Time
	SentBefore      time.Time
	// SentWithin is a window that ends now, instead of SentAfter.
	SentWithin time.Duration
	// PageSize is the number of rows asked for at a time, 1 to MaxPageSize. Default: MaxPageSize.
	PageSize int
}

// Statistics are a campaign's counts, from a set of pages that was complete.
type Statistics struct {
	// Steps are in ascending order of their number; empty for a campaign without statistics. The caller owns them.
	Steps []Step
	// Shape is that of the rows they were counted from.
	Shape Shape
	// Sequences say which step an email_campaign_seq_id is: each pair that a row had, once, in ascending order of the
	// id. Rows of the aggregated shape have none. The caller owns them.
	Sequences []SequenceStep
	// Recent are the e-mails that were sent within RecentSpan of the newest one, by their identity; nil where they can't be
	// told apart, or are very many. The caller owns them.
	Recent []RecentRow
	// Variants are the counts of each variant that a row names, in ascending order of step and id; nil if none does. The
	// caller owns them.
	Variants []VariantCounts
	// Replies are what the rows say of those of them that got a reply; nil where there are no rows, or none of e-mails.
	// The caller owns them.
	Replies *Replies
	// Rows is the number of distinct rows, those outside the window included.
	Rows int
	// RowsWithoutStep is how many of Rows are in no step, as none or none that can be is written in them.
	RowsWithoutStep int
	// Requests is the number of requests it took. It is set with an error, too.
	Requests int
}

// Step holds the e-mails of one step of a campaign's sequence, each counted once per kind of event. Counts are never
// negative, but can be smaller than they were: replies are recategorised and leads deleted.
type Step struct {
	SequenceNumber int // 0 to MaxSequenceNumber

	Sent, Opened, Clicked, Replied, Unsubscribed, Bounced int64
	// Unknown are the counts that the API didn't give, which are 0 here: in the per-e-mail shape those that not one of many
	// e-mails has a field for, although they have fields for others.
	Unknown CountSet `json:",omitzero"`

	// LastSent is when the newest e-mail left; zero if unknown, as it always is in the aggregated shape.
	LastSent time.Time
}

// Statistics fetches the counts of a campaign, in as many requests as it takes: GET /campaigns/{id}/statistics, page
// after page. It returns complete sets only: of per-e-mail rows as many as total_stats says, now or when the set was
// begun, or without it all up to an empty page. It keeps some bytes of each of these rows, to know it again when rows
// that arrive meanwhile move it to another page, and asks for the pages behind the first with sent_time_end_date set to
// the moment it began, where that leaves out no row that was there. A set that doesn't add up is fetched once more, and
// is ErrIncomplete if that doesn't help. Of e-mails that were sent outside the window nothing is counted, whatever the
// server makes of the query.
//
// The error is an *Error, an error of the query itself, or wraps the end of ctx.
func (c *Client) Statistics(ctx context.Context, q StatisticsQuery) (Statistics, error) {
	if err := q.check(); err != nil {
		return Statistics{}, err
	}
	q.fixWindow()
	return (&statisticsRun{client: c, query: q}).whole(ctx)
}

// LastSent is when the newest e-mail of all steps left; zero if unknown.
func (s Statistics) LastSent() time.Time {
	var last time.Time
	for _, step := range s.Steps {
		if step.LastSent.After(last) {
			last = step.LastSent
		}
	}
	return last
}

// Unknown returns the counts that the API didn't give for some step.
func (s Statistics) Unknown() (unknown CountSet) {
	for i := range s.Steps {
		unknown |= s.Steps[i].Unknown
	}
	return unknown
}

// fixWindow has a window that ends now begin at a moment that stays.
func (q *StatisticsQuery) fixWindow() {
	if q.SentWithin > 0 {
		q.SentAfter, q.SentWithin = time.Now().Add(-q.SentWithin), 0
	}
}

func (q *StatisticsQuery) check() error {
	switch {
	case q.CampaignID <= 0:
		return fmt.Errorf("smartlead: campaign id %d is not positive", q.CampaignID)
	case q.PageSize < 0 || q.PageSize > MaxPageSize:
		return fmt.Errorf("smartlead: page size %d is not between 1 and %d", q.PageSize, MaxPageSize)
	case q.SentWithin < 0 || q.SentWithin > 0 && !q.SentAfter.IsZero():
		return errors.New("smartlead: SentWithin is negative, or stands beside SentAfter")
	}
	for _, step := range q.SequenceNumbers {
		if step < 1 || step > MaxQueryStep {
			return fmt.Errorf("smartlead: sequence number %d is not between 1 and %d", step, MaxQueryStep)
		}
	}
	if q.PageSize == 0 {
		q.PageSize = MaxPageSize
	}
	return nil
}

// values are the parameters of one page; the key is added where the request is made.
func (q *StatisticsQuery) values(offset, limit int) url.Values {
	v := url.Values{"offset": {strconv.Itoa(offset)}, "limit": {strconv.Itoa(limit)}}
	if len(q.SequenceNumbers) == 1 {
		v.Set("email_sequence_number", strconv.Itoa(q.SequenceNumbers[0]))
	}
	if q.EmailStatus != "" {
		v.Set("email_status", string(q.EmailStatus))
	}
	if !q.SentAfter.IsZero() {
		v.Set("sent_time_start_date", q.SentAfter.UTC().Format(timeFormat))
	}
	if !q.SentBefore.IsZero() {
		v.Set("sent_time_end_date", q.SentBefore.UTC().Format(timeFormat))
	}
	return v
}

// filtered reports whether the API is asked to leave something out.
func (q *StatisticsQuery) filtered() bool {
	return len(q.SequenceNumbers) == 1 || q.EmailStatus != "" || !q.SentAfter.IsZero() || !q.SentBefore.IsZero()
}

func (q *StatisticsQuery) path() string {
	return "/campaigns/" + strconv.FormatInt(q.CampaignID, 10) + "/statistics"
}
