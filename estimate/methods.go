package estimate

import (
	"context"
	"errors"
	"fmt"
	"io"

	"smartlead_exporter/config"
	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
)

// detectors are what of an account's API tells cheaply whether a campaign has moved. They are looked for at the first campaign that
// is large enough for them, since they are the account's.
type detectors struct {
	client  *smartlead.Client
	byRows  bool // the configuration wants all rows counted
	known   bool
	present bool // sequence analytics
	filters bool // totals count with filters applied
}

func newDetectors(client *smartlead.Client, account *config.Account) *detectors {
	return &detectors{client: client, byRows: account.Counting == config.CountingRows}
}

// find asks the API, once, which takes two requests. size is that of a campaign.
func (d *detectors) find(ctx context.Context, w io.Writer, id int64, size smartlead.Size) error {
	if d.known || d.byRows {
		return nil
	}
	_, err := d.client.SequenceAnalytics(ctx, smartlead.SequenceAnalyticsQuery{CampaignID: id})
	switch smartlead.ReasonOf(err) {
	case "", smartlead.ErrNotFound, smartlead.ErrBadRequest, smartlead.ErrForbidden, smartlead.ErrBadResponse:
		d.present = err == nil
	default:
		return err
	}
	if err != nil && ctx.Err() != nil {
		return err
	}
	total, err := d.client.Total(ctx, smartlead.StatisticsQuery{CampaignID: id, EmailStatus: smartlead.StatusBounced})
	switch {
	case errors.Is(err, smartlead.ErrFilterIgnored):
	case err != nil:
		return err
	default:
		d.filters = total.Rows >= 0 && total.Rows < size.Rows
	}
	d.known = true
	fmt.Fprintf(w, "  counting:   %s\n", d.words())
	return nil
}

func (d *detectors) words() string {
	switch {
	case !d.filters:
		return "the API doesn't apply filters, so that all rows are counted each time"
	case d.present:
		return "the account has sequence analytics, which tell what has moved; only that is fetched"
	default:
		return "the account has no sequence analytics of a lifetime; the totals of large campaigns tell what has moved"
	}
}

// cost tells in words what a refresh of a campaign takes, and how many requests that is where nothing moved.
func (d *detectors) cost(costs counting.Costs) (words string, least int) {
	method, least := costs.Method(d.present, d.filters)
	if d.byRows {
		method, least = counting.MethodRows, costs.Rows
	}
	if method == counting.MethodRows {
		return fmt.Sprintf("a refresh takes %s, by rows", counted(costs.Rows, "request")), least
	}
	words = fmt.Sprintf("a refresh takes %s by %s where nothing moved, up to %d where much did; by rows %d",
		counted(least, "request"), method, costs.Rows, costs.Rows)
	if method == counting.MethodAnalytics {
		words += fmt.Sprintf(", by totals %d", costs.Totals)
	}
	return words, least
}
