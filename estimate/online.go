package estimate

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"

	"smartlead_exporter/collector"
	"smartlead_exporter/config"
	"smartlead_exporter/counting"
	"smartlead_exporter/exporter"
	"smartlead_exporter/smartlead"
)

// maxMeasured is how many campaigns of an account an online check asks for their size, each of which costs a request.
const maxMeasured = 50

// measure asks the API for the campaigns and their sizes.
func (p *plan) measure(ctx context.Context, w io.Writer, account *config.Account, o Options) error {
	client, err := exporter.NewClient(account, exporter.ClientOptions{Transport: o.Transport})
	if err != nil {
		return err
	}
	if p.listEvery > 0 {
		list, err := client.Campaigns(ctx, smartlead.CampaignsQuery{IncludeTags: true})
		if err != nil {
			return explained(err, account, true)
		}
		fmt.Fprintf(w, "  key:        accepted; the account has %s\n", counted(len(list.Campaigns), "campaign"))
		p.discover(w, list.Campaigns)
		p.list = list.Campaigns
	}
	p.measureSubjects(ctx, w, client)
	p.requests, p.least = 0, 0
	detectors := newDetectors(client, account)
	missing := 0
	asked := p.campaigns[:min(len(p.campaigns), maxMeasured)]
	writeAhead(w, len(asked), p.limits)
	progress := progress{terminal: o.Terminal}
	defer progress.clear()
	for i, c := range asked {
		progress.show(i+1, len(asked))
		size, err := client.Size(ctx, c.Query)
		progress.clear()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil && !errors.Is(err, smartlead.ErrNotFound) {
			return explained(err, account, false)
		}
		if i == 0 && p.listEvery == 0 {
			fmt.Fprintf(w, "  key:        accepted\n")
		}
		if err != nil { // the others are worth a look all the same
			fmt.Fprintf(w, "  campaign %d: %s\n", c.Query.CampaignID, err)
			missing++
			continue
		}
		costs := p.costs(c.Query, size)
		if costs.NeedsDetector() {
			if err := detectors.find(ctx, w, c.Query.CampaignID, size); err != nil {
				return explained(err, account, false)
			}
		}
		words, least := detectors.cost(costs)
		fmt.Fprintf(w, "  campaign %d: rows: %s; %s\n", c.Query.CampaignID, rows(size), words)
		p.requests += float64(size.Requests)
		p.least += float64(least)
	}
	if note := client.Budget().AdvertisedNote(); note != "" {
		fmt.Fprintf(w, "  limits:     %s\n", note)
	}
	if missing > 0 && missing == len(asked) && p.listEvery == 0 {
		return fmt.Errorf("no campaign was found, see above: are they this account's, and %s?", rightBaseURL)
	}
	if missing > 0 {
		return fmt.Errorf("%s not found, see above; correct or leave out what is not this account's", counted(missing, "campaign"))
	}
	if rest := len(p.campaigns) - len(asked); rest > 0 {
		fmt.Fprintf(w, "  (the other %d weren't asked for, and are taken to be alike)\n", rest)
		p.requests *= float64(len(p.campaigns)) / float64(len(asked))
		p.least *= float64(len(p.campaigns)) / float64(len(asked))
	}
	p.measured = true
	return nil
}

// costs returns what refreshes of a campaign take by each method.
func (p *plan) costs(q smartlead.StatisticsQuery, size smartlead.Size) counting.Costs {
	var listed smartlead.Campaign
	listed.OpenTracking, listed.ClickTracking = true, true
	if i := slices.IndexFunc(p.list, func(c smartlead.Campaign) bool { return c.ID == q.CampaignID }); i >= 0 {
		listed = p.list[i]
	}
	return counting.CostsOf(q, size.Requests, !listed.OpenTracking, !listed.ClickTracking)
}

// rightBaseURL is asked for where it may be wrong.
const rightBaseURL = "is base_url right, which ends where the API begins, as " + config.DefaultBaseURL + " does"

// explained adds to an error of the API where to look for its cause; of the list, if it came of asking for that.
func explained(err error, account *config.Account, ofList bool) error {
	answer, _ := errors.AsType[*smartlead.Error](err)
	_, unresolved := errors.AsType[*net.DNSError](err)
	_, unverified := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case answer == nil:
	case answer.StatusCode == http.StatusUnauthorized:
		return fmt.Errorf("%w; the key comes from %s", err, account.KeySource())
	case ofList && (errors.Is(err, smartlead.ErrNotFound) || errors.Is(err, smartlead.ErrBadResponse)):
		return fmt.Errorf("%w; %s?", err, rightBaseURL)
	case unresolved:
		return fmt.Errorf("%w; is the host in base_url right, and does it take a proxy to reach it (http_config.proxy_url)?", err)
	case unverified:
		return fmt.Errorf("%w; if a proxy ends TLS on the way, write its authority's certificate as http_config.tls_config.ca_file", err)
	}
	return err
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
	if len(found) == 0 {
		for _, line := range p.discovery.NothingFits(list) {
			fmt.Fprintf(w, "              %s\n", line)
		}
	}
}
