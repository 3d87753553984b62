package collector

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"smartlead_exporter/smartlead"
)

var peopleSubject = &subject{
	name: "people",
	pieces: []*piece{{fetch: func(ctx context.Context, from Source, _ smartlead.StatisticsQuery) (finding, int, error) {
		got, err := from.OverallStats(ctx)
		if errors.Is(err, smartlead.ErrBadRequest) {
			err = fmt.Errorf("the API doesn't tell of all time at once, and counts of less aren't those of a lifetime: %w", err)
		}
		p := &people{make(map[int64]smartlead.CampaignStats, len(got.Campaigns))}
		for _, c := range got.Campaigns {
			p.byCampaign[c.CampaignID] = c
		}
		return p, got.Requests, err
	}}},
}

// people are those whom the campaigns of an account wrote to. A campaign that isn't there is unknown.
type people struct {
	byCampaign map[int64]smartlead.CampaignStats
}

func (p *people) size() int { return len(p.byCampaign) }

func (p *people) show(to sink, about *about) {
	for _, id := range about.campaigns {
		c, known := p.byCampaign[id]
		if !known {
			continue
		}
		label := strconv.FormatInt(id, 10)
		if c.Contacted >= 0 {
			to.gauge(leadsContactedFamily, float64(c.Contacted), label)
		}
		if c.PositiveReplies >= 0 {
			to.gauge(positiveRepliesFamily, float64(c.PositiveReplies), label)
		}
	}
}
