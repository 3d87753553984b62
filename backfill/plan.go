package backfill

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"smartlead_exporter/collector"
	"smartlead_exporter/config"
	"smartlead_exporter/exporter"
	"smartlead_exporter/smartlead"
)

// plan is what a history is going to be of.
type plan struct {
	Settings

	Campaigns []plannedCampaign `json:"campaigns"` // in ascending order of the id
}

type plannedCampaign struct {
	ID      int64    `json:"id"`
	Account string   `json:"account"`
	Info    []string `json:"info"` // values of the labels of the family that shows its names
}

// makePlan finds out which campaigns there are, as the exporter would: what is configured comes before what is found, and
// of two accounts that find a campaign the first has it.
func makePlan(ctx context.Context, logger log.Logger, cfg *config.Config, clients map[string]*smartlead.Client, s Settings) (*plan, error) {
	p := &plan{Settings: s}
	taken := queriesOf(cfg)
	for _, account := range cfg.Accounts {
		settings := exporter.Settings(account)
		wanted := settings.Campaigns
		var list []smartlead.Campaign
		if settings.ListInterval > 0 {
			answer, err := clients[account.Name].Campaigns(ctx, smartlead.CampaignsQuery{IncludeTags: true})
			if err != nil {
				return nil, fmt.Errorf("account %s: couldn't list the campaigns: %w", account.Name, err)
			}
			list = answer.Campaigns
		}
		if settings.Discovery != nil {
			found, omitted := settings.Discovery.Choose(list)
			if omitted > 0 {
				_ = level.Warn(logger).Log("msg", "campaigns were found that are left out; raise max_campaigns, or narrow the discovery",
					"account", account.Name, "count", omitted)
			}
			for i := range found {
				if _, again := taken[found[i].ID]; !again {
					taken[found[i].ID] = smartlead.StatisticsQuery{}
					wanted = append(wanted, collector.Campaign{Query: smartlead.StatisticsQuery{CampaignID: found[i].ID}})
				}
			}
		}
		for _, c := range wanted {
			p.Campaigns = append(p.Campaigns, plannedCampaign{ID: c.Query.CampaignID, Account: account.Name, Info: infoOf(account.Name, c, list)})
		}
	}
	if len(p.Campaigns) == 0 {
		return nil, fmt.Errorf("there are no campaigns to write the past of; --config.check-online tells which there are, and what the discovery chooses")
	}
	slices.SortFunc(p.Campaigns, func(a, b plannedCampaign) int { return cmp.Compare(a.ID, b.ID) })
	return p, nil
}

// infoOf returns what the family of the names shows of a campaign.
func infoOf(account string, c collector.Campaign, list []smartlead.Campaign) []string {
	id, name := c.Query.CampaignID, c.Name
	var listed *smartlead.Campaign
	if i := slices.IndexFunc(list, func(l smartlead.Campaign) bool { return l.ID == id }); i >= 0 {
		listed = &list[i]
		name = cmp.Or(name, listed.Name)
	}
	return collector.InfoValues(strconv.FormatInt(id, 10), account, strings.ToValidUTF8(name, "\ufffd"), listed)
}

// queriesOf returns how the configured campaigns are asked for.
func queriesOf(cfg *config.Config) map[int64]smartlead.StatisticsQuery {
	queries := map[int64]smartlead.StatisticsQuery{}
	for _, account := range cfg.Accounts {
		for _, c := range exporter.Settings(account).Campaigns {
			queries[c.Query.CampaignID] = c.Query
		}
	}
	return queries
}
