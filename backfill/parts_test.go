package backfill_test

import (
	"testing"
	"time"

	"smartlead_exporter/backfill"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead/simulator"
)

// A large campaign is fetched in parts, none of which is larger than what is fetched at once, and its history is that of one
// go. Where parts can't be had it is fetched in one go.
func TestLargeCampaign(t *testing.T) {
	t.Parallel()
	const atOnce = 2000
	for name, tc := range map[string]struct {
		change   func(*simulator.Campaign, *simulator.Model)
		flags    func(*backfill.Flags)
		settings string
		behave   simulator.Behaviour
		odd      []simulator.Email // besides those of the campaign
		inOneGo  bool
	}{
		"plain":        {},
		"newest first": {change: func(c *simulator.Campaign, _ *simulator.Model) { c.Order = simulator.NewestFirst }},
		"several every second": {change: func(_ *simulator.Campaign, m *simulator.Model) {
			m.Start, m.LeadsPerDay, m.Steps, m.Opens, m.Ends = until.AddDate(0, 0, -4), 4000, 1, 9*time.Hour, 9*time.Hour+30*time.Minute
		}},
		"one step":               {settings: ", sequence_numbers: [1]"},
		"chosen steps":           {settings: ", sequence_numbers: [1, 3]"},
		"sent within":            {settings: ", sent_within: 9d"},
		"sent within, since":     {settings: ", sent_within: 9d", flags: func(f *backfill.Flags) { f.Since = "2026-03-15" }},
		"sent after and before":  {settings: ", sent_after: 2026-03-03T12:00:00Z, sent_before: 2026-03-24T12:00:00Z"},
		"until a while ago":      {flags: func(f *backfill.Flags) { f.Until = "2026-03-20" }},
		"rows without a time":    {odd: []simulator.Email{{Step: 1}, {Step: 2, OpenTime: until.Add(-300 * time.Hour), OpenCount: 1}}, inOneGo: true},
		"totals without filters": {behave: simulator.Behaviour{Filters: simulator.FiltersIgnoredInTotals}, inOneGo: true},
		"no filters":             {behave: simulator.Behaviour{Filters: simulator.FiltersIgnored}, inOneGo: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, living(7, func(c *simulator.Campaign, m *simulator.Model) {
				m.LeadsPerDay, m.Leads = 200, 0
				if tc.change != nil {
					tc.change(c, m)
				}
			}))
			w.SetBehaviour(tc.behave)
			w.AddEmails(7, tc.odd...)
			settings := "metadata_interval: 0s, campaigns: [{id: 7" + tc.settings + "}]"
			histories, largest := map[int]string{}, map[int]int{}
			for _, n := range []int{1e9, atOnce} {
				before := len(w.Requests())
				f := flags(t, tc.flags)
				o, logged := options(t, f, settings, w)
				o.AtOnce = n
				if err := backfill.Run(t.Context(), o); err != nil {
					t.Fatalf("%v; log:\n%s", err, logged)
				}
				histories[n] = read(t, f.File)
				if testkit.CountLines(logged.String(), "without any time") != min(1, len(tc.odd)) {
					t.Errorf("the log is %s", logged)
				}
				for _, r := range w.Requests()[before:] {
					largest[n] = max(largest[n], r.Offset())
				}
			}
			parse(t, histories[atOnce])
			if histories[atOnce] != histories[1e9] {
				t.Errorf("the history in parts differs from that of one go: %d bytes, want %d", len(histories[atOnce]), len(histories[1e9]))
			}
			if largest[1e9] < 2*atOnce {
				t.Errorf("in one go it takes %d rows only", largest[1e9])
			}
			if inOneGo := largest[atOnce] >= atOnce; inOneGo != tc.inOneGo {
				t.Errorf("the offset of a request was up to %d", largest[atOnce])
			}
		})
	}
}
