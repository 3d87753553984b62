package dashboards_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"testing"
)

// uids are what links, bookmarks and a provisioned folder know the dashboards by.
var uids = map[string]string{
	"overview.json":  "smartlead-overview",
	"campaign.json":  "smartlead-campaign",
	"exporter.json":  "smartlead-exporter",
	"mailboxes.json": "smartlead-mailboxes",
}

func TestFormatting(t *testing.T) {
	for _, d := range load(t) {
		var want bytes.Buffer
		if err := json.Indent(&want, bytes.TrimSpace(d.text), "", "  "); err != nil {
			t.Fatalf("%s: %v", d.file, err)
		}
		want.WriteByte('\n')
		if !bytes.Equal(d.text, want.Bytes()) {
			t.Errorf("%s is not indented by two spaces and ended by one line feed", d.file)
		}
	}
}

func TestIdentity(t *testing.T) {
	got := map[string]string{}
	for _, d := range load(t) {
		got[d.file] = d.UID
		// Grafana gives the number, and takes one that is there already for a dashboard to overwrite.
		if d.ID != nil {
			t.Errorf("%s: id is %d, want null", d.file, *d.ID)
		}
		if d.Title == "" || d.Description == "" {
			t.Errorf("%s: needs a title and a description", d.file)
		}
		if !slices.Equal(d.Tags, []string{"smartlead"}) || d.Timezone != "browser" || d.Refresh != "1m" {
			t.Errorf("%s: has tags %q, time zone %q, refresh %q; want smartlead, browser, 1m", d.file, d.Tags, d.Timezone, d.Refresh)
		}
	}
	if !maps.Equal(got, uids) {
		t.Errorf("uids are %v, want %v", got, uids)
	}
}

func TestPanelIDs(t *testing.T) {
	for _, d := range load(t) {
		titles := map[int]string{}
		for _, p := range d.all() {
			if other, ok := titles[p.ID]; ok || p.ID < 1 {
				t.Errorf("%s: %q: id %d must be over 0 and unique; also of %q", d.file, p.Title, p.ID, other)
			}
			titles[p.ID] = p.Title
		}
	}
}

func TestLayout(t *testing.T) {
	const columns = 24
	type cell struct{ x, y int }
	for _, d := range load(t) {
		taken := map[cell]string{}
		for _, p := range d.Panels {
			g := p.GridPos
			if g.X < 0 || g.Y < 0 || g.W < 1 || g.H < 1 || g.X+g.W > columns {
				t.Errorf("%s: %q: leaves the %d columns: %+v", d.file, p.Title, columns, g)
			}
			overlapped := map[string]bool{}
			for x := range g.W {
				for y := range g.H {
					at := cell{g.X + x, g.Y + y}
					if other, ok := taken[at]; ok && !overlapped[other] {
						overlapped[other] = true
						t.Errorf("%s: %q overlaps %q", d.file, p.Title, other)
					}
					taken[at] = p.Title
				}
			}
		}
	}
}

func TestPanelsExplainThemselves(t *testing.T) {
	for _, d := range load(t) {
		for _, p := range d.all() {
			switch {
			case p.Title == "":
				t.Errorf("%s: panel %d: has no title", d.file, p.ID)
			case p.Type == "row":
			case len(p.Targets) == 0:
				t.Errorf("%s: %q: asks nothing", d.file, p.Title)
			case p.Description == "":
				t.Errorf("%s: %q: has no description", d.file, p.Title)
			case p.FieldConfig.Defaults.Unit == "":
				t.Errorf("%s: %q: has no unit", d.file, p.Title)
			case p.FieldConfig.Defaults.NoValue == "":
				t.Errorf("%s: %q: doesn't say in words why it can be empty (noValue)", d.file, p.Title)
			}
		}
	}
}

// TestDataSource keeps the dashboards usable with any Prometheus: nothing may name one.
func TestDataSource(t *testing.T) {
	want := datasource{Type: "prometheus", UID: "${datasource}"}
	chosen := func(d *datasource) bool { return d != nil && *d == want }
	dashboards := load(t)
	for _, d := range dashboards {
		if !slices.ContainsFunc(d.Templating.List, func(v variable) bool { return v.Name == "datasource" && v.Type == "datasource" }) {
			t.Errorf("%s: has no variable datasource", d.file)
		}
		for _, v := range d.Templating.List {
			if v.Type == "query" && !chosen(v.Datasource) {
				t.Errorf("%s: variable %s: asks %+v, want %+v", d.file, v.Name, v.Datasource, want)
			}
		}
		for _, p := range d.all() {
			if p.Type != "row" && !chosen(p.Datasource) {
				t.Errorf("%s: %q: asks %+v, want %+v", d.file, p.Title, p.Datasource, want)
			}
		}
	}
	eachTarget(dashboards, func(d dashboard, p panel, q target) {
		if !chosen(q.Datasource) {
			t.Errorf("%s: %q: query %s asks %+v, want %+v", d.file, p.Title, q.RefID, q.Datasource, want)
		}
	})
}
