package smartlead

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	// maxSequences bounds the steps of an answer. The platform lets a campaign have 20; steps that were deleted may be
	// listed beside them.
	maxSequences = 1000
	maxVariants  = 1000 // of one step
)

// lifetimeStart is before anything Smartlead sent: live clients ask from this day on to have all there is.
var lifetimeStart = time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC)

// SequenceAnalyticsQuery says which e-mails of a campaign Smartlead is to count.
type SequenceAnalyticsQuery struct {
	CampaignID int64
	// SentFrom and SentTo are the first and the last day of sending, in UTC and with the whole of both. Default:
	// 2020-01-01 and tomorrow, which is all that was ever sent.
	SentFrom, SentTo time.Time
}

// SequenceAnalytics are the counts that Smartlead keeps of each step of a campaign.
type SequenceAnalytics struct {
	// Sequences are in ascending order of their id, then of their number; empty for a campaign without steps. The
	// caller owns them.
	Sequences []SequenceCounts
	// Requests is the number of requests it took. It is set with an error, too.
	Requests int
}

// SequenceCounts are Smartlead's own counts of one step. They need not mean what counts of rows mean: replies seem to
// be counted by lead, and whether opens and clicks are e-mails or events is unknown. So they tell, compared with
// themselves of an earlier time, that something moved; they don't stand in for Step.
type SequenceCounts struct {
	// SequenceID is the email_campaign_seq_id of rows of the step: Statistics.Sequences tells its number. 0 where the
	// answer has numbers instead.
	SequenceID int64
	// SequenceNumber is the step's number, where the answer has it; else 0.
	SequenceNumber int

	// Sent is never negative. Each of the others is -1 where the answer doesn't have it.
	Sent, Opened, Clicked, Replied, Unsubscribed, Bounced int64
}

// SequenceAnalytics asks for the counts of all steps of a campaign, in one request:
// GET /campaigns/{id}/sequence-analytics. It takes the form that was recorded from a live account, a row by
// email_campaign_seq_id each, in "data" or as a bare array, and the published one of steps with variants, whose counts
// are summed.
//
// An unknown campaign is ErrNotFound, and so is the endpoint itself should it go, which the documentation no longer
// has; a range the server finds too long is ErrBadRequest. The error is an *Error, an error of the query itself, or
// wraps the end of ctx.
func (c *Client) SequenceAnalytics(ctx context.Context, q SequenceAnalyticsQuery) (SequenceAnalytics, error) {
	if q.CampaignID <= 0 {
		return SequenceAnalytics{}, fmt.Errorf("smartlead: campaign id %d is not positive", q.CampaignID)
	}
	q.SentFrom, q.SentTo = dateRange(q.SentFrom, q.SentTo)
	if q.SentTo.Before(q.SentFrom) {
		return SequenceAnalytics{}, errors.New("smartlead: SentTo is before SentFrom")
	}
	var list []SequenceCounts
	req := &request{
		path: "/campaigns/" + strconv.FormatInt(q.CampaignID, 10) + "/sequence-analytics",
		query: url.Values{
			"start_date": {q.SentFrom.Format(time.DateOnly)},
			"end_date":   {q.SentTo.Format(time.DateOnly)},
		},
		read: func(body *pageReader, _ time.Time) (err error) {
			list, err = readSequenceAnalytics(body)
			return err
		},
	}
	if err := c.do(ctx, req); err != nil {
		return SequenceAnalytics{Requests: req.sent}, err
	}
	return SequenceAnalytics{Sequences: list, Requests: req.sent}, nil
}

// dateRange returns the days that analytics are asked for, in UTC. What isn't given is all that was ever sent.
func dateRange(from, to time.Time) (first, last time.Time) {
	if to.IsZero() {
		to = time.Now().AddDate(0, 0, 1)
	}
	if from.IsZero() {
		from = lifetimeStart
		if to.Before(from) { // a clock that is wrong, or simulated
			from = to.AddDate(-5, 0, 0)
		}
	}
	return from.UTC(), to.UTC()
}

func readSequenceAnalytics(body *pageReader) ([]SequenceCounts, error) {
	var list []SequenceCounts
	row := func(d *jsontext.Decoder) error {
		counts, err := readSequenceCounts(d)
		list = append(list, counts)
		return err
	}
	step := func(d *jsontext.Decoder) error {
		counts, err := readSequenceStep(d)
		list = append(list, counts)
		return err
	}
	answer := envelope{bare: true, maxRows: maxSequences, row: row, object: func(d *jsontext.Decoder) error {
		known := false
		err := readObject(d, func(name string) error {
			switch name {
			case "sequences":
				known = true
				return readArray(d, maxSequences, func() error { return step(d) })
			case "sequence_analytics": // as a published client expects it, too
				known = true
				return readArray(d, maxSequences, func() error { return row(d) })
			default:
				return skipValue(d)
			}
		})
		if err == nil && !known {
			err = errors.New(`"data" is an object without "sequences"`)
		}
		return err
	}}
	if _, err := answer.read(body); err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b SequenceCounts) int {
		return cmp.Or(cmp.Compare(a.SequenceID, b.SequenceID), cmp.Compare(a.SequenceNumber, b.SequenceNumber))
	})
	return list, checkSequences(list)
}

// checkSequences refuses a step that comes twice: which of the two would be true?
func checkSequences(list []SequenceCounts) error {
	ids, numbers := map[int64]bool{}, map[int]bool{}
	for _, c := range list {
		if c.SequenceID != 0 && ids[c.SequenceID] || c.SequenceNumber != 0 && numbers[c.SequenceNumber] {
			return errors.New("a step comes twice")
		}
		ids[c.SequenceID], numbers[c.SequenceNumber] = true, true
	}
	return nil
}

// readSequenceCounts reads a row of the recorded form.
func readSequenceCounts(d *jsontext.Decoder) (SequenceCounts, error) {
	var c SequenceCounts
	var counts sequenceCounter
	err := readObject(d, func(name string) error {
		if name == "email_campaign_seq_id" {
			return readPositive(d, name, &c.SequenceID)
		}
		return counts.read(d, name)
	})
	switch {
	case err != nil:
		return c, err
	case c.SequenceID == 0:
		return c, errors.New("email_campaign_seq_id is missing")
	}
	err = counts.put(&c)
	return c, err
}

// readSequenceStep reads a step of the published form: the sum of its variants, or its own stats if it has none.
func readSequenceStep(d *jsontext.Decoder) (SequenceCounts, error) {
	var id, number int64
	var own, sum *SequenceCounts
	err := readObject(d, func(name string) (err error) {
		switch name {
		case "seq_number":
			return readPositive(d, name, &number)
		case "id", "email_campaign_seq_id":
			return readPositive(d, name, &id)
		case "stats":
			own, err = readStats(d)
			return err
		case "variants":
			return readArray(d, maxVariants, func() error {
				variant, err := readVariant(d)
				if err == nil && sum != nil {
					*variant = variant.plus(*sum)
				}
				sum = variant
				return err
			})
		default:
			return skipValue(d)
		}
	})
	if sum == nil {
		sum = own
	}
	switch {
	case err != nil:
		return SequenceCounts{}, err
	case number == 0 || number > MaxSequenceNumber:
		return SequenceCounts{}, fmt.Errorf("seq_number is missing, or not between 1 and %d", MaxSequenceNumber)
	case sum == nil:
		return SequenceCounts{}, errors.New("a step has no stats")
	case sum.Sent < 0:
		return SequenceCounts{}, fmt.Errorf("a sum of variants is %w", errTooLarge)
	}
	sum.SequenceID, sum.SequenceNumber = id, int(number)
	return *sum, nil
}

func readVariant(d *jsontext.Decoder) (stats *SequenceCounts, err error) {
	err = readObject(d, func(name string) (err error) {
		if name != "stats" {
			return skipValue(d)
		}
		stats, err = readStats(d)
		return err
	})
	if err == nil && stats == nil {
		err = errors.New("a variant has no stats")
	}
	return stats, err
}

func readStats(d *jsontext.Decoder) (*SequenceCounts, error) {
	var counts sequenceCounter
	if err := readObject(d, func(name string) error { return counts.read(d, name) }); err != nil {
		return nil, err
	}
	c := &SequenceCounts{}
	return c, counts.put(c)
}

// plus adds counts; what one of the two doesn't tell, the sum doesn't. A sum that is too large is negative.
func (c SequenceCounts) plus(other SequenceCounts) SequenceCounts {
	sum := func(a, b int64) int64 {
		if a < 0 || b < 0 {
			return -1
		}
		return max(a+b, -1)
	}
	return SequenceCounts{
		Sent: sum(c.Sent, other.Sent), Opened: sum(c.Opened, other.Opened), Clicked: sum(c.Clicked, other.Clicked),
		Replied: sum(c.Replied, other.Replied), Unsubscribed: sum(c.Unsubscribed, other.Unsubscribed),
		Bounced: sum(c.Bounced, other.Bounced),
	}
}

// sequenceCounter reads counts under any of the names that were seen for them.
type sequenceCounter [countKinds]struct {
	seen, known bool
	n           int64
}

var sequenceFields = map[string]Count{
	"sent_count": CountSent, "open_count": CountOpened, "click_count": CountClicked, "reply_count": CountReplied,
	"unsubscribed_count": CountUnsubscribed, "bounce_count": CountBounced,
	"sent": CountSent, "opened": CountOpened, "clicked": CountClicked, "replied": CountReplied, "unsubscribed": CountUnsubscribed, "bounced": CountBounced,
}

// read reads the value of a field, which is skipped if it is no count that is wanted.
func (s *sequenceCounter) read(d *jsontext.Decoder, name string) error {
	kind, wanted := sequenceFields[name]
	if !wanted {
		return skipValue(d)
	}
	v, err := readValue(d)
	if err != nil {
		return err
	}
	n, known, err := parseCount(v)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	c := &s[kind]
	if c.seen && (c.known != known || c.n != n) {
		return fmt.Errorf("%s comes twice", name)
	}
	c.seen, c.known, c.n = true, known, n
	return nil
}

// put stores what was read. null for what was sent is taken for a step that sent nothing, unless something came of it.
func (s *sequenceCounter) put(c *SequenceCounts) error {
	count := func(kind Count) int64 {
		if !s[kind].known {
			return -1
		}
		return s[kind].n
	}
	c.Sent, c.Opened, c.Clicked, c.Replied = count(CountSent), count(CountOpened), count(CountClicked), count(CountReplied)
	c.Unsubscribed, c.Bounced = count(CountUnsubscribed), count(CountBounced)
	switch {
	case !s[CountSent].seen:
		return errors.New("what was sent is missing")
	case c.Sent < 0 && max(c.Opened, c.Clicked, c.Replied, c.Unsubscribed, c.Bounced) > 0:
		return errors.New("what was sent is null, although something came of it")
	}
	c.Sent = max(c.Sent, 0)
	return nil
}

// readPositive reads a whole number above 0, such as an id. null leaves it as it is.
func readPositive(d *jsontext.Decoder, name string, n *int64) error {
	v, err := readValue(d)
	if err != nil {
		return err
	}
	id, known, err := parseCount(v)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	case known && id == 0:
		return fmt.Errorf("%s is 0", name)
	case known:
		*n = id
	}
	return nil
}
