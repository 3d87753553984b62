package estimate

import (
	"context"
	"errors"
	"fmt"
	"io"

	"smartlead_exporter/collector"
	"smartlead_exporter/config"
	"smartlead_exporter/exporter"
	"smartlead_exporter/smartlead"
)

// maxMeasured is how many campaigns of an account an online check asks for their size, each of which costs a request.
const maxMeasured = 50

// measure asks the API for the campaigns and their sizes.
func (p *plan) measure(ctx context.Context, w io.Writer, account *config.Account) error {
	client, err := exporter.NewClient(account, exporter.ClientOptions{})
	if err != nil {
		return err
	}
	if p.listEvery > 0 {
		list, err := client.Campaigns(ctx, smartlead.CampaignsQuery{IncludeTags: true})
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "  key:        accepted; the account has %s\n", counted(len(list.Campaigns), "campaign"))
		p.discover(w, list.Campaigns)
	}
	p.requests = 0
	missing := 0
	asked := p.campaigns[:min(len(p.campaigns), maxMeasured)]
	for i, c := range asked {
		size, err := client.Size(ctx, c.Query)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil && !errors.Is(err, smartlead.ErrNotFound) {
			return err
		}
		if i == 0 && p.listEvery == 0 {
			fmt.Fprintf(w, "  key:        accepted\n")
		}
		if err != nil { // the others are worth a look all the same
			fmt.Fprintf(w, "  campaign %d: %s\n", c.Query.CampaignID, err)
			missing++
			continue
		}
		fmt.Fprintf(w, "  campaign %d: rows: %s; a refresh takes %s\n", c.Query.CampaignID, rows(size), counted(size.Requests, "request"))
		p.requests += float64(size.Requests)
	}
	if missing > 0 {
		return fmt.Errorf("%s not found, see above; correct or leave out what is not this account's", counted(missing, "campaign"))
	}
	if rest := len(p.campaigns) - len(asked); rest > 0 {
		fmt.Fprintf(w, "  (the other %d weren't asked for, and are taken to be alike)\n", rest)
		p.requests *= float64(len(p.campaigns)) / float64(len(asked))
	}
	p.measured = true
	return nil
}

func rows(size smartlead.Size) string {
	switch {
	case size.Rows >= 0:
		return fmt.Sprint(size.Rows)
	case size.Shape == smartlead.ShapeAggregated:
		return "one a step"
	default:
		return "none yet"
	}
}

// discover adds the campaigns that discovery chooses.
func (p *plan) discover(w io.Writer, list []smartlead.Campaign) {
	if p.discovery == nil {
		return
	}
	configured := map[int64]bool{}
	for _, c := range p.campaigns {
		configured[c.Query.CampaignID] = true
	}
	found, omitted := p.discovery.Choose(list)
	for i := range found {
		if !configured[found[i].ID] {
			p.campaigns = append(p.campaigns, collector.Campaign{
				Name: found[i].Name, Query: smartlead.StatisticsQuery{CampaignID: found[i].ID},
			})
		}
	}
	p.discovered = true
	fmt.Fprintf(w, "  discovery:  chooses %s, and leaves out %d over max_campaigns\n", counted(len(found), "campaign"), omitted)
}
