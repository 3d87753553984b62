package simulator

import (
	"net/http"
	"strconv"
)

// sequenceJSON has the fields of a step that the API shows.
type sequenceJSON struct {
	ID         int64         `json:"id"`
	CreatedAt  string        `json:"created_at"`
	UpdatedAt  string        `json:"updated_at"`
	CampaignID int64         `json:"email_campaign_id"`
	Number     int           `json:"seq_number"`
	Delay      delayJSON     `json:"seq_delay_details"`
	Subject    string        `json:"subject"`
	Body       string        `json:"email_body"`
	Variants   []variantJSON `json:"sequence_variants"`
}

type delayJSON struct {
	Days int `json:"delayInDays"`
}

type variantJSON struct {
	ID         int64  `json:"id"`
	SequenceID int64  `json:"email_campaign_seq_id"`
	Label      string `json:"variant_label"`
	Subject    string `json:"subject"`
	Body       string `json:"email_body"`
	Deleted    bool   `json:"is_deleted"`
}

// serveSequences answers with a bare array of the steps, in ascending order.
func (s *Simulator) serveSequences(w http.ResponseWriter, r *http.Request, e entry) {
	q := parameters{values: r.URL.Query()}
	q.allow()
	if q.refused != nil {
		writeAnswer(w, *q.refused)
		return
	}
	held := e.content(s.clock(), 0)
	present, _ := held.sequence(held.counts(query{}))
	c := &e.campaign
	created := c.createdAt().UTC().Format(timeLayout)
	out := make([]sequenceJSON, 0, len(present))
	for _, step := range present {
		sequence := sequenceJSON{
			ID: sequenceID(c.ID, step), CreatedAt: created, UpdatedAt: created, CampaignID: c.ID, Number: step,
			Delay: delayJSON{Days: min(step-1, 1) * 3}, Subject: subject(step), Body: filler, Variants: []variantJSON{},
		}
		for variant := 1; variant <= c.variants(); variant++ {
			sequence.Variants = append(sequence.Variants, variantJSON{
				ID: variantID(c.ID, step, variant), SequenceID: sequence.ID, Label: variantLabel(variant),
				Subject: subject(step), Body: filler,
			})
		}
		out = append(out, sequence)
	}
	writeJSON(w, out)
}

func variantLabel(variant int) string { return string(rune('A' + variant - 1)) }

func subject(step int) string { return "A question, part " + strconv.Itoa(step) }
