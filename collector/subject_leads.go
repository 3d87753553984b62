package collector

import (
	"context"
	"errors"

	"smartlead_exporter/smartlead"
)

var leadsSubject = &subject{
	name: "leads",
	pieces: []*piece{{byCampaign: true, fetch: func(ctx context.Context, from Source, q smartlead.StatisticsQuery) (finding, int, error) {
		got, err := from.CampaignAnalytics(ctx, q.CampaignID)
		if errors.Is(err, smartlead.ErrNotFound) { // a campaign that has gone has no leads that could be told
			return nil, got.Requests, nil
		}
		return &leads{got.Leads, got.LeadsReplied}, got.Requests, err
	}}},
}

// leads are a campaign's leads by state, and those that replied; -1 where unknown.
type leads struct {
	states  smartlead.LeadStates
	replied int64
}

func (l *leads) show(to sink, about *about) {
	for _, state := range []struct {
		name  string
		leads int64
	}{
		{"not_started", l.states.NotStarted},
		{"in_progress", l.states.InProgress},
		{"completed", l.states.Completed},
		{"paused", l.states.Paused},
		{"stopped", l.states.Stopped},
		{"blocked", l.states.Blocked},
	} {
		if state.leads >= 0 {
			to.gauge(leadsFamily, float64(state.leads), about.campaignID, state.name)
		}
	}
	if l.replied >= 0 {
		to.gauge(leadsRepliedFamily, float64(l.replied), about.campaignID)
	}
}
