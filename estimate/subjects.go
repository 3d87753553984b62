package estimate

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"smartlead_exporter/collector"
	"smartlead_exporter/smartlead"
)

// assumedMailboxes is how many an account is taken to have that wasn't asked.
const assumedMailboxes = 100

// subjectSeries are what subjects show at the most, as far as it grows.
var subjectSeries = map[string]string{
	"mailboxes": "10 series a mailbox",
	"leads":     "7 series a campaign",
	"replies":   "11 series a campaign, and 1 for each category of a step",
	"people":    "2 series a campaign",
	"variants":  "7 series a variant of a step",
}

// collected is a subject that is to be collected.
type collected struct {
	name     string
	requests float64 // once through; 0 for what comes with the counts
	of       string  // what they are for
}

// comes reports whether it comes with the counts.
func (c *collected) comes() bool { return c.requests == 0 }

// subjects returns what is to be collected, in the order of the configuration.
func (p *plan) subjects() []collected {
	campaigns := len(p.campaigns)
	if p.discovery != nil && !p.discovered {
		campaigns += p.discovery.MaxCampaigns
	}
	mailboxes := p.mailboxes
	if mailboxes < 0 {
		mailboxes = assumedMailboxes
	}
	var list []collected
	for _, name := range p.collect {
		c := collected{name: name, requests: max(float64(campaigns), 1), of: counted(campaigns, "campaign")}
		switch name {
		case "mailboxes": // a hundred a page, and the last page isn't full
			c.requests, c.of = float64(mailboxes/100+1), counted(mailboxes, "mailbox")
			if mailboxes != 1 {
				c.of = fmt.Sprintf("%d mailboxes", mailboxes)
			}
			if p.mailboxes < 0 {
				c.of += ", say"
			}
		case "people": // a thousand a page, and the last page is empty
			c.requests = float64((campaigns+999)/1000 + 1)
		case "replies": // the categories, and what doesn't come with the counts
			c.requests++
			c.of += " at the most, and for the categories"
		case "variants": // but for their labels, once a week
			c.requests = 0
		}
		list = append(list, c)
	}
	return list
}

// subjectsPerMinute returns how many requests a minute go to what is collected.
func (p *plan) subjectsPerMinute() float64 {
	wanted := 0.0
	for _, c := range p.subjects() {
		wanted += c.requests / p.ttl.Minutes()
	}
	return min(wanted, collector.SubjectShare*p.limits.Sustained())
}

// writeSubjects tells how old what is collected gets, once campaigns have been refreshed for the first time.
func (p *plan) writeSubjects(w io.Writer) {
	list := p.subjects()
	if len(list) == 0 {
		return
	}
	var requests []float64
	for _, c := range list {
		if !c.comes() {
			requests = append(requests, c.requests)
		}
	}
	ages := collector.SubjectAges(p.limits.Sustained(), requests)
	fmt.Fprintf(w, "  collected:  by at most %.1f requests a minute of what is allowed:\n", collector.SubjectShare*p.limits.Sustained())
	for _, c := range list {
		var age time.Duration
		how := "at no request: it comes with each count of all rows, which goes in turn"
		if c.comes() {
			age = collector.TurnAge(p.limits.Sustained(), max(p.requests, 1))
		} else {
			age, ages = ages[0], ages[1:]
			how = counted(int(c.requests), "request") + " for " + c.of
		}
		fmt.Fprintf(w, "              %-10s gets about %s old: %s; up to %s\n", c.name,
			model.Duration(max(age, p.ttl).Round(time.Minute)), how, subjectSeries[c.name])
	}
}

// measureSubjects asks how many mailboxes there are. That they can't be had is no reason for the check to fail, since
// all else can.
func (p *plan) measureSubjects(ctx context.Context, w io.Writer, client *smartlead.Client) {
	if !slices.Contains(p.collect, "mailboxes") {
		return
	}
	list, err := client.EmailAccounts(ctx)
	if err != nil {
		fmt.Fprintf(w, "  mailboxes:  can't be collected: %s\n", strings.TrimSpace(err.Error()))
		p.collect = slices.DeleteFunc(slices.Clone(p.collect), func(name string) bool { return name == "mailboxes" })
		return
	}
	p.mailboxes = len(list.Accounts)
}
