package collector_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/collector"
	"smartlead_exporter/counting"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// variantsOf are the series of variants of a page, but for their labels.
func variantsOf(p page) page {
	got := page{}
	for series, n := range p {
		if strings.HasPrefix(series, "smartlead_variant_") && !strings.HasPrefix(series, "smartlead_variant_info{") {
			got[series] = n
		}
	}
	return got
}

// variantsNow is what variantsOf is to be, as the API's rows are now.
func variantsNow(t *testing.T, sim *simulator.Simulator) page {
	t.Helper()
	want := page{}
	for _, row := range rowsNow(t, sim, 1) {
		for event, happened := range map[string]bool{
			"sent": true, "opened": row.Opened, "clicked": row.Clicked, "replied": row.Replied, "unsubscribed": row.Unsubscribed, "bounced": row.Bounced,
		} {
			series := fmt.Sprintf(`smartlead_variant_%s{campaign_id="1",sequence_number="%d",variant_id="%d"}`, event, row.SequenceNumber, row.VariantID)
			want[series] += map[bool]float64{true: 1}[happened]
		}
	}
	return want
}

// Variants are as of the newest count of all rows, cost no request, and are as old as is told.
func TestVariants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(2*24*time.Hour + 8*time.Hour) // to a Monday's morning
		sim := testkit.NewSimulator(t, simulator.Options{Campaigns: []simulator.Campaign{answering(1)}})
		e := prepare(t, settings())
		a := counted(t, e, sim, smartlead.Limits{}, 1, "variants")
		watched := &watchedRows{Fetcher: a.Fetcher}
		a.Fetcher = watched
		e.store.Apply(settings(a))
		e.run()
		var want page
		fewer := 0
		var as float64
		for i := range 4 * 24 {
			watched.allRows = false
			got := e.scrape()
			if watched.allRows {
				want, as = variantsNow(t, sim), seconds(time.Now())
			} else {
				fewer++
			}
			if diff := cmp.Diff(want, variantsOf(got)); diff != "" {
				t.Fatalf("after %d refreshes variants aren't those of the newest count of all rows (-rows +shown):\n%s", i, diff)
			}
			got.Want(t, "the age", page{ofSubject("last_success_timestamp_seconds", "variants"): as, ofSubject("up", "variants"): 1})
			synctest.Wait()
			time.Sleep(time.Hour)
		}
		if len(want) != 2*2*6 || fewer < 20 {
			t.Errorf("got %d series in the end, and %d refreshes that didn't count all rows", len(want), fewer)
		}
		e.scrape().Want(t, "labels", page{
			`smartlead_variant_info{campaign_id="1",label="A",sequence_number="1",variant_id="102001"}`: 1, // as the simulator numbers them
			`smartlead_variant_info{campaign_id="1",label="B",sequence_number="2",variant_id="103302"}`: 1,
		})
		labels := 0
		for _, r := range sim.Requests() {
			if r.Endpoint == simulator.EndpointSequences {
				labels++
			}
		}
		if labels != 2 { // at first, and when the second step sent something
			t.Errorf("the steps were asked for %d times in four days, want twice", labels)
		}
	})
}

// watchedRows tells whether the newest refresh counted all rows.
type watchedRows struct {
	collector.Fetcher
	allRows bool
}

func (w *watchedRows) Count(ctx context.Context, task counting.Task) (counting.Result, error) {
	result, err := w.Fetcher.Count(ctx, task)
	w.allRows = result.AllRows
	return result, err
}
