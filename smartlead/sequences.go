package smartlead

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Sequence is a step that a campaign has now.
type Sequence struct {
	ID     int64 // email_campaign_seq_id of the step's rows; above 0
	Number int   // 1 to MaxSequenceNumber
	// Variants are the texts that are tried against each other, in the order of the list; nil for a step without.
	Variants []Variant
}

// Variant is one of a step's texts.
type Variant struct {
	ID      int64  // seq_variant_id of the rows; above 0
	Label   string // A, B, …; cut at MaxNameLength characters
	Deleted bool   // nothing is sent with it any more
}

// SequenceList are the steps of a campaign, from an answer that came whole.
type SequenceList struct {
	// Sequences are in the order of the list, documented as that of the steps. The caller owns them.
	Sequences []Sequence
	// Requests is the number of requests it took. It is set with an error, too.
	Requests int
}

// Sequences lists the steps of a campaign: GET /campaigns/{id}/sequences. The live answer is a bare array, without
// steps an empty one; one in "data" is taken as well. Subjects and texts are skipped.
//
// The error is an *Error, an error of the id itself, or wraps the end of ctx.
func (c *Client) Sequences(ctx context.Context, campaignID int64) (SequenceList, error) {
	if campaignID <= 0 {
		return SequenceList{}, fmt.Errorf("smartlead: campaign id %d is not positive", campaignID)
	}
	var list []Sequence
	req := &request{
		path: "/campaigns/" + strconv.FormatInt(campaignID, 10) + "/sequences",
		read: func(body *pageReader, _ time.Time) error {
			list = nil
			ids, numbers := map[int64]bool{}, map[int]bool{}
			answer := envelope{bare: true, maxRows: maxSequences, row: func(d *jsontext.Decoder) error {
				sequence, err := readSequence(d)
				if err != nil {
					return err
				}
				if ids[sequence.ID] || numbers[sequence.Number] {
					return errors.New("a step comes twice")
				}
				ids[sequence.ID], numbers[sequence.Number] = true, true
				list = append(list, sequence)
				return nil
			}}
			_, err := answer.read(body)
			return err
		},
	}
	if err := c.do(ctx, req); err != nil {
		return SequenceList{Requests: req.sent}, err
	}
	return SequenceList{Sequences: list, Requests: req.sent}, nil
}

func readSequence(d *jsontext.Decoder) (Sequence, error) {
	var sequence Sequence
	var number int64
	err := readObject(d, func(name string) error {
		switch name {
		case "id":
			return readPositive(d, name, &sequence.ID)
		case "seq_number":
			return readPositive(d, name, &number)
		case "sequence_variants", "seq_variants": // as it answers, and as it is written
			if d.PeekKind() != jsontext.KindBeginArray { // null
				return skipValue(d)
			}
			return readArray(d, maxVariants, func() error {
				variant, err := readSequenceVariant(d)
				sequence.Variants = append(sequence.Variants, variant)
				return err
			})
		default:
			return skipValue(d)
		}
	})
	switch {
	case err != nil:
		return sequence, err
	case sequence.ID == 0:
		return sequence, errors.New("id is missing")
	case number == 0 || number > MaxSequenceNumber:
		return sequence, fmt.Errorf("seq_number is missing, or not between 1 and %d", MaxSequenceNumber)
	}
	sequence.Number = int(number)
	return sequence, nil
}

func readSequenceVariant(d *jsontext.Decoder) (Variant, error) {
	var variant Variant
	err := readObject(d, func(name string) error {
		switch name {
		case "id":
			return readPositive(d, name, &variant.ID)
		case "variant_label":
			return readAs(d, &variant.Label, shortText)
		case "is_deleted":
			return readAs(d, &variant.Deleted, func(v jsontext.Value) bool {
				deleted, _ := parseFlag(v)
				return deleted
			})
		default:
			return skipValue(d)
		}
	})
	if err == nil && variant.ID == 0 {
		err = errors.New("a variant has no id")
	}
	return variant, err
}
