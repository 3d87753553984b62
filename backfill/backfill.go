// Package backfill writes the past of campaigns, as the exporter would have shown it, in OpenMetrics with timestamps.
//
// A campaign's rows are fetched once and counted by steps and moments of the file's grid as they stream by; what is counted
// of each campaign is kept in a file beside the history until that is whole, so that a run which ended early goes on.
package backfill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"smartlead_exporter/config"
	"smartlead_exporter/exporter"
	"smartlead_exporter/smartlead"
)

// Options are what to write the past of, and how to ask for it.
type Options struct {
	Flags
	// Config has the accounts and their campaigns.
	Config *config.Config
	Logger log.Logger
	// Terminal, if not nil, is shown how far it is, in a line that replaces itself, instead of the log.
	Terminal io.Writer
	// Transport, if not nil, takes the place of the network.
	Transport http.RoundTripper
	// AtOnce is how many e-mails of a campaign are fetched at once; 0 is DefaultAtOnce.
	AtOnce int
}

// errFailed ends a run in which campaigns failed; the log has told why.
var errFailed = errors.New("not all campaigns could be had, so that no history was written: run the same command again, which goes on where this one was, or take them out of the configuration")

// maxFailed is after how many campaigns that failed in a row nothing more is asked.
const maxFailed = 3

// Run writes the history. It goes on where a run with the same settings was that ended early, and what it writes is the
// same then, to the byte. The error is fit to be shown as it is.
func Run(ctx context.Context, o Options) (err error) {
	s, err := o.settings(o.Config, time.Now())
	if err != nil {
		return err
	}
	budgets := smartlead.NewBudgets()
	clients, closeAll, err := connect(o, budgets)
	if err != nil {
		return err
	}
	defer closeAll()
	kept, err := openPartial(o.File+".partial", &s)
	if err != nil {
		return err
	}
	defer kept.close()
	budgets.Restore(kept.left.Budgets, kept.cleanly)
	defer func() { // where it can't be written the next run begins with nothing left
		if err != nil {
			_ = kept.remember(budgets, true)
		}
	}()
	p := &progress{terminal: o.Terminal, logger: o.Logger}
	defer p.clear()
	if kept.plan == nil {
		plan, err := makePlan(ctx, o.Logger, o.Config, clients, s)
		if err != nil {
			return ended(ctx, err)
		}
		if err := kept.begin(plan); err != nil {
			return err
		}
	}
	if err := kept.remember(budgets, false); err != nil { // by which a run that goes on after a crash knows the keys
		return err
	}
	if err := fetchAll(ctx, p, &o, clients, kept); err != nil {
		return ended(ctx, err)
	}
	p.show("writing " + o.File)
	samples, err := writeFile(ctx, o.File, kept)
	if err != nil {
		return ended(ctx, err)
	}
	p.clear()
	plan := kept.plan
	_ = level.Info(o.Logger).Log("msg", "the history is written", "file", o.File, "samples", samples, "until", plan.moment(plan.last()))
	kept.close()
	return os.Remove(kept.path)
}

// ended returns err, or if ctx has ended that this can go on.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("ended early: run the same command again, which goes on where this one was: %w", context.Cause(ctx))
	}
	return err
}

// connect makes a client for each account. All share the quota of a key as the exporter's do.
func connect(o Options, budgets *smartlead.Budgets) (clients map[string]*smartlead.Client, closeAll func(), err error) {
	clients = map[string]*smartlead.Client{}
	closeAll = func() {
		for _, c := range clients {
			c.Close()
		}
	}
	for _, account := range o.Config.Accounts {
		clients[account.Name], err = exporter.NewClient(account, exporter.ClientOptions{
			Budgets: budgets, Transport: o.Transport, Trace: smartlead.Trace{Pause: func(pause smartlead.Pause) {
				_ = level.Warn(o.Logger).Log("msg", "the API demands a pause", "account", account.Name, "until", pause.Until.UTC().Format(time.RFC3339))
			}},
		})
		if err != nil {
			delete(clients, account.Name)
			closeAll()
			return nil, nil, err
		}
	}
	return clients, closeAll, nil
}

// fetchAll counts the campaigns that aren't counted yet, and keeps each as it is had.
func fetchAll(ctx context.Context, p *progress, o *Options, clients map[string]*smartlead.Client, kept *partial) error {
	queries := queriesOf(o.Config)
	failed, inARow := 0, 0
	p.begin(len(kept.plan.Campaigns), len(kept.places))
	for _, c := range kept.plan.Campaigns {
		if kept.has(c.ID) {
			continue
		}
		q, ok := queries[c.ID]
		if !ok {
			q = smartlead.StatisticsQuery{CampaignID: c.ID}
		}
		counted, err := fetch(p.asking(ctx, c.ID), clients[c.Account], q, kept.plan.Settings, cmp.Or(o.AtOnce, DefaultAtOnce))
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, smartlead.ErrNotFound):
			p.warn("msg", "a campaign isn't there, and is left out of the history", "campaign_id", c.ID, "account", c.Account, "err", err)
			counted = campaignPast{ID: c.ID}
		case err != nil:
			p.warn("msg", "a campaign failed", "campaign_id", c.ID, "account", c.Account, "err", err)
			failed++
			inARow++
			if inARow == maxFailed || errors.Is(err, smartlead.ErrUnauthorized) {
				return errFailed
			}
			continue
		}
		inARow = 0
		counted.tell(p, c)
		if err := kept.add(counted); err != nil {
			return err
		}
		p.finished(c.ID, counted.Rows)
	}
	if failed > 0 {
		return errFailed
	}
	return nil
}

// fetch counts a campaign's rows.
func fetch(ctx context.Context, client *smartlead.Client, q smartlead.StatisticsQuery, s Settings, atOnce int) (campaignPast, error) {
	f := &fetcher{client: client, query: q, settings: s, within: q.SentWithin, atOnce: atOnce}
	if q.SentWithin > 0 { // the window as it moved begins with that of the first moment, and no e-mail before it counts
		f.query.SentWithin = 0
		if !s.Since.Equal(earliest) {
			f.query.SentAfter = s.Since.Add(-q.SentWithin)
		}
	}
	return f.fetch(ctx)
}

// tell tells what of a campaign can't be known.
func (c *campaignPast) tell(p *progress, of plannedCampaign) {
	if c.Aggregated {
		p.warn("msg", "the API tells only what a campaign's counts are now, and not when it came to them; it is left out of the history",
			"campaign_id", of.ID, "account", of.Account)
	}
	if c.Undated > 0 {
		p.warn("msg", "rows without any time are left out of the history", "campaign_id", of.ID, "account", of.Account, "count", c.Undated)
	}
}
