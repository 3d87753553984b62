package e2e_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// dashboard is what Grafana reads of a dashboard to ask for its data.
type dashboard struct {
	Title string `json:"title"`
	Time  struct {
		From string `json:"from"`
	} `json:"time"`
	Templating struct {
		List []*variable `json:"list"`
	} `json:"templating"`
	Panels []*panel `json:"panels"`
}

type variable struct {
	Name       string `json:"name"`
	Type       string `json:"type"`
	Definition string `json:"definition"`
	Regex      string `json:"regex"`
	AllValue   string `json:"allValue"`
	IncludeAll bool   `json:"includeAll"`
	Multi      bool   `json:"multi"`
	Current    struct {
		Value any `json:"value"`
	} `json:"current"`
}

type panel struct {
	Title         string   `json:"title"`
	Interval      string   `json:"interval"`
	MaxDataPoints int      `json:"maxDataPoints"`
	Targets       []query  `json:"targets"`
	Panels        []*panel `json:"panels"` // of a row that is folded up
}

type query struct {
	RefID    string `json:"refId"`
	Expr     string `json:"expr"`
	Instant  bool   `json:"instant"`
	Interval string `json:"interval"`
}

func loadDashboard(t *testing.T, file string) *dashboard {
	t.Helper()
	d := &dashboard{}
	if err := json.Unmarshal([]byte(read(t, file)), d); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return d
}

// each calls f with each query of each panel.
func (d *dashboard) each(f func(*panel, *query)) {
	for _, p := range d.Panels {
		for _, p := range append([]*panel{p}, p.Panels...) {
			for i := range p.Targets {
				f(p, &p.Targets[i])
			}
		}
	}
}

// view is a dashboard as somebody looks at it: a time, and chosen values.
type view struct {
	dashboard *dashboard
	scrape    time.Duration // the scrape interval, as the data source says
	to        time.Time
	over      time.Duration       // that of the dashboard if 0
	zone      time.Duration       // how far the browser's clock is ahead of UTC
	chosen    map[string][]string // by the variable's name; allOf stands for All
}

// all is the choice of All.
var all = []string{"$__all"}

// span returns how much time is looked at.
func (v *view) span(t *testing.T) time.Duration {
	t.Helper()
	if v.over > 0 {
		return v.over
	}
	return duration(t, strings.TrimPrefix(v.dashboard.Time.From, "now-"))
}

// scrapeInterval returns what the provisioned data source tells Grafana.
func scrapeInterval(t *testing.T) time.Duration {
	t.Helper()
	var file struct {
		Sources []struct {
			Options struct {
				TimeInterval string `yaml:"timeInterval"`
			} `yaml:"jsonData"`
		} `yaml:"datasources"`
	}
	if err := yaml.Unmarshal([]byte(read(t, "deploy/grafana/provisioning/datasources/prometheus.yml")), &file); err != nil {
		t.Fatal(err)
	}
	return duration(t, file.Sources[0].Options.TimeInterval)
}

func duration(t *testing.T, text string) time.Duration {
	t.Helper()
	n, err := strconv.Atoi(text[:len(text)-1])
	u := unit[text[len(text)-1]]
	if err != nil || u == 0 {
		t.Fatalf("%q isn't a duration of one unit", text)
	}
	return time.Duration(n) * u
}

// width is how many points a panel has room for, unless it says so itself.
const width = 1000

// step returns the time between two points of a panel: a round number that leaves no more points than there is room
// for, and at least what is scraped.
func (v *view) step(t *testing.T, p *panel, q *query) (step, least time.Duration) {
	t.Helper()
	least = v.scrape
	for _, interval := range []string{p.Interval, q.Interval} {
		if interval != "" {
			least = duration(t, interval)
		}
	}
	points := width
	if p.MaxDataPoints > 0 {
		points = p.MaxDataPoints
	}
	for _, minutes := range []int{1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 360, 720, 1440} {
		if step = time.Duration(minutes) * time.Minute; step >= v.span(t)/time.Duration(points) {
			break
		}
	}
	return max(step, least), least
}

var use = regexp.MustCompile(`\$(?:\{(\w+)(?::([\w:]+))?\}|(\w+))`)

// fill replaces the variables in a query as Grafana does.
func (v *view) fill(t *testing.T, expr string, step, least time.Duration) string {
	t.Helper()
	return use.ReplaceAllStringFunc(expr, func(text string) string {
		m := use.FindStringSubmatch(text)
		name, format := m[1]+m[3], m[2]
		switch {
		case regexp.MustCompile(`^\d+$`).MatchString(name):
			return text // of label_replace
		case name == "__range":
			return fmt.Sprintf("%ds", int(v.span(t).Seconds()))
		case name == "__range_s":
			return strconv.Itoa(int(v.span(t).Seconds()))
		case name == "__rate_interval":
			return fmt.Sprintf("%ds", int(max(step+least, 4*least).Seconds()))
		case name == "__to" && format == "date:seconds":
			return strconv.FormatInt(v.to.Unix(), 10)
		}
		i := slices.IndexFunc(v.dashboard.Templating.List, func(w *variable) bool { return w.Name == name })
		if i < 0 || format != "" {
			t.Fatalf("%s: don't know what Grafana makes of %s", v.dashboard.Title, text)
		}
		return v.value(t, v.dashboard.Templating.List[i])
	})
}

// value returns what stands for a variable in a query.
func (v *view) value(t *testing.T, w *variable) string {
	t.Helper()
	values, ok := v.chosen[w.Name]
	if !ok {
		current, isText := w.Current.Value.(string)
		if !isText {
			t.Fatalf("%s: nothing is chosen for %s", v.dashboard.Title, w.Name)
		}
		values = []string{current}
	}
	if !w.Multi && !w.IncludeAll {
		return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(values[0])
	}
	if slices.Equal(values, all) {
		return w.AllValue
	}
	escaped := make([]string, len(values))
	for i, value := range values {
		escaped[i] = strings.ReplaceAll(regexp.QuoteMeta(value), `\`, `\\`)
	}
	if len(escaped) == 1 {
		return escaped[0]
	}
	return "(" + strings.Join(escaped, "|") + ")"
}

// ask asks for the data of a query.
func (v *view) ask(t *testing.T, prom *prometheus, p *panel, q *query) (result, error) {
	t.Helper()
	step, least := v.step(t, p, q)
	expr := v.fill(t, q.Expr, step, least)
	if q.Instant {
		return prom.query(expr, v.to)
	}
	// Grafana begins steps with the browser's days.
	align := func(at time.Time) time.Time { return at.Add(v.zone).Truncate(step).Add(-v.zone) }
	return prom.queryRange(expr, align(v.to.Add(-v.span(t))), align(v.to), step)
}

var (
	labelValues = regexp.MustCompile(`^label_values\((.+), *(\w+)\)$`)
	queryResult = regexp.MustCompile(`^query_result\((.+)\)$`)
)

// options returns the values that a variable offers.
func (v *view) options(t *testing.T, prom *prometheus, w *variable) []string {
	t.Helper()
	definition := v.fill(t, w.Definition, v.scrape, v.scrape)
	if m := labelValues.FindStringSubmatch(definition); m != nil {
		var values []string
		if _, err := prom.call("label/"+m[2]+"/values", map[string][]string{"match[]": {m[1]}}, &values); err != nil {
			t.Fatalf("%s: %v", definition, err)
		}
		return values
	}
	m := queryResult.FindStringSubmatch(definition)
	if m == nil {
		t.Fatalf("%s: variable %s: don't know what Grafana makes of %s", v.dashboard.Title, w.Name, definition)
	}
	r, err := prom.query(m[1], v.to)
	if err != nil {
		t.Fatal(err)
	}
	pattern := regexp.MustCompile(strings.ReplaceAll(strings.Trim(w.Regex, "/"), "(?<", "(?P<"))
	var values []string
	for _, s := range r.Series {
		// As Grafana writes a series down before it applies the pattern.
		row := fmt.Sprintf(`{campaign_id="%s",campaign_name="%s"} %v %v`, s.Labels["campaign_id"], s.Labels["campaign_name"], s.Value.Value, int64(s.Value.At*1000))
		found := pattern.FindStringSubmatch(row)
		if found == nil {
			t.Fatalf("%s: %s doesn't match %s", v.dashboard.Title, w.Regex, row)
		}
		values = append(values, found[pattern.SubexpIndex("value")])
	}
	return values
}
