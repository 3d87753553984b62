package dashboards_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestLegends: where several series come, each has a name that tells it from the others, and that name is shown.
// A table names its columns instead.
func TestLegends(t *testing.T) {
	for _, d := range load(t) {
		for _, p := range d.all() {
			var legends []string
			several := len(p.Targets) > 1
			for _, q := range p.Targets {
				if q.Format == "table" {
					continue
				}
				switch {
				case q.LegendFormat == "" || q.LegendFormat == "__auto":
					t.Errorf("%s: %q: query %s has no legend", d.file, p.Title, q.RefID)
				case slices.Contains(legends, q.LegendFormat):
					t.Errorf("%s: %q: two queries have the legend %q", d.file, p.Title, q.LegendFormat)
				case severalSeries(q.Expr) && !strings.Contains(q.LegendFormat, "{{"):
					t.Errorf("%s: %q: query %s can return several series, all with the legend %q", d.file, p.Title, q.RefID, q.LegendFormat)
				}
				several = several || severalSeries(q.Expr)
				legends = append(legends, q.LegendFormat)
			}
			if shown := p.Options.Legend.ShowLegend; p.Type == "timeseries" && several && !shown {
				t.Errorf("%s: %q: hides the legend of several series", d.file, p.Title)
			}
		}
	}
}

var (
	scalarPrefix = regexp.MustCompile(`^(?:[\d.e+]+|time\(\))\s*[-+*/]\s*`)
	word         = regexp.MustCompile(`^\w+`)
	grouping     = regexp.MustCompile(`^\s*(by|without)\s*\(([^)]*)\)`)
)

// severalSeries reports whether a query can return more than one series, by the aggregation around its first operand:
// that decides which labels are left, at least in the queries of the dashboards.
func severalSeries(expr string) bool {
	expr = strings.TrimSpace(expr)
	if m := scalarPrefix.FindString(expr); m != "" {
		return severalSeries(expr[len(m):])
	}
	if strings.HasPrefix(expr, "(") {
		return severalSeries(inParentheses(expr))
	}
	name := word.FindString(expr)
	rest := expr[len(name):]
	switch name {
	case "vector", "absent":
		return false
	case "sum", "min", "max", "avg", "count", "quantile":
		m := grouping.FindStringSubmatch(rest)
		return len(m) == 3 && (m[1] == "without" || strings.TrimSpace(m[2]) != "")
	case "last_over_time", "clamp_max", "clamp_min":
		return severalSeries(inParentheses(rest))
	case "histogram_quantile":
		_, histogram, _ := strings.Cut(inParentheses(rest), ",")
		return severalSeries(strings.Replace(histogram, "by (le)", "by ()", 1)) // it takes le away
	}
	return true // a selector, or a function that keeps the labels
}

// inParentheses returns what stands in the parentheses with which a text begins.
func inParentheses(text string) string {
	depth := 0
	for i, c := range text {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 && i > 0 {
			return text[1:i]
		}
	}
	return ""
}

func TestSeveralSeries(t *testing.T) {
	for _, tt := range []struct {
		expr string
		want bool
	}{
		{`up`, true},
		{`rate(x[5m])`, true},
		{`sum(x)`, false},
		{`sum by (a) (x)`, true},
		{`sum by () (x)`, false},
		{`sum without (a) (x)`, true},
		{`sum(max by (a) (x))`, false},
		{`topk(5, sum(x))`, true},
		{`60 * sum by (a) (x)`, true},
		{`1e+06 * sum(x)`, false},
		{`time() - max by (a) (x)`, true},
		{`time() - max(x)`, false},
		{"  (\n    sum(x) / sum(y)\n  )\nor\n  z", false},
		{`((sum by (a) (x))) - 1`, true},
		{`histogram_quantile(0.9, sum(rate(x[5m])))`, false},
		{`histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m])))`, false},
		{`histogram_quantile(0.9, sum by (a) (rate(x[5m])))`, true},
		{`vector(1) unless on () up`, false},
		{`last_over_time((sum(x))[1m:1m] offset 1d)`, false},
		{`clamp_max(max by (a) (x), 1)`, true},
	} {
		if got := severalSeries(tt.expr); got != tt.want {
			t.Errorf("severalSeries(%q) = %t, want %t", tt.expr, got, tt.want)
		}
	}
}
