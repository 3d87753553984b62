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
	Panels []panel `json:"panels"`
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
		Defaults struct {
			Unit    string `json:"unit"`
			NoValue string `json:"noValue"`
		} `json:"defaults"`
	} `json:"fieldConfig"`
	Options struct {
		Legend struct {
			ShowLegend bool `json:"showLegend"`
		} `json:"legend"`
	} `json:"options"`
	Panels []panel `json:"panels"` // of a row that is folded up
}

// grid is a place in columns, of which a dashboard has 24, and rows.
type grid struct{ X, Y, W, H int }

type target struct {
	RefID        string      `json:"refId"`
	Datasource   *datasource `json:"datasource"`
	Expr         string      `json:"expr"`
	Format       string      `json:"format"`
	LegendFormat string      `json:"legendFormat"`
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
