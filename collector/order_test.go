package collector_test

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/prometheus/client_golang/prometheus/collectors"
)

// What a page begins with is what people look for, and each family comes in one piece, in the same order each time.
func TestOrderOfFamilies(t *testing.T) {
	synctest.Test(t, orderOfFamilies)
}

func orderOfFamilies(t *testing.T) {
	e := start(t, settings(account("a", newAPI(), 1)))
	e.own.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	var before []string
	for range 2 {
		families, err := e.gatherer.ForScrape(t.Context(), e.own).Gather()
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, f := range families {
			names = append(names, f.GetName())
		}
		at := func(name string) int {
			i := slices.Index(names, name)
			if i < 0 {
				t.Errorf("%s is missing in %q", name, names)
			}
			return i
		}
		if campaigns, exporter, process := at("smartlead_campaign_up"), at("smartlead_exporter_cache_lookups_total"), at("go_goroutines"); campaigns > exporter || exporter > process {
			t.Errorf("the order is %q", names)
		}
		if before != nil && !slices.Equal(names, before) {
			t.Errorf("the order was %q and is %q", before, names)
		}
		before = names
	}
}
