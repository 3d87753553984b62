package smartlead

import (
	"cmp"
	"slices"
)

// maxVariantCounts bounds the variants that a campaign's rows may name before none is believed: the platform lets a
// campaign have 20 steps of 26 variants each.
const maxVariantCounts = 1000

// VariantCounts holds the e-mails of one variant of a step, each counted once per kind of event, as those of a Step are.
type VariantCounts struct {
	SequenceNumber int   // 0 to MaxSequenceNumber
	VariantID      int64 // seq_variant_id, above 0; Sequences tells its label

	Sent, Opened, Clicked, Replied, Unsubscribed, Bounced int64
}

// variantTally are the counts of each variant that a row has named, as they came.
type variantTally []VariantCounts

// add counts a per-e-mail row. One without a variant is of a step that has none.
func (v *variantTally) add(row *statisticsRow) {
	if row.variantID == 0 {
		return
	}
	i := slices.IndexFunc(*v, func(c VariantCounts) bool {
		return c.VariantID == row.variantID && c.SequenceNumber == row.step
	})
	if i < 0 {
		if len(*v) == maxVariantCounts {
			return
		}
		i = len(*v)
		*v = append(*v, VariantCounts{SequenceNumber: row.step, VariantID: row.variantID})
	}
	c := &(*v)[i]
	c.Sent += row.counts[CountSent]
	c.Opened += row.counts[CountOpened]
	c.Clicked += row.counts[CountClicked]
	c.Replied += row.counts[CountReplied]
	c.Unsubscribed += row.counts[CountUnsubscribed]
	c.Bounced += row.counts[CountBounced]
}

// list returns the variants of the steps that wanted says yes to, in ascending order of step and id, or none if there
// are more than can be.
func (v variantTally) list(wanted func(step int) bool) []VariantCounts {
	if len(v) == maxVariantCounts {
		return nil
	}
	var list []VariantCounts
	for _, c := range v {
		if wanted(c.SequenceNumber) {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b VariantCounts) int {
		return cmp.Or(cmp.Compare(a.SequenceNumber, b.SequenceNumber), cmp.Compare(a.VariantID, b.VariantID))
	})
	return list
}
