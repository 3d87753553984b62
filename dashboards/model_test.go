package dashboards_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// dashboard is what the tests read of a dashboard, in the names of Grafana's JSON model.
type dashboard struct {
	file string // its name
	text []byte

	ID          *int     `json:"id"`
	UID         string   `json:"uid"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Tags        []string `json:"tags"`
	Timezone    string   `json:"timezone"`
	Refresh     string   `json:"refresh"`
	Links       []link   `json:"links"`
	Templating  struct {
		List []variable `json:"list"`
	} `json:"templating"`
	Annotations struct {
		List []annotation `json:"list"`
	} `json:"annotations"`
	Panels []panel `json:"panels"`
}

type annotation struct {
	Name       string      `json:"name"`
	Datasource *datasource `json:"datasource"`
	Expr       string      `json:"expr"`
}

type link struct {
	URL         string `json:"url"`
	KeepTime    bool   `json:"keepTime"`
	IncludeVars bool   `json:"includeVars"`
}

type variable struct {
	Name       string      `json:"name"`
	Type       string      `json:"type"`
	Datasource *datasource `json:"datasource"`
	Definition string      `json:"definition"`
	Regex      string      `json:"regex"`
	Multi      bool        `json:"multi"`
	IncludeAll bool        `json:"includeAll"`
	Current    struct {
		Text  any `json:"text"`
		Value any `json:"value"`
	} `json:"current"`
}

type datasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

type panel struct {
	ID          int         `json:"id"`
	Type        string      `json:"type"`
	Title       string      `json:"title"`
	Description string      `json:"description"`
	GridPos     grid        `json:"gridPos"`
	Datasource  *datasource `json:"datasource"`
	Targets     []target    `json:"targets"`
	FieldConfig struct {
		Defaults  field      `json:"defaults"`
		Overrides []override `json:"overrides"`
	} `json:"fieldConfig"`
	Options struct {
		Legend struct {
			ShowLegend  bool   `json:"showLegend"`
			DisplayMode string `json:"displayMode"`
		} `json:"legend"`
		ColorMode string `json:"colorMode"`
		Text      struct {
			ValueSize int `json:"valueSize"`
		} `json:"text"`
		SortBy []struct {
			DisplayName string `json:"displayName"`
			Desc        bool   `json:"desc"`
		} `json:"sortBy"`
		Footer struct {
			Show bool `json:"show"`
		} `json:"footer"`
		MaxVizHeight  int    `json:"maxVizHeight"`
		NamePlacement string `json:"namePlacement"`
		Color         struct {
			Scheme string `json:"scheme"`
		} `json:"color"`
	} `json:"options"`
	Transformations []struct {
		ID     string `json:"id"`
		Filter *struct {
			ID      string `json:"id"`
			Options string `json:"options"`
		} `json:"filter"`
		Options struct {
			ExcludeByName map[string]bool `json:"excludeByName"`
			IndexByName   map[string]int  `json:"indexByName"`
		} `json:"options"`
	} `json:"transformations"`
	Panels []panel `json:"panels"` // of a row that is folded up
}

// field is how values are shown.
type field struct {
	Unit        string      `json:"unit"`
	NoValue     string      `json:"noValue"`
	DisplayName string      `json:"displayName"`
	Min         *float64    `json:"min"`
	Mappings    []mapping   `json:"mappings"`
	Thresholds  *thresholds `json:"thresholds"`
	Color       struct {
		Mode       string `json:"mode"`
		FixedColor string `json:"fixedColor"`
	} `json:"color"`
	Custom struct {
		AxisSoftMin *float64 `json:"axisSoftMin"`
		LineWidth   int      `json:"lineWidth"`
		DrawStyle   string   `json:"drawStyle"`
		Stacking    struct {
			Mode string `json:"mode"`
		} `json:"stacking"`
	} `json:"custom"`
}

// mapping gives values a text. Of a special one, Options has the keys match and result.
type mapping struct {
	Type    string                     `json:"type"`
	Options map[string]json.RawMessage `json:"options"`
}

type thresholds struct {
	Steps []struct {
		Color string   `json:"color"`
		Value *float64 `json:"value"`
	} `json:"steps"`
}

// override is what is different for some fields of a panel.
type override struct {
	Matcher struct {
		ID      string `json:"id"`
		Options any    `json:"options"`
	} `json:"matcher"`
	Properties []struct {
		ID    string          `json:"id"`
		Value json.RawMessage `json:"value"`
	} `json:"properties"`
}

// property reads a property of an override into value and reports whether it is there.
func (o *override) property(t *testing.T, id string, value any) bool {
	t.Helper()
	for _, p := range o.Properties {
		if p.ID == id {
			if err := json.Unmarshal(p.Value, value); err != nil {
				t.Fatalf("%v: %s: %v", o.Matcher.Options, id, err)
			}
			return true
		}
	}
	return false
}

// override returns the override for the field of a name, or nil.
func (p *panel) override(name string) *override {
	for i := range p.FieldConfig.Overrides {
		if o := &p.FieldConfig.Overrides[i]; o.Matcher.ID == "byName" && o.Matcher.Options == name {
			return o
		}
	}
	return nil
}

// grid is a place in columns, of which a dashboard has 24, and rows.
type grid struct{ X, Y, W, H int }

type target struct {
	RefID        string      `json:"refId"`
	Datasource   *datasource `json:"datasource"`
	Expr         string      `json:"expr"`
	Format       string      `json:"format"`
	LegendFormat string      `json:"legendFormat"`
	Instant      bool        `json:"instant"`
	Interval     string      `json:"interval"`
}

// load reads all dashboards.
func load(t *testing.T) []dashboard {
	t.Helper()
	files, err := filepath.Glob("*.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no dashboards")
	}
	dashboards := make([]dashboard, 0, len(files))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d := dashboard{file: file, text: text}
		if err := json.Unmarshal(text, &d); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		dashboards = append(dashboards, d)
	}
	return dashboards
}

// all returns the panels, those of folded rows included.
func (d *dashboard) all() []panel {
	var all []panel
	for _, p := range d.Panels {
		all = append(append(all, p), p.Panels...)
	}
	return all
}

// eachTarget calls f with each query.
func eachTarget(dashboards []dashboard, f func(d dashboard, p panel, q target)) {
	for _, d := range dashboards {
		for _, p := range d.all() {
			for _, q := range p.Targets {
				f(d, p, q)
			}
		}
	}
}
