package dashboards_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"smartlead_exporter/collector"
	"smartlead_exporter/exporter"
)

// TestGaugesAreNotRated: the six families end in _total and are gauges, which may fall. rate() and its kin would take a
// correction downwards for a restart from nought, and add all of it again.
func TestGaugesAreNotRated(t *testing.T) {
	counterFunction := regexp.MustCompile(`\b(?:rate|irate|increase|resets)\s*\(`)
	gauge := regexp.MustCompile(`smartlead_(?:sent|opened|clicked|replied|unsubscribed|bounced)_total|smartlead_(?:variant|campaign_(?:leads|replies|reply_delay|positive))_\w+`)
	eachTarget(load(t), func(d dashboard, p panel, q target) {
		for _, at := range counterFunction.FindAllStringIndex(q.Expr, -1) {
			if name := gauge.FindString(inParentheses(q.Expr[at[1]-1:])); name != "" {
				t.Errorf("%s: %q: query %s: %s%s…): %[5]s is a gauge", d.file, p.Title, q.RefID, q.Expr[at[0]:at[1]], name)
			}
		}
	})
}

// TestNamesAreJoined: campaigns are chosen by id. A name is no key: two campaigns can share one, and it changes.
func TestNamesAreJoined(t *testing.T) {
	byName := regexp.MustCompile(`campaign_name\s*(?:=~|!~|=\s*"[^"])`)
	eachTarget(load(t), func(d dashboard, p panel, q target) {
		if found := byName.FindString(q.Expr); found != "" {
			t.Errorf("%s: %q: query %s chooses by name: %s", d.file, p.Title, q.RefID, found)
		}
	})
}

// exported returns the labels of each family of the exporter, by its name.
func exported(t *testing.T) map[string][]string {
	t.Helper()
	families := map[string][]string{
		"smartlead_exporter_build_info": {"branch", "goarch", "goos", "goversion", "revision", "tags", "version"}, // made by main
	}
	registry := registrar{families}
	if err := registry.Register(collector.New(t.Context(), nil)); err != nil {
		t.Fatal(err)
	}
	if _, err := collector.NewMetrics(registry); err != nil {
		t.Fatal(err)
	}
	if err := registry.Register(exporter.NewCacheMetrics(func() uint64 { return 0 })); err != nil {
		t.Fatal(err)
	}
	if err := registry.Register(exporter.NewBudgetMetrics(nil)); err != nil {
		t.Fatal(err)
	}
	return families
}

// registrar is a registry that only takes down what is described to it. A real one shows a vector not before it has a
// child.
type registrar struct{ families map[string][]string }

var description = regexp.MustCompile(`^Desc\{fqName: "([^"]+)", .*variableLabels: \{([^}]*)\}\}$`)

func (r registrar) Register(c prometheus.Collector) error {
	descs := make(chan *prometheus.Desc)
	go func() {
		defer close(descs)
		c.Describe(descs)
	}()
	var err error
	for desc := range descs {
		m := description.FindStringSubmatch(desc.String())
		if m == nil {
			err = fmt.Errorf("can't read %s", desc)
			continue
		}
		r.families[m[1]] = strings.Split(m[2], ",")
	}
	return err
}

func (registrar) MustRegister(...prometheus.Collector) { panic("not a registry") }
func (registrar) Unregister(prometheus.Collector) bool { panic("not a registry") }

// TestMetricsAreExported: a dashboard with a metric or a label that nobody exports is empty for ever.
func TestMetricsAreExported(t *testing.T) {
	selector := regexp.MustCompile(`\b(smartlead_\w+)(?:\{([^}]*)\})?`)
	matcher := regexp.MustCompile(`(\w+)\s*(?:=~|!~|!=|=)\s*"`)
	recordedName := regexp.MustCompile(`\bcampaign:smartlead_\w+:\w+`)
	families := exported(t)
	rules, err := os.ReadFile("../alerts/recording.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	check := func(where, expr string) {
		expr = recordedName.ReplaceAllStringFunc(expr, func(name string) string {
			if !strings.Contains(string(rules), "- record: "+name+"\n") {
				t.Errorf("%s: nobody records %s", where, name)
			}
			return "recorded"
		})
		for _, m := range selector.FindAllStringSubmatch(expr, -1) {
			name, matchers := m[1], m[2]
			labels, ok := families[name]
			if !ok {
				labels, ok = families[strings.TrimSuffix(name, "_bucket")]
			}
			if !ok {
				t.Errorf("%s: nobody exports %s", where, name)
				continue
			}
			for _, m := range matcher.FindAllStringSubmatch(matchers, -1) {
				if !slices.Contains(append(labels, "job", "instance"), m[1]) { // those are Prometheus' own
					t.Errorf("%s: %s has no label %s, only %q", where, name, m[1], labels)
				}
			}
		}
	}
	dashboards := load(t)
	eachTarget(dashboards, func(d dashboard, p panel, q target) {
		check(fmt.Sprintf("%s: %q: query %s", d.file, p.Title, q.RefID), q.Expr)
	})
	for _, d := range dashboards {
		for _, v := range d.Templating.List {
			check(fmt.Sprintf("%s: variable %s", d.file, v.Name), v.Definition)
		}
	}
}

func TestVariablesAreDefined(t *testing.T) {
	// $1 and the like belong to label_replace.
	use := regexp.MustCompile(`\$(?:([a-zA-Z_]\w*)|\{(\w+)[^}]*\})`)
	builtIn := []string{"__all", "__range", "__range_s", "__rate_interval", "__to", "__url_time_range", "__data", "__field", "__value"}
	for _, d := range load(t) {
		for _, m := range use.FindAllStringSubmatch(string(d.text), -1) {
			name := m[1] + m[2]
			defined := slices.ContainsFunc(d.Templating.List, func(v variable) bool { return v.Name == name })
			if !defined && !slices.Contains(builtIn, name) {
				t.Errorf("%s: uses %s, which is no variable of it", d.file, m[0])
			}
		}
	}
}

// TestCampaignVariable: its options are names, its values ids, whatever a name is made of.
func TestCampaignVariable(t *testing.T) {
	for _, d := range load(t) {
		for _, v := range d.Templating.List {
			if v.Name != "campaign" {
				continue
			}
			// Grafana knows query_result by a pattern whose dot matches no line feed.
			if strings.Contains(v.Definition, "\n") {
				t.Errorf("%s: the query of the variable campaign isn't on one line", d.file)
			}
			// Go writes (?P<name>…) as JavaScript writes (?<name>…), and takes that too.
			pattern := regexp.MustCompile(strings.Trim(v.Regex, "/"))
			for _, name := range []string{"Q4 outreach", `say "hello"} 1 `, "two\nlines", "{}", "☃"} {
				row := fmt.Sprintf(`{campaign_id="12345",campaign_name="%s"} 1 1700000000000`, name)
				m := pattern.FindStringSubmatch(row)
				if m == nil {
					t.Errorf("%s: %s doesn't match %q", d.file, v.Regex, row)
					continue
				}
				if value, text := m[pattern.SubexpIndex("value")], m[pattern.SubexpIndex("text")]; value != "12345" || text != name {
					t.Errorf("%s: %q is value %q, text %q", d.file, row, value, text)
				}
			}
		}
	}
}
