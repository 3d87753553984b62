package estimate

import (
	"fmt"
	"io"
	"math"
	"time"

	"github.com/prometheus/common/model"
)

// The series that a campaign has, by what they come from; a test holds them against package collector.
const (
	seriesPerCampaign = 5  // how its refreshes go, and smartlead_campaign_info
	seriesPerListed   = 10 // what the list of campaigns says of one: six for its status, and four of one series each
	seriesPerStep     = 7  // the six counts and smartlead_last_sent_timestamp_seconds
)

// leastAllowed is how many requests a minute are worth speaking of: one an hour.
const leastAllowed = 1.0 / 60

func (p *plan) write(w io.Writer) {
	p.writeCampaigns(w)
	allowed := p.limits.Sustained() - p.listsPerMinute() - p.subjectsPerMinute()
	fmt.Fprintf(w, "  allowed:    %.1f requests a minute for hours on end (%d a minute, %d an hour)", p.limits.Sustained(), p.limits.PerMinute, p.limits.PerHour)
	if p.listEvery > 0 {
		fmt.Fprintf(w, ", less one each %s for the list of campaigns", model.Duration(p.listEvery))
	}
	if len(p.collect) > 0 {
		fmt.Fprintf(w, ", less %.1f for what is collected", p.subjectsPerMinute())
	}
	fmt.Fprintln(w)
	if p.sharedWith != "" {
		fmt.Fprintf(w, "              account %s has the same key: parts that are written as rate_limit add up, without them the two share one quota\n", p.sharedWith)
	}
	p.writeCost(w, "known", p.least, p.requests, allowed)
	if p.discovery != nil && !p.discovered {
		most := float64(len(p.campaigns) + p.discovery.MaxCampaigns)
		p.writeCost(w, "at most", most, most, allowed)
	}
	p.writeSubjects(w)
	if !p.measured {
		fmt.Fprintf(w, "  (at best, that is: statistics that come as one row an e-mail take a request for each 1,000 e-mails at first,\n")
		fmt.Fprintf(w, "  and then from 1, where nothing moved, up to as many; at worst all %.1f a minute that are allowed are used.\n", p.limits.Sustained())
		fmt.Fprintf(w, "  --config.check-online asks how large they are, and says what each takes by which method)\n")
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

// writeCost tells what refreshing a set of campaigns comes to, if it takes from least requests, where nothing moved, to most. What
// is allowed, a minute, is below zero where the list of campaigns is fetched more often than that.
func (p *plan) writeCost(w io.Writer, which string, least, most, allowed float64) {
	cost := counted(int(math.Round(most)), "request") + " a refresh of all"
	pace := fmt.Sprintf("%.1f", most/p.ttl.Minutes())
	if math.Round(least) < math.Round(most) {
		cost = fmt.Sprintf("%s a refresh of all where nothing moved, up to %.0f where much did", counted(int(math.Round(least)), "request"), most)
		pace = fmt.Sprintf("%.1f to %.1f", least/p.ttl.Minutes(), most/p.ttl.Minutes())
	}
	fmt.Fprintf(w, "  %-11s %s, so %s a minute keep them as fresh as the ttl of %s\n", which+":", cost, pace, model.Duration(p.ttl))
	if most == 0 {
		return
	}
	if allowed < leastAllowed {
		fmt.Fprintf(w, "              the limits allow no more than the list of campaigns: fetch that less often, or raise rate_limit\n")
		return
	}
	round := func(requests float64) time.Duration { return time.Duration(requests / allowed * float64(time.Minute)) }
	quick, slow := round(least), round(most)
	switch {
	case slow <= p.ttl:
		fmt.Fprintf(w, "              and values get as old as the ttl or the scrape interval, whichever is longer\n")
		return
	case quick <= p.ttl:
		fmt.Fprintf(w, "              and values get as old as the ttl where little moves, and about %s where much does\n", model.Duration(slow.Round(time.Second)))
		return
	case quick < slow:
		fmt.Fprintf(w, "              the limits can't keep that ttl: values get %s to %s old. Raise cache.ttl to the former,\n",
			model.Duration(quick.Round(time.Second)), model.Duration(slow.Round(time.Second)))
	default:
		fmt.Fprintf(w, "              the limits can't keep that ttl: values get about %s old. Raise cache.ttl to that,\n", model.Duration(slow.Round(time.Second)))
	}
	fmt.Fprintf(w, "              export fewer campaigns, or raise rate_limit if your plan allows more\n")
}
