package smartlead

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"
)

// filterTolerance is by how much the time of a row may lie outside a window that was asked for: the query is written in
// milliseconds, and a server may keep seconds.
const filterTolerance = time.Second

// RowFacts is what is known of one e-mail. Nothing in it tells who received it.
type RowFacts struct {
	// Identity knows the e-mail again: on another page, in a later answer, and after a restart of the program. It is a
	// hash of the row's stats_id or, where it has none, of receiver, step and moment of sending. It is 0 for an e-mail
	// that can't be known again.
	Identity       uint64
	SequenceNumber int
	// SequenceID is the row's email_campaign_seq_id, VariantID its seq_variant_id; 0 if unknown or without variants.
	SequenceID, VariantID int64
	// SentTime and ReplyTime are zero if unknown or if it didn't happen.
	SentTime, ReplyTime time.Time
	// Category is that of the lead, such as "Interested", cut at MaxNameLength characters; "" if it has none.
	Category string

	Opened, Clicked, Replied, Unsubscribed, Bounced bool
}

// SequenceStep says which step an email_campaign_seq_id is, as a row had it.
type SequenceStep struct {
	SequenceID     int64
	SequenceNumber int
}

// maxSequenceSteps bounds the distinct pairs of id and number that a set of rows may have before none is believed.
const maxSequenceSteps = 1000

func (r *statisticsRow) facts() RowFacts {
	return RowFacts{
		Identity: r.lastingIdentity(), SequenceNumber: r.step, SequenceID: r.sequenceID, VariantID: r.variantID,
		SentTime: r.sentAt, ReplyTime: r.repliedAt, Category: cutText(string(r.category)),
		Opened: r.counts[CountOpened] > 0, Clicked: r.counts[CountClicked] > 0, Replied: r.counts[CountReplied] > 0,
		Unsubscribed: r.counts[CountUnsubscribed] > 0, Bounced: r.counts[CountBounced] > 0,
	}
}

// lastingIdentity is identity without a seed of this process. The address is hashed by a function that can't be turned
// around, since the result may be kept.
func (r *statisticsRow) lastingIdentity() uint64 {
	if !r.hasIdentity() {
		return 0
	}
	var room [128]byte // of the stack: this is done for every row
	text := append(room[:0], 's')
	text = append(text, r.statsID...)
	if !r.hasID() {
		text = append(room[:0], 'a')
		text = append(text, r.address...)
		text = append(text, 0, byte(r.step))
		text = append(text, r.sentTime...)
	}
	sum := sha256.Sum256(text)
	return binary.BigEndian.Uint64(sum[:])
}

// fits reports whether a row is one that the filters let pass. Rows of the aggregated shape don't tell.
func (q *StatisticsQuery) fits(r *statisticsRow) bool {
	if r.shape != ShapePerEmail {
		return true
	}
	if len(q.SequenceNumbers) == 1 && r.step >= 0 && r.step != q.SequenceNumbers[0] {
		return false
	}
	if !q.SentAfter.IsZero() && r.sentAt.Before(q.SentAfter.Add(-filterTolerance)) {
		return false
	}
	if !q.SentBefore.IsZero() && (r.sentAt.IsZero() || r.sentAt.After(q.SentBefore.Add(filterTolerance))) {
		return false
	}
	switch q.EmailStatus {
	case StatusOpened:
		return r.counts[CountOpened] > 0
	case StatusClicked:
		return r.counts[CountClicked] > 0
	case StatusReplied:
		return r.counts[CountReplied] > 0
	case StatusUnsubscribed:
		return r.counts[CountUnsubscribed] > 0
	case StatusBounced:
		return r.counts[CountBounced] > 0
	default:
		return true
	}
}

// outside reports whether a row is of an e-mail that was sent outside the window. A server that doesn't apply filters hands
// out such rows, too.
func (q *StatisticsQuery) outside(r *statisticsRow) bool {
	if r.shape != ShapePerEmail || r.sentAt.IsZero() {
		return false
	}
	return !q.SentAfter.IsZero() && r.sentAt.Before(q.SentAfter.Add(-filterTolerance)) ||
		!q.SentBefore.IsZero() && r.sentAt.After(q.SentBefore.Add(filterTolerance))
}

// wants reports whether a step is one of those asked for.
func (q *StatisticsQuery) wants(step int) bool {
	return len(q.SequenceNumbers) == 0 || slices.Contains(q.SequenceNumbers, step)
}
