package dashboards_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	toDashboard = regexp.MustCompile(`/d/([^"/?#]*)(?:\?([^"#]*))?`)
	handedOver  = regexp.MustCompile(`^\$\{(\w+):queryparam\}$`)
)

// TestLinks: dashboards link to each other and to nothing else, and no link hands over several values to a variable of
// one: it would choose "$__all", which no campaign has for an id.
func TestLinks(t *testing.T) {
	byUID := map[string]dashboard{}
	dashboards := load(t)
	for _, d := range dashboards {
		byUID[d.UID] = d
	}
	for _, d := range dashboards {
		for _, uid := range slices.Collect(maps.Values(uids)) {
			links := slices.ContainsFunc(d.Links, func(l link) bool {
				return strings.HasPrefix(l.URL, "/d/"+uid+"?") && l.KeepTime && !l.IncludeVars
			})
			if links == (uid == d.UID) {
				t.Errorf("%s: links to the others, with time and only the variables that it names, and not to itself: not so for %s", d.file, uid)
			}
		}
		for _, m := range toDashboard.FindAllStringSubmatch(string(d.text), -1) {
			to, ok := byUID[m[1]]
			if !ok {
				t.Errorf("%s: links to %q, which isn't one of %v", d.file, m[1], uids)
				continue
			}
			for param := range strings.SplitSeq(m[2], "&") {
				checkParameter(t, d, to, param)
			}
			for _, name := range []string{"datasource", "account"} {
				if !strings.Contains(m[2], "${"+name+":queryparam}") {
					t.Errorf("%s: %s doesn't hand over %s", d.file, m[0], name)
				}
			}
		}
	}
}

// checkParameter checks what a link from one dashboard to another says in a parameter.
func checkParameter(t *testing.T, from, to dashboard, param string) {
	t.Helper()
	if param == "${__url_time_range}" {
		return
	}
	if m := handedOver.FindStringSubmatch(param); m != nil {
		here, there := from.variable(m[1]), to.variable(m[1])
		switch {
		case here == nil || there == nil:
			t.Errorf("%s: a link to %s hands over %s, which one of them doesn't have", from.file, to.file, m[1])
		case (here.Multi || here.IncludeAll) && !there.Multi:
			t.Errorf("%s: a link to %s hands over several values of %s, which takes one", from.file, to.file, m[1])
		}
		return
	}
	name, value, _ := strings.Cut(param, "=")
	if !strings.HasPrefix(name, "var-") || to.variable(strings.TrimPrefix(name, "var-")) == nil {
		t.Errorf("%s: a link to %s has %q, which is no variable of it", from.file, to.file, param)
	}
	if !strings.HasPrefix(value, "${__data.fields.") && !strings.HasPrefix(value, "${__field.labels.") {
		t.Errorf("%s: a link to %s has %q; want the value of a row", from.file, to.file, param)
	}
}

// variable returns the variable of a name, or nil.
func (d *dashboard) variable(name string) *variable {
	for i := range d.Templating.List {
		if d.Templating.List[i].Name == name {
			return &d.Templating.List[i]
		}
	}
	return nil
}

// TestDefaultDataSource: without this choice Grafana opens the data source that comes first in the alphabet.
func TestDefaultDataSource(t *testing.T) {
	for _, d := range load(t) {
		if v := d.variable("datasource"); v == nil || v.Current.Text != "default" || v.Current.Value != "default" {
			t.Errorf("%s: the variable datasource doesn't begin with Grafana's default: %+v", d.file, v)
		}
	}
}
