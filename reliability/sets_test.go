package reliability_test

import (
	"fmt"
	"net/http"
	"regexp"
	"time"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// setFaults are of the set of pages as a whole, each of which is good: rows that come and go between pages, totals that are
// wrong, pages that are smaller than they should be.
func setFaults() []*fault {
	perEmail, aggregated := simulator.PerEmail, simulator.PerSequence
	either := []smartlead.Reason{"", smartlead.ErrIncomplete}
	good := []smartlead.Reason{""}
	moving := func(name string, clock time.Duration, order simulator.Order, may []smartlead.Reason, effects ...simulator.Effect) *fault {
		return &fault{kind: "between pages:", name: name, effects: always(effects...), clock: clock, order: order, may: may, only: &perEmail}
	}
	steps := func(name string, change int) *fault {
		return &fault{
			kind: "between pages:", name: name, may: good, only: &aggregated,
			effects: func(c *cell) []simulator.Effect {
				return []simulator.Effect{simulator.Do(func() {
					c.steps = max(c.steps+change, 1)
					c.set(c.north, struck, c.aggregated())
				})}
			},
		}
	}
	total := func(name, to string) *fault {
		return &fault{kind: "total_stats:", name: name, effects: always(rewriteTotal(to)), may: either, only: &perEmail}
	}
	list := []*fault{
		moving("rows arrive, oldest first", 0, simulator.OldestFirst, good, simulator.Arrive(3)),
		moving("rows arrive, newest first", 0, simulator.NewestFirst, good, simulator.Arrive(3)),
		moving("rows arrive, newest first, clock 7 min fast", 7*time.Minute, simulator.NewestFirst, good, simulator.Arrive(3)),
		moving("rows arrive, newest first, clock 7 min slow", -7*time.Minute, simulator.NewestFirst, good, simulator.Arrive(3)),
		misdated(moving("rows arrive, oldest first, Date 10 min behind", 0, simulator.OldestFirst, good, simulator.Arrive(3)), -10*time.Minute),
		misdated(moving("rows arrive, newest first, Date 10 min behind", 0, simulator.NewestFirst, good, simulator.Arrive(3)), -10*time.Minute),
		misdated(moving("rows arrive, newest first, Date 10 min ahead", 0, simulator.NewestFirst, good, simulator.Arrive(3)), 10*time.Minute),
		misdated(moving("rows arrive, newest first, Date of 1970", 0, simulator.NewestFirst, good, simulator.Arrive(3)), -time.Duration(present.UnixNano())),
		moving("rows arrive, newest first, in a total that ignores filters", 0, simulator.NewestFirst, either,
			simulator.UnfilteredTotal(), simulator.Arrive(3)),
		moving("rows vanish, oldest first", 0, simulator.OldestFirst, either, simulator.Vanish(2)),
		moving("rows vanish, newest first", 0, simulator.NewestFirst, either, simulator.Vanish(2)),
		moving("all rows vanish", 0, simulator.OldestFirst, either, simulator.Vanish(1000)),
		steps("a step arrives", 1),
		steps("the last step vanishes", -1),
		total("too high", "1000"),
		total("too low", "3"),
		total("0", "0"),
		{kind: "total_stats:", name: "missing", effects: always(withoutTotal), may: good, only: &perEmail},
		{kind: "total_stats:", name: "that ignores filters, of which there are none", effects: always(simulator.UnfilteredTotal())},
		{kind: "pages:", name: "an empty one before the end", effects: always(simulator.EmptyPage()), may: either, only: &perEmail},
		{kind: "pages:", name: "the first one, whatever the offset", effects: always(ignoreOffset), may: either, only: &perEmail},
		{
			kind: "pages:", name: "the first one, whatever the offset", effects: always(ignoreOffset), only: &aggregated,
			may: []smartlead.Reason{"", smartlead.ErrBadResponse}, // of steps that come twice none can be believed
		},
		{kind: "pages:", name: "smaller than asked for, and saying so", effects: always(simulator.ShrinkPages(1)), may: good},
		{kind: "pages:", name: "smaller than asked for", effects: always(simulator.ShrinkPagesSilently(1)), may: good, only: &perEmail},
	}
	return list
}

// misdated has the API's Date header, and nothing else of it, off by so much.
func misdated(f *fault, by time.Duration) *fault {
	f.date = by
	return f
}

var totalStats = regexp.MustCompile(`"total_stats":"\d+"`)

func rewriteTotal(to string) simulator.Effect {
	return simulator.Rewrite(func(body []byte) []byte {
		return totalStats.ReplaceAll(body, fmt.Appendf(nil, `"total_stats":"%s"`, to))
	})
}

// withoutTotal leaves total_stats out.
var withoutTotal = simulator.Rewrite(func(body []byte) []byte {
	return totalStats.ReplaceAll(body, []byte(`"total_stats":null`))
})

// ignoreOffset serves the first page.
func ignoreOffset(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first := r.Clone(r.Context())
		query := first.URL.Query()
		query.Set("offset", "0")
		first.URL.RawQuery = query.Encode()
		next.ServeHTTP(w, first)
	})
}
