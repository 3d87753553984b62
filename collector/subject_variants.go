package collector

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
)

const (
	// labelsAge is how old the labels of a campaign's variants get, newLabelAge how old where there is a new variant: its
	// steps were edited, and that takes a pause of the campaign. Variants of steps that were deleted stay without.
	labelsAge   = 7 * 24 * time.Hour
	newLabelAge = 24 * time.Hour
)

var variantsSubject = &subject{name: "variants", pieces: []*piece{variantCounts, variantLabels}}

// variantCounts are what a count of all rows says, and nothing else does.
var variantCounts = &piece{
	byCampaign: true,
	taken: func(result *counting.Result) (finding, bool) {
		if !result.AllRows {
			return nil, false
		}
		if len(result.Statistics.Variants) == 0 {
			return nil, true
		}
		return &variants{result.Statistics.Variants}, true
	},
	keep: func(known *Snapshot, found finding, at time.Time) {
		known.VariantsAt = at
		if v, ok := found.(*variants); ok {
			known.Variants = v.counts
		}
	},
	restore: func(known *Snapshot) (finding, time.Time) {
		if len(known.Variants) == 0 {
			return nil, known.VariantsAt
		}
		return &variants{known.Variants}, known.VariantsAt
	},
}

// variantLabels are asked for of campaigns that have variants.
var variantLabels = &piece{
	byCampaign: true,
	seldom:     true,
	fetch: func(ctx context.Context, from Source, q smartlead.StatisticsQuery) (finding, int, error) {
		got, err := from.Sequences(ctx, q.CampaignID)
		if errors.Is(err, smartlead.ErrNotFound) { // a campaign that has gone has no variants that could be told
			return nil, got.Requests, nil
		}
		return &labels{got.Sequences}, got.Requests, err
	},
	wanted: func(c *collecting, p *part, now time.Time) bool {
		counted, ok := c.variantsOf(p).(*variants)
		if !ok {
			return false
		}
		age := now.Sub(p.lastSuccess)
		known, _ := p.why.(*variants)
		return age < 0 || age >= labelsAge || age >= newLabelAge && !known.have(counted)
	},
	why: (*collecting).variantsOf,
}

// variantsOf returns the counts that a part's campaign has by variant.
func (c *collecting) variantsOf(p *part) finding {
	return c.byPiece[partKey{variantCounts, p.id()}].found
}

// variants are the counts of a campaign's variants.
type variants struct {
	counts []smartlead.VariantCounts
}

func (v *variants) show(to sink, about *about) {
	for i := range v.counts {
		c := &v.counts[i]
		step, id := strconv.Itoa(c.SequenceNumber), strconv.FormatInt(c.VariantID, 10)
		for _, count := range []struct {
			family *family
			n      int64
		}{
			{variantSentFamily, c.Sent},
			{variantOpenedFamily, c.Opened},
			{variantClickedFamily, c.Clicked},
			{variantRepliedFamily, c.Replied},
			{variantUnsubscribedFamily, c.Unsubscribed},
			{variantBouncedFamily, c.Bounced},
		} {
			to.gauge(count.family, float64(count.n), about.campaignID, step, id)
		}
	}
}

// have reports whether all of other variants are among these. It can be called of nil.
func (v *variants) have(others *variants) bool {
	return !slices.ContainsFunc(others.counts, func(other smartlead.VariantCounts) bool {
		return v == nil || !slices.ContainsFunc(v.counts, func(c smartlead.VariantCounts) bool {
			return c.SequenceNumber == other.SequenceNumber && c.VariantID == other.VariantID
		})
	})
}

// labels are the steps of a campaign, of which the labels of variants are of use.
type labels struct {
	steps []smartlead.Sequence
}

func (l *labels) show(to sink, about *about) {
	for i := range l.steps {
		step := &l.steps[i]
		for j, v := range step.Variants {
			twice := slices.ContainsFunc(step.Variants[:j], func(other smartlead.Variant) bool { return other.ID == v.ID })
			if !twice {
				to.gauge(variantInfoFamily, 1, about.campaignID, strconv.Itoa(step.Number), strconv.FormatInt(v.ID, 10), v.Label)
			}
		}
	}
}
