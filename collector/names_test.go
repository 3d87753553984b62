package collector_test

import (
	"testing"
	"testing/synctest"

	"smartlead_exporter/collector"
)

// What users call their campaigns must not break the page, nor the scrape.
func TestNamesAreShownEscaped(t *testing.T) {
	for _, tc := range []struct{ name, campaign, shown string }{
		{"none", ``, ``},
		{"quotes", `the "big" one`, `the \"big\" one`},
		{"backslash", `a\b`, `a\\b`},
		{"newline", "two\nlines", `two\nlines`},
		{"what looks like a series", "\"} 1\nsmartlead_sent_total{a=\"", `\"} 1\nsmartlead_sent_total{a=\"`},
		{"other scripts", "Кампания 活动", "Кампания 活动"},
		{"emoji", "🚀 launch", "🚀 launch"},
		{"invalid UTF-8", "caf\xe9 \xff\xfe", "caf\ufffd \ufffd"},
		{"a rune cut off", "\xf0\x9f\x9a", "\ufffd"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := account("default", newAPI())
				a.Campaigns = []collector.Campaign{campaign(1, tc.campaign)}
				e := start(t, settings(a))
				info := info(1, "default", tc.shown)
				e.scrape().Want(t, "configured", page{info: 1, sent(1): 1})

				a.Campaigns = []collector.Campaign{campaign(1, "other")}
				e.store.Apply(settings(a))
				a.Campaigns = []collector.Campaign{campaign(1, tc.campaign)}
				e.store.Apply(settings(a))
				e.scrape().Want(t, "renamed", page{info: 1, sent(1): 1})
			})
		})
	}
}
