package dashboards_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The values that stand for words where a rate is shown. What is missing has no value, and is neither.
const (
	underFifty = "-2"
	notTracked = "-1"
)

// TestNothingHasOneMeaning: a value that is missing is told by noValue alone, so that "no data" is never shown as
// something that is known, such as "under 50 sent"; and each column says what it is when there is none.
func TestNothingHasOneMeaning(t *testing.T) {
	for _, d := range load(t) {
		for _, p := range d.all() {
			for _, m := range p.mappings(t) {
				if m.Type == "special" {
					t.Errorf("%s: %q: maps %s: two queries could mean two things by it; return a value for what is known", d.file, p.Title, m.Options["match"])
				}
			}
			if p.Type != "table" {
				continue
			}
			for i := range p.Targets {
				name := "Value #" + p.Targets[i].RefID
				if p.hides(name) || p.Targets[i].Format != "table" || len(p.Targets) == 1 {
					continue
				}
				var none string
				if o := p.override(name); o == nil || !o.property(t, "noValue", &none) || none == "" {
					t.Errorf("%s: %q: the column %s has no words for nothing", d.file, p.Title, name)
				}
			}
		}
	}
}

// TestWordsForFew: where a query leaves out what is too few to say anything, it returns a value that says so.
func TestWordsForFew(t *testing.T) {
	eachTarget(load(t), func(d dashboard, p panel, q target) {
		few := strings.Contains(q.Expr, "< 50) * 0 - 2")
		// A graph or a ranking leaves such points out, and a change needs both of its rates.
		if p.Type == "timeseries" || p.Type == "bargauge" || !strings.Contains(q.Expr, ">= 50") ||
			strings.Contains(q.Expr, "100 * (") || strings.Contains(q.Expr, "bool 0.05") {
			return
		}
		if !few {
			t.Errorf("%s: %q: query %s says nothing of fewer than 50", d.file, p.Title, q.RefID)
		}
		words := map[string]string{}
		for _, m := range p.mappingsOf(t, "Value #"+q.RefID) {
			for value, result := range m.Options {
				var r struct {
					Text string `json:"text"`
				}
				if err := json.Unmarshal(result, &r); err != nil {
					t.Fatal(err)
				}
				words[value] = r.Text
			}
		}
		if words[underFifty] != "under 50 sent" {
			t.Errorf("%s: %q: query %s: %s is %q", d.file, p.Title, q.RefID, underFifty, words[underFifty])
		}
		if tracked := strings.Contains(q.Expr, "_tracking{"); tracked != (words[notTracked] == "not tracked") {
			t.Errorf("%s: %q: query %s: %s is %q", d.file, p.Title, q.RefID, notTracked, words[notTracked])
		}
	})
}

// mappings returns all mappings of a panel.
func (p *panel) mappings(t *testing.T) []mapping {
	t.Helper()
	all := slices.Clone(p.FieldConfig.Defaults.Mappings)
	for i := range p.FieldConfig.Overrides {
		var more []mapping
		p.FieldConfig.Overrides[i].property(t, "mappings", &more)
		all = append(all, more...)
	}
	return all
}

// mappingsOf returns the mappings of a field.
func (p *panel) mappingsOf(t *testing.T, name string) []mapping {
	t.Helper()
	var own []mapping
	if o := p.override(name); o != nil && o.property(t, "mappings", &own) {
		return own
	}
	return p.FieldConfig.Defaults.Mappings
}

// hides reports whether a table leaves a field out.
func (p *panel) hides(name string) bool {
	for _, tr := range p.Transformations {
		if tr.Options.ExcludeByName[name] {
			return true
		}
	}
	return false
}

var (
	selectorOf = regexp.MustCompile(`smartlead_\w+(?::\w+)?(?:\{[^}]*\})?`)
)

// TestNumbersOutlastAScrape: what is asked of the range's end is looked for an hour back. A missed scrape, or an exporter
// that is down, doesn't turn numbers into nothing.
func TestNumbersOutlastAScrape(t *testing.T) {
	eachTarget(load(t), func(d dashboard, p panel, q target) {
		if !q.Instant {
			return
		}
		for _, at := range selectorOf.FindAllStringIndex(q.Expr, -1) {
			before, after := q.Expr[:at[0]], q.Expr[at[1]:]
			switch {
			case strings.HasPrefix(after, "["): // a range
			case strings.HasSuffix(before, "timestamp("): // with a range beside it: which of the two is newer is asked
			case strings.HasSuffix(before, "vector(2) unless on () "): // it is the question whether it was scraped
			case strings.HasSuffix(before, "group_left (url) max by (url) ("):
			default:
				t.Errorf("%s: %q: query %s takes only the newest scrape of %s", d.file, p.Title, q.RefID, q.Expr[at[0]:at[1]])
			}
		}
	})
}

var stateOf = regexp.MustCompile(`vector\((\d+)\)`)

// TestState: the sentence at the top is the same on all dashboards, each state has one, and the first that is true
// is shown.
func TestState(t *testing.T) {
	var first []mapping
	for _, d := range load(t) {
		p := d.panel(t, "State of the data")
		texts := p.FieldConfig.Defaults.Mappings
		if first == nil {
			first = texts
		}
		if got, want := fmt.Sprintf("%s", texts), fmt.Sprintf("%s", first); got != want {
			t.Errorf("%s: has other sentences:\n%s\n%s", d.file, got, want)
		}
		for _, m := range stateOf.FindAllStringSubmatch(p.Targets[0].Expr, -1) {
			if texts[0].Options[m[1]] == nil {
				t.Errorf("%s: the state %s has no sentence", d.file, m[1])
			}
		}
		for _, title := range []string{"Last scrape", "Numbers of"} {
			if unit := d.panel(t, title).FieldConfig.Defaults.Unit; unit != "dateTimeFromNow" {
				t.Errorf("%s: %q is in %s", d.file, title, unit)
			}
		}
	}
	for _, text := range []string{"API is unreachable", "refuses the API key", "Quota paused", "never fetched", "Short history", "Exporter down"} {
		if !strings.Contains(fmt.Sprintf("%s", first), text) {
			t.Errorf("no state is %q", text)
		}
	}
}

// panel returns the panel of a title.
func (d *dashboard) panel(t *testing.T, title string) panel {
	t.Helper()
	for _, p := range d.all() {
		if p.Title == title {
			return p
		}
	}
	t.Fatalf("%s: has no panel %q", d.file, title)
	return panel{}
}

// TestTrendsAreJoined: Grafana merges tables by the columns that all have. A trend has no time, and a query without rows
// nothing but one: together in one merge they would leave no column, and the table only its first query.
func TestTrendsAreJoined(t *testing.T) {
	for _, d := range load(t) {
		for _, p := range d.all() {
			if p.Type != "table" {
				continue
			}
			trends := map[string]bool{}
			for _, q := range p.Targets {
				trends[q.RefID] = q.Format != "table"
			}
			for _, tr := range p.Transformations {
				if tr.ID != "merge" && tr.ID != "timeSeriesTable" {
					continue
				}
				for refID, trend := range trends {
					takes := tr.Filter == nil || regexp.MustCompile("^(?:"+strings.Trim(tr.Filter.Options, "/")+")$").MatchString(refID)
					if takes != (trend == (tr.ID == "timeSeriesTable")) {
						t.Errorf("%s: %q: %s and query %s: taken %t, a trend %t", d.file, p.Title, tr.ID, refID, takes, trend)
					}
				}
			}
		}
	}
}
