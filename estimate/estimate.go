// Package estimate tells what a configuration will cost: how many requests, how many series, how old values get.
package estimate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/prometheus/common/model"

	"smartlead_exporter/cachefile"
	"smartlead_exporter/collector"
	"smartlead_exporter/config"
	"smartlead_exporter/exporter"
	"smartlead_exporter/smartlead"
)

const (
	seriesPerCampaign = 5  // how its refreshes go, and smartlead_campaign_info
	seriesPerListed   = 10 // what the list of campaigns says of one: six for its status, and four of one series each
	seriesPerStep     = 7  // the six counts and smartlead_last_sent_timestamp_seconds

	// maxMeasured is how many campaigns of an account an online check asks for their size, each of which costs a request.
	maxMeasured = 50

	// leastAllowed is how many requests a minute are worth speaking of: one an hour.
	leastAllowed = 1.0 / 60
)

// Check validates a configuration file and writes what it will cost; online, it asks the API until ctx ends how large the
// campaigns are. The error is fit to be shown as it is.
func Check(ctx context.Context, w io.Writer, file string, online bool) error {
	cfg, err := config.Load(file)
	if err != nil {
		return err
	}
	for _, account := range cfg.Accounts { // this and the next, as starting would find out
		if _, err := exporter.NewClient(account, exporter.ClientOptions{}); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	if err := cachefile.CheckSetting(cfg.Cache.File); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	for _, warning := range cfg.Warnings {
		fmt.Fprintf(w, "warning: %s\n", warning)
	}
	fmt.Fprintf(w, "%s is good: %s\n", file, counted(len(cfg.Accounts), "account"))
	var failed error
	for _, account := range cfg.Accounts {
		p := newPlan(account, cfg.Cache)
		fmt.Fprintf(w, "\naccount %s\n", account.Name)
		if online {
			if err := p.measure(ctx, w, account); err != nil {
				fmt.Fprintf(w, "  failed:     %s\n", err)
				failed = errors.New("the configuration is good, but the API didn't answer as it should; see above")
				continue
			}
		}
		p.write(w)
	}
	return failed
}

// plan is what an account's configuration comes to.
type plan struct {
	ttl        time.Duration
	maxStale   time.Duration
	limits     smartlead.Limits
	campaigns  []collector.Campaign // known: configured, and online discovered as well
	discovery  *collector.Discovery
	discovered bool          // campaigns has what discovery found
	listEvery  time.Duration // 0: no list is fetched
	requests   float64       // for refreshing all known campaigns once
	measured   bool          // requests is what the API says, else one a campaign
}

func newPlan(account *config.Account, cache config.Cache) *plan {
	settings := exporter.Settings(account)
	p := &plan{
		ttl:       time.Duration(cache.TTL),
		maxStale:  time.Duration(cache.MaxStale),
		limits:    exporter.Limits(account),
		campaigns: settings.Campaigns,
		discovery: settings.Discovery,
		listEvery: settings.ListInterval,
	}
	p.requests = float64(len(p.campaigns))
	return p
}

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

func (p *plan) write(w io.Writer) {
	p.writeCampaigns(w)
	allowed := p.limits.Sustained() - p.listsPerMinute()
	fmt.Fprintf(w, "  allowed:    %.1f requests a minute for hours on end (%d a minute, %d an hour)", p.limits.Sustained(), p.limits.PerMinute, p.limits.PerHour)
	if p.listEvery > 0 {
		fmt.Fprintf(w, ", less one each %s for the list of campaigns", model.Duration(p.listEvery))
	}
	fmt.Fprintln(w)
	p.writeCost(w, "known", p.requests, allowed)
	if p.discovery != nil && !p.discovered {
		p.writeCost(w, "at most", float64(len(p.campaigns)+p.discovery.MaxCampaigns), allowed)
	}
	if !p.measured {
		fmt.Fprintf(w, "  (at best, that is: statistics that come as one row an e-mail take a request for each 1,000 e-mails;\n")
		fmt.Fprintf(w, "  at worst all %.1f a minute that are allowed are used. --config.check-online asks how large they are)\n", p.limits.Sustained())
	}
}

func (p *plan) listsPerMinute() float64 {
	if p.listEvery == 0 {
		return 0
	}
	return 1 / p.listEvery.Minutes()
}

func (p *plan) writeCampaigns(w io.Writer) {
	perCampaign := seriesPerCampaign
	if p.listEvery > 0 {
		perCampaign += seriesPerListed
	}
	series, open := 0, 0
	for _, c := range p.campaigns {
		series += perCampaign + len(c.Query.SequenceNumbers)*seriesPerStep
		if len(c.Query.SequenceNumbers) == 0 {
			open++
		}
	}
	fmt.Fprintf(w, "  campaigns:  %d", len(p.campaigns))
	if p.discovery != nil && !p.discovered {
		fmt.Fprintf(w, " configured, and up to %d discovered", p.discovery.MaxCampaigns)
	}
	fmt.Fprintf(w, "\n  series:     %d", series)
	if open > 0 {
		fmt.Fprintf(w, ", and up to %d for each step of the %s without sequence_numbers", seriesPerStep, counted(open, "campaign"))
	}
	fmt.Fprintln(w)
	if p.discovery != nil && !p.discovered {
		fmt.Fprintf(w, "              for each one discovered, %d, and up to %d for each of its steps\n", perCampaign, seriesPerStep)
	}
	if p.listEvery > 0 {
		fmt.Fprintf(w, "              for each tag of a campaign, 1\n")
	}
}

// writeCost tells what refreshing a set of campaigns comes to, if it takes so many requests. What is allowed, a minute,
// is below zero where the list of campaigns is fetched more often than that.
func (p *plan) writeCost(w io.Writer, which string, requests, allowed float64) {
	fmt.Fprintf(w, "  %-11s %s a refresh of all, so %.1f a minute keep them as fresh as the ttl of %s\n", which+":",
		counted(int(math.Round(requests)), "request"), requests/p.ttl.Minutes(), model.Duration(p.ttl))
	if requests == 0 {
		return
	}
	if allowed < leastAllowed {
		fmt.Fprintf(w, "              the limits allow no more than the list of campaigns: fetch that less often, or raise rate_limit\n")
		return
	}
	round := time.Duration(requests / allowed * float64(time.Minute))
	if round <= p.ttl {
		fmt.Fprintf(w, "              and values get as old as the ttl or the scrape interval, whichever is longer\n")
		return
	}
	fmt.Fprintf(w, "              the limits can't keep that ttl: values get about %s old. Raise cache.ttl to that,\n", model.Duration(round.Round(time.Second)))
	fmt.Fprintf(w, "              export fewer campaigns, or raise rate_limit if your plan allows more\n")
	if round > p.maxStale {
		fmt.Fprintf(w, "              values older than cache.max_stale, %s, aren't shown: raise that, too, well above\n", model.Duration(p.maxStale))
	}
}

// counted returns a number with its noun, in the plural where it has to be.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
