package simulator

import "slices"

// maxVariants is how many the platform lets a step have: A to Z.
const maxVariants = 26

// sequenceID is the email_campaign_seq_id of a step. As in the real API, the order of the ids is not that of the steps.
func sequenceID(campaign int64, step int) int64 {
	return campaign*1000 + int64(step*13+7)%101 // different for each step from 0 to 100
}

// variantID is the seq_variant_id of a step's variant, from 1 on.
func variantID(campaign int64, step, variant int) int64 {
	return sequenceID(campaign, step)*100 + int64(variant)
}

// sequence returns the numbers of the steps that a campaign's sequence has now, and of those that were deleted from it
// but sent something, each in ascending order. A Live source has those of its Model, others those that sent.
func (c campaignContent) sequence(counts []StepCounts) (present, deleted []int) {
	known := map[int]bool{}
	if l, ok := c.campaign.Source.(*live); ok {
		for step := 1; step <= l.model.Steps; step++ {
			known[step] = true
		}
	}
	for _, s := range counts {
		known[s.Step] = true
	}
	for step := range known {
		if slices.Contains(c.campaign.DeletedSteps, step) {
			deleted = append(deleted, step)
		} else {
			present = append(present, step)
		}
	}
	slices.Sort(present)
	slices.Sort(deleted)
	return present, deleted
}

// variants returns how many variants a campaign's steps have.
func (c *Campaign) variants() int {
	if l, ok := c.Source.(*live); ok {
		return l.model.Variants
	}
	return 0
}
