package alerts_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// runbook is what each alert makes the address of its section of: where the runbook is said to be, once.
const runbook = `{{ with query "smartlead:runbook:setting" }}{{ . | first | label "url" }}{{ end }}`

// rule is a rule of Prometheus: Record or Alert is its name.
type rule struct {
	Record      string            `yaml:"record"`
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

// rules returns all rules, by name.
func rules(t *testing.T) map[string][]rule {
	t.Helper()
	byName := map[string][]rule{}
	for _, file := range glob(t, "*.rules.yml") {
		var content struct {
			Groups []struct {
				Rules []rule `yaml:"rules"`
			} `yaml:"groups"`
		}
		load(t, file, &content)
		for _, group := range content.Groups {
			for _, r := range group.Rules {
				byName[r.Record+r.Alert] = append(byName[r.Record+r.Alert], r)
			}
		}
	}
	return byName
}

// alertRules returns the alerts, by name.
func alertRules(t *testing.T) map[string]rule {
	t.Helper()
	alerts := map[string]rule{}
	for name, all := range rules(t) {
		if all[0].Alert != "" {
			alerts[name] = all[0]
		}
	}
	return alerts
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no files match %s: %v", pattern, err)
	}
	return files
}

func load(t *testing.T, file string, content any) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, content); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

func TestRunbookIsOneSetting(t *testing.T) {
	if url := rules(t)["smartlead:runbook:setting"][0].Labels["url"]; !strings.HasSuffix(url, "/docs/runbook.md") {
		t.Errorf("the runbook is said to be at %q", url)
	}
	for _, file := range glob(t, "*.rules.yml") {
		if n := strings.Count(read(t, file), "runbook.md"); n > 1 || n == 1 && file != "recording.rules.yml" {
			t.Errorf("%s says %d times where the runbook is", file, n)
		}
	}
}

func TestAlertsSayWhatToDo(t *testing.T) {
	for name, alert := range alertRules(t) {
		if !strings.HasPrefix(name, "Smartlead") {
			t.Errorf("%s: Alertmanager's example expects names that begin with Smartlead", name)
		}
		if severity := alert.Labels["severity"]; severity != "critical" && severity != "warning" {
			t.Errorf("%s has the severity %q, want critical or warning", name, severity)
		}
		if alert.For == "" {
			t.Errorf("%s fires at once; it needs a for", name)
		}
		for _, text := range []string{"summary", "description"} {
			if !strings.Contains(alert.Annotations[text], "{{") {
				t.Errorf("%s: its %s %q doesn't say which campaign, account or exporter it is about", name, text, alert.Annotations[text])
			}
		}
		if want := runbook + "#" + strings.ToLower(name); alert.Annotations["runbook_url"] != want {
			t.Errorf("%s has the runbook_url %q, want %q", name, alert.Annotations["runbook_url"], want)
		}
	}
}

// recordName is level:metric:operation.
var recordName = regexp.MustCompile(`^(account|campaign|client|mailbox|smartlead):[a-z0-9_]+:[a-z0-9_]+$`)

func TestNamesOfRules(t *testing.T) {
	for name, all := range rules(t) {
		if len(all) > 1 {
			t.Errorf("%s is the name of %d rules", name, len(all))
		}
		if all[0].Record != "" && !recordName.MatchString(name) {
			t.Errorf("%s: recording rules are named level:metric:operation", name)
		}
	}
}

// series matches names of the exporter's metrics and of recording rules.
var series = regexp.MustCompile(`\b(account:|campaign:|client:|mailbox:|smartlead:)?smartlead_[a-z0-9_:]+|\bsmartlead:[a-z0-9_:]+`)

func TestSeriesInRulesExist(t *testing.T) {
	families, known := emitted(t), rules(t)
	for name, all := range known {
		for _, used := range series.FindAllString(all[0].Expr, -1) {
			if _, ok := known[used]; ok {
				continue
			}
			if _, ok := families[used]; !ok {
				t.Errorf("%s uses %s, which neither the exporter nor a rule makes", name, used)
			}
		}
	}
}

var (
	counterFunction = regexp.MustCompile(`\b(rate|irate|increase|resets)\s*\(`)
	countThatFalls  = regexp.MustCompile(`smartlead_(sent|opened|clicked|replied|unsubscribed|bounced)(_total|:)`)
)

// misreadsGauge reports whether an expression takes one of the six counts, which can fall, for a counter.
func misreadsGauge(expr string) bool {
	for _, at := range counterFunction.FindAllStringIndex(expr, -1) {
		depth, end := 1, at[1]
		for ; end < len(expr) && depth > 0; end++ {
			switch expr[end] {
			case '(':
				depth++
			case ')':
				depth--
			}
		}
		if countThatFalls.MatchString(expr[at[1]:end]) {
			return true
		}
	}
	return false
}

func TestMisreadsGauge(t *testing.T) {
	for expr, want := range map[string]bool{
		"rate(smartlead_sent_total[5m])":                                                  true,
		"increase (sum by (x) (smartlead_replied_total{a=\"b\"})[1h:5m])":                 true,
		"irate(campaign:smartlead_bounced:sum[5m])":                                       true,
		"rate(smartlead_exporter_api_requests_total[5m])":                                 false,
		"rate(smartlead_exporter_api_requests_total[5m]) and smartlead_sent_total":        false,
		"smartlead_sent_total - smartlead_sent_total offset 1d":                           false,
		"max_over_time(campaign:smartlead_bounced_per_sent:ratio_delta1d[1d]) > 1":        false,
		"sum(increase(smartlead_exporter_refresh_failures_total[1h])) * smartlead_x_rate": false,
	} {
		if got := misreadsGauge(expr); got != want {
			t.Errorf("misreadsGauge(%s) = %t, want %t", expr, got, want)
		}
	}
}

func TestCountsAreNotReadAsCounters(t *testing.T) {
	exprs := map[string]string{}
	for name, all := range rules(t) {
		exprs[name] = all[0].Expr
	}
	for _, file := range []string{runbookFile, metricsFile} {
		for _, query := range queries(read(t, file)) {
			exprs[file+": "+query] = query
		}
	}
	for name, expr := range exprs {
		if misreadsGauge(expr) {
			t.Errorf("%s: rate() and increase() take a correction downwards for a restart from zero; use a difference", name)
		}
	}
}

// expectation is what a test of promtool expects of an alert at a time.
type expectation struct {
	Alert  string `yaml:"alertname"`
	Firing []any  `yaml:"exp_alerts"`
}

// cases returns the expectations of promtool's tests in the order of their times, by the test's name.
func cases(t *testing.T) map[string][]expectation {
	t.Helper()
	byName := map[string][]expectation{}
	for _, file := range glob(t, "tests/*.test.yml") {
		var content struct {
			Tests []struct {
				Name         string        `yaml:"name"`
				Expectations []expectation `yaml:"alert_rule_test"`
			} `yaml:"tests"`
		}
		load(t, file, &content)
		for _, test := range content.Tests {
			if byName[test.Name] != nil {
				t.Errorf("%s: there are two tests with the name %s", file, test.Name)
			}
			byName[test.Name] = test.Expectations
		}
	}
	return byName
}

func TestAlertsHaveCases(t *testing.T) {
	tests := cases(t)
	begins := func(prefix string) []expectation {
		for name, expectations := range tests {
			if strings.HasPrefix(name, prefix) {
				return expectations
			}
		}
		return nil
	}
	for name, alert := range alertRules(t) {
		of := func(e expectation) bool { return e.Alert != name }
		states := []bool{}
		for _, e := range slices.DeleteFunc(slices.Clone(tests[name+" fires and resolves"]), of) {
			states = append(states, len(e.Firing) > 0)
		}
		if len(states) < 3 || states[0] || !slices.Contains(states, true) || states[len(states)-1] {
			t.Errorf("%s: want a test named %q, in which it is silent, fires, and is silent again", name, name+" fires and resolves")
		}
		silent := []string{" silent just under the threshold"}
		if strings.Contains(alert.Expr, ":ratio_") {
			silent = append(silent, " silent under the minimum volume")
		}
		for _, what := range silent {
			expectations := slices.DeleteFunc(slices.Clone(begins(name+what)), of)
			fires := func(e expectation) bool { return len(e.Firing) > 0 }
			if len(expectations) == 0 || slices.ContainsFunc(expectations, fires) {
				t.Errorf("%s: want a test named %q, in which it never fires", name, name+what)
			}
		}
	}
}
