package dashboards_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
)

// palette are Grafana's colours by name, in its dark and its light theme.
var palette = map[string][2]int{
	"dark-green": {0x37872D, 0x19730E}, "green": {0x73BF69, 0x56A64B}, "dark-blue": {0x1F60C4, 0x1250B0}, "blue": {0x5794F2, 0x3274D9},
	"yellow": {0xFADE2A, 0xF2CC0C}, "super-light-orange": {0xFFCB7D, 0xFFB357}, "orange": {0xFF9830, 0xFF780A},
	"dark-red": {0xC4162A, 0xAD0317}, "red": {0xF2495C, 0xE02F44}, "purple": {0xB877D9, 0xA352CC},
}

// The colours that Grafana gives a text on a background: dark from a brightness of 180 on.
const (
	darkText  = 0x202226
	lightText = 0xF7F8FA
)

func parts(color int) (r, g, b float64) {
	return float64(color >> 16), float64(color >> 8 & 0xFF), float64(color & 0xFF)
}

func luminance(color int) float64 {
	linear := func(c float64) float64 {
		if c /= 255; c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	r, g, b := parts(color)
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}

// contrast returns that of a background and the text that Grafana writes on it, as WCAG defines it.
func contrast(background int) float64 {
	r, g, b := parts(background)
	text := lightText
	if (299*r+587*g+114*b)/1000 > 180 {
		text = darkText
	}
	dark, light := luminance(background), luminance(text)
	if dark > light {
		dark, light = light, dark
	}
	return (light + 0.05) / (dark + 0.05)
}

// colors calls f with each colour in what JSON holds.
func colors(data any, f func(string)) {
	switch data := data.(type) {
	case map[string]any:
		for key, value := range data {
			if name, ok := value.(string); ok && (key == "color" || key == "fixedColor") {
				f(name)
			}
			colors(value, f)
		}
	case []any:
		for _, value := range data {
			colors(value, f)
		}
	}
}

// TestTextOnColours: what is written on a colour can be read, in both themes.
func TestTextOnColours(t *testing.T) {
	const enough = 4.5 // WCAG's AA for small text
	check := func(where, name string) {
		if name == "" || name == "transparent" || strings.HasPrefix(name, "rgba(128, 128, 128, 0.") || name == "text" {
			return // the panel's own background, or nearly
		}
		themes, ok := palette[name]
		if n, err := strconv.ParseInt(strings.TrimPrefix(name, "#"), 16, 32); err == nil {
			themes, ok = [2]int{int(n), int(n)}, true
		}
		if !ok {
			t.Errorf("%s: %q isn't in this test's palette", where, name)
		}
		for theme, color := range themes {
			if c := contrast(color); ok && c < enough {
				t.Errorf("%s: text on %s has a contrast of %.1f in the %s theme", where, name, c, [2]string{"dark", "light"}[theme])
			}
		}
	}
	for _, d := range load(t) {
		for _, p := range d.all() {
			where := fmt.Sprintf("%s: %q", d.file, p.Title)
			if p.Type == "stat" && p.Options.ColorMode == "background_solid" {
				var all any
				data, err := json.Marshal(p.FieldConfig)
				if err != nil {
					t.Fatal(err)
				}
				if err := json.Unmarshal(data, &all); err != nil {
					t.Fatal(err)
				}
				colors(all, func(name string) { check(where, name) })
			}
			for i := range p.FieldConfig.Overrides {
				o := &p.FieldConfig.Overrides[i]
				var cell struct {
					Type string `json:"type"`
				}
				if !o.property(t, "custom.cellOptions", &cell) || cell.Type != "color-background" {
					continue
				}
				for _, property := range o.Properties {
					var all any
					if err := json.Unmarshal(property.Value, &all); err != nil {
						t.Fatal(err)
					}
					colors(all, func(name string) { check(where, name) })
				}
			}
		}
	}
}

// TestStackedZeros: a series of zeros has no line of its own on top of the others, which would give them its colour.
func TestStackedZeros(t *testing.T) {
	for _, d := range load(t) {
		for _, p := range d.all() {
			custom := p.FieldConfig.Defaults.Custom
			if p.Type == "timeseries" && custom.Stacking.Mode == "normal" && custom.LineWidth != 0 {
				t.Errorf("%s: %q: stacks lines of width %d: zeros are drawn over the others", d.file, p.Title, custom.LineWidth)
			}
		}
	}
}

// TestAxesFromZero: a bar of 20 beside one of 30 is two thirds of it.
func TestAxesFromZero(t *testing.T) {
	for _, d := range load(t) {
		for _, p := range d.all() {
			if p.Type != "timeseries" {
				continue
			}
			if soft := p.FieldConfig.Defaults.Custom.AxisSoftMin; soft == nil || *soft != 0 {
				t.Errorf("%s: %q: the axis needn't begin at 0", d.file, p.Title)
			}
		}
	}
}

// TestFailuresAreNotGreen: where kinds of failures are drawn, no kind, known or not, gets a colour that says all is well.
func TestFailuresAreNotGreen(t *testing.T) {
	for title, known := range map[string]string{"Failed refreshes": "", "Requests by status": "/^2../"} {
		p := exporterDashboard(t).panel(t, title)
		if c := p.FieldConfig.Defaults.Color; c.Mode != "shades" || c.FixedColor != "red" {
			t.Errorf("%q: what has no colour of its own gets %+v", title, c)
		}
		for i := range p.FieldConfig.Overrides {
			o := &p.FieldConfig.Overrides[i]
			var c struct {
				FixedColor string `json:"fixedColor"`
			}
			if o.property(t, "color", &c) && strings.Contains(c.FixedColor, "green") != (o.Matcher.Options == known) {
				t.Errorf("%q: %v is %s", title, o.Matcher.Options, c.FixedColor)
			}
		}
	}
}

// TestFailedFirst: the sentence at the top says that some campaigns fail; the table says which, at its top.
func TestFailedFirst(t *testing.T) {
	p := exporterDashboard(t).panel(t, "Campaigns")
	if by := p.Options.SortBy; len(by) == 0 || by[0].DisplayName != "Newest refresh" || by[0].Desc {
		t.Errorf("the table of campaigns is ordered by %+v; want those that failed, of value 0, first", by)
	}
}

// TestHeatmapScheme: of Grafana's schemes only those of a single hue follow the theme.
func TestHeatmapScheme(t *testing.T) {
	if scheme := exporterDashboard(t).panel(t, "Latency").Options.Color.Scheme; scheme != "Blues" {
		t.Errorf("the scheme is %s", scheme)
	}
}

// TestUnits: a number without a unit is one that counts what the title says.
func TestUnits(t *testing.T) {
	for title, want := range map[string]string{
		"CPU": "percentunit", "Requests held back": "suffix: waiting", "Requests per refresh": "suffix: requests", "Failed refreshes": "suffix: failures",
	} {
		if unit := exporterDashboard(t).panel(t, title).FieldConfig.Defaults.Unit; unit != want {
			t.Errorf("%q is in %q, want %q", title, unit, want)
		}
	}
	for _, d := range load(t) {
		for _, p := range d.all() {
			if p.Type == "timeseries" && p.FieldConfig.Defaults.Unit == "none" {
				t.Errorf("%s: %q: its axis has no unit", d.file, p.Title)
			}
		}
	}
}

// TestManySteps: eight steps can be told apart: each has its colour on all graphs, all together are a bold line, and the
// legend is a table with their values.
func TestManySteps(t *testing.T) {
	for _, d := range load(t) {
		if d.file != "campaign.json" {
			continue
		}
		for _, p := range d.all() {
			if !strings.HasSuffix(p.Title, "rate by step") {
				continue
			}
			used := map[string]bool{}
			for step := 1; step <= 8; step++ {
				var c struct {
					FixedColor string `json:"fixedColor"`
				}
				if o := p.override(fmt.Sprintf("Step %d", step)); o == nil || !o.property(t, "color", &c) || used[c.FixedColor] {
					t.Errorf("%q: step %d has no colour of its own", p.Title, step)
				}
				used[c.FixedColor] = true
			}
			width := 0
			if o := p.override("All steps"); o == nil || !o.property(t, "custom.lineWidth", &width) || width < 3 {
				t.Errorf("%q: has no bold line for all steps", p.Title)
			}
			if p.Options.Legend.DisplayMode != "table" {
				t.Errorf("%q: its legend is no table", p.Title)
			}
		}
		// Bars of shares that are small have a maximum that shows them.
		p := d.panel(t, "Where it loses people")
		for column, most := range map[string]float64{"Value #E": 0.1, "Value #F": 0.05, "Value #G": 0.05} {
			limit := 1.0
			if o := p.override(column); o == nil || !o.property(t, "max", &limit) || limit > most {
				t.Errorf("%q: the bars of %s reach to %g", p.Title, column, limit)
			}
		}
	}
}

// TestNothingIsSentInTheFuture: where the exporter's clock, or that of --demo, is ahead, the last e-mail was sent now.
func TestNothingIsSentInTheFuture(t *testing.T) {
	eachTarget(load(t), func(d dashboard, p panel, q target) {
		if strings.Contains(q.Expr, "smartlead_last_sent_timestamp_seconds") && !strings.Contains(q.Expr, "clamp_m") {
			t.Errorf("%s: %q: query %s can be in the future", d.file, p.Title, q.RefID)
		}
	})
}

func exporterDashboard(t *testing.T) *dashboard {
	t.Helper()
	for _, d := range load(t) {
		if d.file == "exporter.json" {
			return &d
		}
	}
	t.Fatal("there is no exporter.json")
	return nil
}
