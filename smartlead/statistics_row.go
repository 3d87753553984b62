package smartlead

import (
	"bytes"
	"encoding/binary"
	"errors"
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

// statisticsRow is a row of either shape. Its byte slices are used again for the next row.
type statisticsRow struct {
	shape  Shape // never unknown once the row was read
	step   int   // -1 for a row that belongs to none, as far as can be told
	noStep error // why that is so

	counts  [countKinds]int64 // per-e-mail rows count 0 or 1 of each
	unknown CountSet          // for which there is no field
	sentAt  time.Time         // zero if unknown; per-e-mail rows only

	openedAt, clickedAt, repliedAt time.Time // likewise
	sequenceID, variantID          int64     // 0 if unknown; likewise

	statsID, address, sentTime []byte // what identifies a per-e-mail row; empty if missing
	category                   []byte

	// What the fields that belong to one shape say, whichever the row turns out to be of.
	ofStep struct {
		counts   [countKinds]int64
		named    CountSet // those that there is a field for
		known    CountSet // those of them that aren't null
		occurred CountSet // those that are true or more than 0
		wrong    error    // the first that can't be read
	}
	ofEmail struct {
		named    CountSet // those that there is a field for
		happened CountSet
		wrong    error // the first field that can't be read
	}
	name []byte
}

var (
	errNoStep    = errors.New("sequence_number is missing")
	errNoRow     = errors.New("it has neither sent, as the row of a step has, nor stats_id, lead_email or sent_time, as that of an e-mail has")
	errTwoShapes = errors.New("rows of both shapes in one answer")
)

// read reads the next value, which must be an object.
func (r *statisticsRow) read(d *jsontext.Decoder) error {
	*r = statisticsRow{
		step: -1, noStep: errNoStep,
		statsID: r.statsID[:0], address: r.address[:0], sentTime: r.sentTime[:0], category: r.category[:0], name: r.name[:0],
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
		field, known := rowFields[string(r.name)]
		if !known { // such as the message, which is skipped whatever it holds
			if err := d.SkipValue(); err != nil {
				return syntaxError(err)
			}
			continue
		}
		v, err := d.ReadValue()
		if err != nil {
			return syntaxError(err)
		}
		field.take(r, field.count, v)
	}
	if _, err := d.ReadToken(); err != nil {
		return syntaxError(err)
	}
	return r.settle()
}

// settle finds out which shape the row is of, by what makes it a row, and takes over what the fields of that shape say.
// Those of the other one are nothing but extra fields then.
func (r *statisticsRow) settle() error {
	switch {
	case len(r.statsID) > 0 || len(r.address) > 0:
		if r.ofStep.counts[CountSent] > 1 {
			return errTwoShapes // no e-mail is sent more than once
		}
		r.shape = ShapePerEmail
	case r.ofStep.named.Has(CountSent) && (r.ofStep.known != 0 || r.ofStep.wrong != nil):
		r.shape = ShapeAggregated
	case r.ofEmail.happened.Has(CountSent):
		r.shape = ShapePerEmail
	default:
		return errNoRow
	}
	if r.shape == ShapeAggregated {
		r.counts, r.unknown, r.sentAt = r.ofStep.counts, allCounts&^r.ofStep.named, time.Time{}
		return r.ofStep.wrong
	}
	r.unknown = allCounts &^ (r.ofEmail.named | r.ofStep.named)
	happened := r.ofEmail.happened | r.ofStep.occurred
	for c := range countKinds {
		if happened.Has(c) {
			r.counts[c] = 1
		}
	}
	return r.ofEmail.wrong
}

// hasIdentity reports whether there is something to know the row again by: a stats_id, or an address. Without either
// there isn't, since e-mails of one step often leave in the same second.
func (r *statisticsRow) hasIdentity() bool {
	return r.hasID() || bytes.IndexByte(r.address, '@') >= 0 // what isn't an address may stand for a hidden one
}

// hasID reports whether the stats_id is one. Nothing but zeros stands for an id that was lost.
func (r *statisticsRow) hasID() bool { return len(bytes.Trim(r.statsID, "0-")) > 0 }

// identity is by what a row is known again on another page: its stats_id, else address, step and sent_time.
func (r *statisticsRow) identity(seed maphash.Seed) (id uint64, known bool) {
	if !r.hasIdentity() {
		return 0, false
	}
	var h maphash.Hash
	h.SetSeed(seed)
	if r.hasID() {
		_, _ = h.Write(r.statsID)
		return h.Sum64(), true
	}
	_ = h.WriteByte(0) // no stats_id begins so
	_, _ = h.Write(r.address)
	_, _ = h.Write([]byte{0, byte(r.step)})
	_, _ = h.Write(r.sentTime)
	return h.Sum64(), true
}

// writeLook writes what the row says, for a page to be known again whose rows can't be.
func (r *statisticsRow) writeLook(h *maphash.Hash, id uint64) {
	var b [9 + countKinds]byte
	binary.LittleEndian.PutUint64(b[:], id)
	b[8] = byte(r.step)
	for c, n := range r.counts {
		b[9+c] = byte(n)
	}
	_, _ = h.Write(b[:])
	if id == 0 {
		_, _ = h.Write(r.address)
		_, _ = h.Write(r.sentTime)
	}
}
