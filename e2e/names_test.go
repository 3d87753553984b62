package e2e_test

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

var (
	family      = regexp.MustCompile(`(?m)^# TYPE (\S+) (\S+)$`)
	heading     = regexp.MustCompile(`(?m)^### (smartlead_\w+)\n\n(\w+) ·`)
	usedName    = regexp.MustCompile(`[\w:]*smartlead[\w:]*`)
	quotedName  = regexp.MustCompile("`((?:\\w+:)?smartlead_[\\w:]*[a-z0-9])(?:`|\\{)")
	nameSuffix  = regexp.MustCompile(`_(?:bucket|sum|count)$`)
	otherPrefix = regexp.MustCompile(`^(?:go|process|promhttp)_`)
)

// TestNames holds what the program emits against what dashboards, rules and pages speak of, both ways.
func TestNames(t *testing.T) {
	t.Parallel()
	e := startDemo(t)
	emitted := map[string]string{} // types
	await(t, "campaigns", func() error {
		text, err := e.metrics()
		if err != nil {
			return err
		}
		clear(emitted)
		for _, m := range family.FindAllStringSubmatch(text, -1) {
			emitted[m[1]] = m[2]
		}
		if emitted["smartlead_last_sent_timestamp_seconds"] == "" {
			return errors.New("none has been refreshed")
		}
		for _, subject := range []string{
			"mailbox_info", "campaign_leads_replied", "campaign_positive_replies", "reply_category_info", "campaign_reply_delay_seconds", "variant_info",
		} {
			if emitted["smartlead_"+subject] == "" {
				return errors.New("not all subjects have been collected")
			}
		}
		return nil
	})

	page := read(t, "docs/metrics.md")
	documented := map[string]string{}
	for _, m := range heading.FindAllStringSubmatch(page, -1) {
		documented[m[1]] = m[2]
	}
	emitted["smartlead_campaign_rows_without_step"] = "gauge" // there are none in the demonstration
	ours := maps.Clone(emitted)
	maps.DeleteFunc(ours, func(name, _ string) bool { return otherPrefix.MatchString(name) })
	if !maps.Equal(ours, documented) {
		t.Errorf("the program emits\n%v\nand docs/metrics.md has\n%v", ours, documented)
	}
	for name := range emitted {
		prefix, _, _ := strings.Cut(name, "_")
		if !strings.HasPrefix(name, "smartlead_") && !strings.Contains(page, "`"+prefix+"_`") {
			t.Errorf("docs/metrics.md says nothing about %s", name)
		}
	}

	recorded := map[string]bool{"smartlead_exporter": true} // the program itself
	exprs := map[string]string{}                            // by where they are
	for _, file := range files(t, "alerts/*.rules.yml") {
		var content struct {
			Groups []struct {
				Rules []struct{ Record, Alert, Expr string } `yaml:"rules"`
			} `yaml:"groups"`
		}
		if err := yaml.Unmarshal([]byte(read(t, file)), &content); err != nil {
			t.Fatal(err)
		}
		for _, g := range content.Groups {
			for _, r := range g.Rules {
				recorded[r.Record] = true
				exprs[file+": "+r.Record+r.Alert] = r.Expr
			}
		}
	}
	for _, file := range files(t, "dashboards/*.json") {
		loadDashboard(t, file).each(func(p *panel, q *query) { exprs[file+": "+p.Title+" "+q.RefID] = q.Expr })
	}
	for _, file := range slices.Concat(files(t, "docs/*.md"), files(t, "alerts/*.md"), files(t, "dashboards/*.md"), []string{"README.md"}) {
		text := read(t, file)
		for _, block := range queryBlock.FindAllStringSubmatch(text, -1) {
			exprs[file+": "+block[1]] = block[1]
		}
		for _, m := range quotedName.FindAllStringSubmatch(text, -1) {
			exprs[file+": "+m[1]] = m[1]
		}
	}
	for where, expr := range exprs {
		for _, name := range usedName.FindAllString(stripStrings(expr), -1) {
			if emitted[name] == "" && emitted[nameSuffix.ReplaceAllString(name, "")] == "" && !recorded[name] {
				t.Errorf("%s: nobody makes %s", where, name)
			}
		}
	}
}

// stripStrings takes the quoted texts out of an expression.
func stripStrings(expr string) string {
	return regexp.MustCompile(`"(?:[^"\\]|\\.)*"`).ReplaceAllString(expr, `""`)
}
