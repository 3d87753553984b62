package dashboards_test

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// The measures of Grafana, in pixels, of a window without its menu.
const (
	pageMargin   = 16 // left and right of the panels
	gutter       = 8  // between two columns or rows of the grid
	rowHeight    = 30
	titleSize    = 14
	titleMargin  = 8 + 8 + 8 + 24 // around a title: padding, and the sign of the description
	headerMargin = 6 + 6 + 18     // around a column's name: padding, and the sign of the order
	cellMargin   = 6 + 6
	leastColumn  = 150 // a column whose width isn't set
	stateMargin  = 16 + 16
)

// windows are those for which the dashboards are made.
var windows = []int{1600, 900}

// panelWidth returns how wide a panel of so many of the 24 columns is in a window.
func panelWidth(window, columns int) float64 {
	column := (float64(window-2*pageMargin) - 23*gutter) / 24
	return float64(columns)*column + float64(columns-1)*gutter
}

// textWidth estimates how wide a text in Grafana's font, Inter, is: from above, by kinds of characters.
func textWidth(text string, size int) float64 {
	em := 0.0
	for _, c := range text {
		switch {
		case strings.ContainsRune("iljtfrI.,:;'|()[]! ", c):
			em += 0.32
		case strings.ContainsRune("mwMW%@–→", c):
			em += 0.92
		case unicode.IsUpper(c) || unicode.IsDigit(c):
			em += 0.66
		default:
			em += 0.57
		}
	}
	return em * float64(size)
}

// TestTextWidth: the estimate isn't below what was measured in a picture of Grafana 12.3.
func TestTextWidth(t *testing.T) {
	for _, tt := range []struct {
		text     string
		size     int
		measured float64
	}{
		{"Unsubscribe rate", 14, 102},
		{"Bounces and unsubscribes by step", 14, 212},
		{"Latency quantiles", 14, 110},
		{"Every campaign's newest refresh succeeded", 49, 1010},
	} {
		if got := textWidth(tt.text, tt.size); got < tt.measured || got > 1.35*tt.measured {
			t.Errorf("textWidth(%q, %d) = %.0f, measured were %.0f", tt.text, tt.size, got, tt.measured)
		}
	}
}

// text is the part of a mapping that is shown.
type text struct {
	Text  string `json:"text"`
	Color string `json:"color"`
}

func TestTitlesFit(t *testing.T) {
	for _, d := range load(t) {
		for _, p := range d.all() {
			for _, window := range windows {
				if width := textWidth(p.Title, titleSize) + titleMargin; width > panelWidth(window, p.GridPos.W) {
					t.Errorf("%s: %q is cut in a window of %d: it takes %.0f of %.0f pixels", d.file, p.Title, window, width, panelWidth(window, p.GridPos.W))
				}
			}
		}
	}
}

// TestSentencesFit: the sentence at the top has a size of its own, with which the longest takes one line.
func TestSentencesFit(t *testing.T) {
	for _, d := range load(t) {
		p := d.panel(t, "State of the data")
		size := p.Options.Text.ValueSize
		if size == 0 {
			t.Errorf("%s: the size of the sentence at the top depends on its length", d.file)
			continue
		}
		sentences := []string{p.FieldConfig.Defaults.NoValue}
		for _, m := range p.FieldConfig.Defaults.Mappings {
			for _, raw := range m.Options {
				var shown text
				if err := json.Unmarshal(raw, &shown); err != nil {
					t.Fatal(err)
				}
				sentences = append(sentences, shown.Text)
			}
		}
		for _, s := range sentences {
			if width := textWidth(s, size) + stateMargin; width > panelWidth(900, p.GridPos.W) {
				t.Errorf("%s: %q takes %.0f of %.0f pixels", d.file, s, width, panelWidth(900, p.GridPos.W))
			}
		}
	}
}

// TestStatsInRowsOfFour: more of them side by side are too narrow for what they say.
func TestStatsInRowsOfFour(t *testing.T) {
	for _, d := range load(t) {
		inRow := map[int]int{}
		for _, p := range d.Panels {
			if p.Type == "stat" {
				inRow[p.GridPos.Y]++
			}
		}
		for y, n := range inRow {
			if n > 4 {
				t.Errorf("%s: %d stats are side by side at %d", d.file, n, y)
			}
		}
	}
}

// column is one that a table shows.
type column struct {
	name  string
	width float64
}

// columns returns what a table shows, from left to right, of the fields that it gives a name or a place.
func (p *panel) columns(t *testing.T) []column {
	t.Helper()
	order := map[string]int{}
	for _, tr := range p.Transformations {
		if tr.ID == "organize" {
			order = tr.Options.IndexByName
		}
	}
	fields := make([]string, 0, len(order))
	for name := range order {
		fields = append(fields, name)
	}
	slices.SortFunc(fields, func(a, b string) int { return cmp.Compare(order[a], order[b]) })
	var columns []column
	for _, f := range fields {
		c, hidden := column{name: f, width: leastColumn}, p.hides(f)
		if o := p.override(f); o != nil {
			o.property(t, "displayName", &c.name)
			if !o.property(t, "custom.width", &c.width) {
				o.property(t, "custom.minWidth", &c.width)
			}
			o.property(t, "custom.hidden", &hidden)
		}
		if !hidden {
			columns = append(columns, c)
		}
	}
	return columns
}

// first are the columns of each table that are seen without scrolling in the narrow window; where all are, it is empty.
var first = map[string][]string{
	"overview.json: Campaigns":             {"Campaign", "Attention", "Sent", "Reply rate", "Bounce rate"},
	"overview.json: Clients":               {"Client", "Sent", "Reply rate", "Bounce rate"},
	"overview.json: Alerts firing":         {"Severity", "Alert", "What to do"},
	"campaign.json: Where it loses people": {},
	"campaign.json: Steps side by side":    {},
	"campaign.json: Variants side by side": {"Step", "Variant", "Sent", "Reply rate", "Open rate", "Click rate"},
	"exporter.json: Campaigns":             {"Campaign", "Newest refresh", "Age of the data", "Refresh took", "Requests"},
	"exporter.json: Alerts firing":         {"Severity", "Alert", "What to do"},
	"mailboxes.json: Mailboxes by need":    {"Mailbox", "Attention", "Sent today", "Used"},
	"mailboxes.json: Domains":              {"Domain", "Mailboxes", "Broken"},
	"mailboxes.json: Alerts firing":        {"Severity", "Alert", "What to do"},
}

func TestColumnsFit(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range load(t) {
		for _, p := range d.all() {
			if p.Type != "table" {
				continue
			}
			name := d.file + ": " + p.Title
			wanted, ok := first[name]
			seen[name] = true
			if !ok {
				t.Errorf("%s: say which of its columns come first", name)
				continue
			}
			columns := p.columns(t)
			if len(columns) < 4 {
				t.Errorf("%s: has the columns %v; is the order of all said?", name, columns)
			}
			for _, window := range windows {
				room, all := panelWidth(window, p.GridPos.W)-2*gutter, 0.0
				var visible []string
				for _, c := range columns {
					if header := textWidth(c.name, titleSize) + headerMargin; header > c.width {
						t.Errorf("%s: the name of the column %q takes %.0f of %.0f pixels", name, c.name, header, c.width)
					}
					if all += c.width; all <= room {
						visible = append(visible, c.name)
					}
				}
				if len(wanted) == 0 && all > room {
					t.Errorf("%s: is cut in a window of %d: its columns take %.0f of %.0f pixels", name, window, all, room)
				}
				for _, c := range wanted {
					if !slices.Contains(visible, c) {
						t.Errorf("%s: %q isn't seen in a window of %d, only %q", name, c, window, visible)
					}
				}
			}
			checkCells(t, name, &p)
		}
	}
	for name := range first {
		if !seen[name] {
			t.Errorf("there is no table %s", name)
		}
	}
}

// checkCells checks that words which values are mapped to fit into their columns.
func checkCells(t *testing.T, name string, p *panel) {
	t.Helper()
	for i := range p.FieldConfig.Overrides {
		o := &p.FieldConfig.Overrides[i]
		var mappings []mapping
		width := math.Inf(1)
		o.property(t, "mappings", &mappings)
		o.property(t, "custom.width", &width)
		var links []any
		if o.property(t, "links", &links) && o.Matcher.Options == "runbook" {
			continue // what a link is made of; cut, it can still be clicked
		}
		for _, m := range mappings {
			for _, raw := range m.Options {
				var shown text
				if err := json.Unmarshal(raw, &shown); err != nil {
					t.Fatal(err)
				}
				if needs := textWidth(shown.Text, titleSize) + cellMargin; needs > width {
					t.Errorf("%s: %q takes %.0f of %.0f pixels", name, shown.Text, needs, width)
				}
			}
		}
	}
}

// TestBarsOfOneCampaign: a bar is no higher than a line or two, also where it is the only one; and its name has the
// panel's width, as names of campaigns are long.
func TestBarsOfOneCampaign(t *testing.T) {
	for _, d := range load(t) {
		for _, p := range d.all() {
			if p.Type != "bargauge" {
				continue
			}
			if p.Options.MaxVizHeight == 0 || p.Options.MaxVizHeight > 40 {
				t.Errorf("%s: %q: one bar alone fills the panel", d.file, p.Title)
			}
			if p.Options.NamePlacement != "top" {
				t.Errorf("%s: %q: names are beside the bars, which leaves them too little room", d.file, p.Title)
			}
		}
	}
}

// TestSizes: kubectl apply keeps a ConfigMap in an annotation of it, which holds 256 KiB of JSON.
func TestSizes(t *testing.T) {
	for _, d := range load(t) {
		encoded, err := json.Marshal(string(d.text))
		if err != nil {
			t.Fatal(err)
		}
		if most := 255 << 10; len(encoded) > most {
			t.Errorf("%s: takes %d bytes there, more than %d", d.file, len(encoded), most)
		}
	}
}

// TestRanking: the table of campaigns tells what to act on, what changed and where it leads, for whom, and the sum.
func TestRanking(t *testing.T) {
	for _, d := range load(t) {
		if d.file != "overview.json" {
			continue
		}
		for _, name := range []string{"client", "tag", "status"} {
			if v := d.variable(name); v == nil || !v.Multi || !v.IncludeAll {
				t.Errorf("campaigns can't be chosen by %s", name)
			}
		}
		p := d.panel(t, "Campaigns")
		shown := map[string]bool{}
		for _, c := range p.columns(t) {
			shown[c.name] = true
		}
		for _, name := range []string{"Attention", "Trend", "Sent, change", "Replies, change", "Click rate", "Last e-mail ago", "Account"} {
			if !shown[name] {
				t.Errorf("the table of campaigns has no column %s", name)
			}
		}
		if by := p.Options.SortBy; len(by) == 0 || by[0].DisplayName != "Attention" || !by[0].Desc {
			t.Errorf("the table of campaigns is ordered by %+v", by)
		}
		if !p.Options.Footer.Show {
			t.Error("the table of campaigns has no sum")
		}
	}
}
