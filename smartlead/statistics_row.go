package smartlead

import (
	"errors"
	"fmt"
	"hash/maphash"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// MaxSequenceNumber is the highest step number taken for one. The documentation lets 1 to 20 be asked for.
const MaxSequenceNumber = 100

// Shape tells the two kinds of rows apart that the statistics endpoint answers with.
type Shape int

const (
	// ShapeUnknown is that of an answer without rows.
	ShapeUnknown Shape = iota
	// ShapeAggregated is one row a step, with its counts; the reference page documents it.
	ShapeAggregated
	// ShapePerEmail is one row an e-mail; published clients of the live API parse it.
	ShapePerEmail
)

// String returns the shape in words.
func (s Shape) String() string {
	switch s {
	case ShapeAggregated:
		return "aggregated"
	case ShapePerEmail:
		return "per e-mail"
	default:
		return "unknown"
	}
}

// The counts of a row, as indexes.
const (
	sent = iota
	opened
	clicked
	replied
	unsubscribed
	bounced
	countKinds
)

// statisticsRow is a row of either shape. Its byte slices are used again for the next row.
type statisticsRow struct {
	shape  Shape
	step   int               // -1 if missing
	counts [countKinds]int64 // per-e-mail rows count 0 or 1 of each
	sentAt time.Time         // zero if unknown; per-e-mail rows only

	repliedAt             time.Time // likewise
	sequenceID, variantID int64     // 0 if unknown; likewise

	statsID, address, sentTime []byte // what identifies a per-e-mail row
	replyTime, category        []byte
	name                       []byte
}

var errTwoShapes = errors.New("rows of both shapes in one answer")

// read reads the next value, which must be an object.
func (r *statisticsRow) read(d *jsontext.Decoder) error {
	*r = statisticsRow{
		step: -1, statsID: r.statsID[:0], address: r.address[:0], sentTime: r.sentTime[:0],
		replyTime: r.replyTime[:0], category: r.category[:0], name: r.name[:0],
	}
	if _, err := d.ReadToken(); err != nil {
		return syntaxError(err)
	}
	for d.PeekKind() == jsontext.KindString {
		raw, err := d.ReadValue()
		if err != nil {
			return syntaxError(err)
		}
		unquote(&r.name, raw)
		if err := r.field(d); err != nil {
			return err
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return syntaxError(err)
	}
	if r.step < 0 {
		return errors.New("sequence_number is missing")
	}
	return nil
}

// field reads the value of the field r.name. Unknown fields are skipped, whatever they hold.
func (r *statisticsRow) field(d *jsontext.Decoder) error {
	switch string(r.name) {
	case "sequence_number":
		return r.readStep(d)

	case "sent":
		return r.readCount(d, sent)
	case "opened":
		return r.readCount(d, opened)
	case "clicked":
		return r.readCount(d, clicked)
	case "replied":
		return r.readCount(d, replied)
	case "unsubscribed":
		return r.readCount(d, unsubscribed)
	case "bounced":
		return r.readCount(d, bounced)

	case "open_count":
		return r.readOccurred(d, opened)
	case "click_count":
		return r.readOccurred(d, clicked)
	case "open_time":
		return r.readMoment(d, opened, nil)
	case "click_time":
		return r.readMoment(d, clicked, nil)
	case "reply_time":
		if err := r.readMoment(d, replied, &r.replyTime); err != nil {
			return err
		}
		r.repliedAt = parseTime(r.replyTime)
		return nil
	case "sent_time":
		if err := r.readMoment(d, sent, &r.sentTime); err != nil {
			return err
		}
		r.sentAt = parseTime(r.sentTime)
		return nil
	case "is_unsubscribed":
		return r.readFlag(d, unsubscribed)
	case "is_bounced":
		return r.readFlag(d, bounced)
	case "stats_id":
		return r.readText(d, ShapePerEmail, &r.statsID)
	case "lead_email":
		return r.readText(d, ShapePerEmail, &r.address)
	case "lead_category":
		return r.readText(d, ShapeUnknown, &r.category)
	case "email_campaign_seq_id":
		return r.readID(d, &r.sequenceID)
	case "seq_variant_id":
		return r.readID(d, &r.variantID)

	default:
		if err := d.SkipValue(); err != nil {
			return syntaxError(err)
		}
		return nil
	}
}

// is notes that a field of one shape was seen.
func (r *statisticsRow) is(shape Shape) error {
	if r.shape != ShapeUnknown && r.shape != shape {
		return errTwoShapes
	}
	r.shape = shape
	return nil
}

// value reads the value of a field that belongs to rows of a shape, or of either.
func (r *statisticsRow) value(d *jsontext.Decoder, shape Shape) (jsontext.Value, error) {
	if shape != ShapeUnknown {
		if err := r.is(shape); err != nil {
			return nil, err
		}
	}
	v, err := d.ReadValue()
	if err != nil {
		return nil, syntaxError(err)
	}
	return v, nil
}

// count reads a whole number; known is false for null.
func (r *statisticsRow) count(d *jsontext.Decoder, shape Shape) (n int64, known bool, err error) {
	v, err := r.value(d, shape)
	if err != nil {
		return 0, false, err
	}
	n, known, err = parseCount(v)
	if err != nil {
		return 0, false, fmt.Errorf("%s: %w", r.name, err)
	}
	return n, known, nil
}

func (r *statisticsRow) readStep(d *jsontext.Decoder) error {
	n, known, err := r.count(d, ShapeUnknown)
	if err != nil || !known { // null is as if it were missing, which read refuses
		return err
	}
	if n > MaxSequenceNumber {
		return fmt.Errorf("sequence_number is not between 0 and %d", MaxSequenceNumber)
	}
	r.step = int(n)
	return nil
}

// readCount reads a count of the aggregated shape; null is 0.
func (r *statisticsRow) readCount(d *jsontext.Decoder, kind int) error {
	n, _, err := r.count(d, ShapeAggregated)
	r.counts[kind] = n
	return err
}

// readOccurred reads how often something happened to an e-mail, of which matters whether it did.
func (r *statisticsRow) readOccurred(d *jsontext.Decoder, kind int) error {
	n, _, err := r.count(d, ShapePerEmail)
	if n > 0 {
		r.counts[kind] = 1
	}
	return err
}

// readMoment reads a time that is null or empty for what hasn't happened, and keeps its text if keep isn't nil.
func (r *statisticsRow) readMoment(d *jsontext.Decoder, kind int, keep *[]byte) error {
	v, err := r.value(d, ShapePerEmail)
	if err != nil {
		return err
	}
	switch v.Kind() {
	case jsontext.KindNull:
		return nil
	case jsontext.KindString:
		if len(v) > len(`""`) {
			r.counts[kind] = 1
		}
	default:
		return fmt.Errorf("%s is neither null nor a string", r.name)
	}
	if keep != nil {
		unquote(keep, v)
	}
	return nil
}

func (r *statisticsRow) readFlag(d *jsontext.Decoder, kind int) error {
	v, err := r.value(d, ShapePerEmail)
	if err != nil {
		return err
	}
	flag, known := parseFlag(v)
	if !known {
		return fmt.Errorf("%s is neither true nor false", r.name)
	}
	if flag {
		r.counts[kind] = 1
	}
	return nil
}

// readText keeps a string, or a number's text. Anything else counts as missing.
func (r *statisticsRow) readText(d *jsontext.Decoder, shape Shape, keep *[]byte) error {
	v, err := r.value(d, shape)
	if err != nil {
		return err
	}
	switch v.Kind() {
	case jsontext.KindString:
		unquote(keep, v)
	case jsontext.KindNumber:
		*keep = append((*keep)[:0], v...)
	}
	return nil
}

// readID reads the number of something the row belongs to. Whatever is none counts as unknown.
func (r *statisticsRow) readID(d *jsontext.Decoder, id *int64) error {
	v, err := r.value(d, ShapeUnknown)
	if err != nil {
		return err
	}
	*id, _, _ = parseCount(v)
	return nil
}

// identity is by what a row is known again on another page: its stats_id, else address, step and sent_time. known is
// false for a row that has none of these.
func (r *statisticsRow) identity(seed maphash.Seed) (id uint64, known bool) {
	var h maphash.Hash
	h.SetSeed(seed)
	if len(r.statsID) > 0 {
		_, _ = h.Write(r.statsID)
		return h.Sum64(), true
	}
	if len(r.address) == 0 && len(r.sentTime) == 0 {
		return 0, false
	}
	_ = h.WriteByte(0) // no stats_id begins so
	_, _ = h.Write(r.address)
	_, _ = h.Write([]byte{0, byte(r.step)})
	_, _ = h.Write(r.sentTime)
	return h.Sum64(), true
}
