package alerts_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	runbookFile = "../docs/runbook.md"
	metricsFile = "../docs/metrics.md"
)

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

var queryBlock = regexp.MustCompile("(?s)```promql\n(.*?)\n```")

// queries returns the PromQL blocks of a Markdown text.
func queries(text string) []string {
	found := []string{}
	for _, match := range queryBlock.FindAllStringSubmatch(text, -1) {
		found = append(found, match[1])
	}
	return found
}

// sections returns the text below each heading of this level, up to the next heading of it or a higher one.
func sections(text, level string) map[string]string {
	byHeading := map[string]string{}
	heading := ""
	for line := range strings.Lines(text) {
		marks, title, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case marks == level:
			heading = title
			byHeading[heading] = ""
		case marks != "" && strings.HasPrefix(level, marks):
			heading = ""
		case heading != "":
			byHeading[heading] += line
		}
	}
	return byHeading
}

func TestRunbookHasEachAlert(t *testing.T) {
	documented := sections(read(t, runbookFile), "##")
	alerts := alertRules(t)
	for name := range documented {
		if _, ok := alerts[name]; !ok {
			t.Errorf("the runbook has a section %s, but there is no such alert", name)
		}
	}
	for name, alert := range alerts {
		section, ok := documented[name]
		if !ok {
			t.Errorf("the runbook has no section %s", name)
			continue
		}
		for _, part := range []string{"**Means.** " + alert.Labels["severity"] + ". ", "**Look first.**", "**Do.**", "**Ignore when**", "```promql\n"} {
			if !strings.Contains(section, part) {
				t.Errorf("the runbook's section %s lacks %q", name, part)
			}
		}
	}
}

var anchor = regexp.MustCompile(`\]\(#([^)]+)\)`)

func TestLinksWithinPages(t *testing.T) {
	for file, level := range map[string]string{runbookFile: "##", metricsFile: "###"} {
		text := read(t, file)
		anchors := []string{}
		for heading := range sections(text, level) {
			anchors = append(anchors, strings.ToLower(heading))
		}
		for _, link := range anchor.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(anchors, link[1]) {
				t.Errorf("%s links to #%s, which isn't there", file, link[1])
			}
		}
	}
}

var (
	metricLine = regexp.MustCompile(`(?m)^(gauge|counter|histogram) · (.+)$`)
	quoted     = regexp.MustCompile("`([a-z_]+)`")
)

func TestMetricsPageIsTheProgram(t *testing.T) {
	documented := map[string]family{}
	for name, section := range sections(read(t, metricsFile), "###") {
		if !strings.HasPrefix(name, "smartlead_") {
			continue
		}
		line := metricLine.FindStringSubmatch(section)
		if line == nil {
			t.Errorf("%s: want a line with its type and labels below the heading", name)
			continue
		}
		if len(queries(section)) == 0 {
			t.Errorf("%s has no query", name)
		}
		labels := []string{}
		for _, label := range quoted.FindAllStringSubmatch(line[2], -1) {
			labels = append(labels, label[1])
		}
		slices.Sort(labels)
		documented[name] = family{Type: line[1], Labels: labels}
	}
	if diff := cmp.Diff(emitted(t), documented); diff != "" {
		t.Errorf("docs/metrics.md is not what the program shows (-program +page):\n%s", diff)
	}
}

func TestSeriesInDocumentedQueriesExist(t *testing.T) {
	families, known := emitted(t), rules(t)
	for _, file := range []string{runbookFile, metricsFile} {
		for _, query := range queries(read(t, file)) {
			for _, used := range series.FindAllString(query, -1) {
				_, recorded := known[used]
				_, shown := families[strings.TrimSuffix(used, "_bucket")]
				if !recorded && !shown {
					t.Errorf("%s asks for %s, which neither the exporter nor a rule makes:\n%s", file, used, query)
				}
			}
		}
	}
}

// TestDocumentedGrowth: the query that readers copy is the one that promtool tests.
func TestDocumentedGrowth(t *testing.T) {
	documented := queries(sections(read(t, metricsFile), "###")["smartlead_sent_total"])
	var content struct {
		Tests []struct {
			Cases []struct {
				Expr string `yaml:"expr"`
			} `yaml:"promql_expr_test"`
		} `yaml:"tests"`
	}
	load(t, "tests/growth_query.test.yml", &content)
	if len(content.Tests) == 0 || len(documented) != 1 {
		t.Fatalf("there are %d tests of %q", len(content.Tests), documented)
	}
	for _, test := range content.Tests {
		for _, c := range test.Cases {
			if diff := cmp.Diff(documented[0], strings.TrimSpace(c.Expr)); diff != "" {
				t.Errorf("%s asks for it in another way than its test (-page +test):\n%s", metricsFile, diff)
			}
		}
	}
}
