package dashboards_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestAnnotations: graphs are marked where an exporter started, where it loaded its configuration, and where alerts fired.
func TestAnnotations(t *testing.T) {
	for _, d := range load(t) {
		of := map[string]string{}
		for _, a := range d.Annotations.List {
			of[a.Name] = a.Expr
			if a.Datasource == nil || a.Datasource.UID != "${datasource}" {
				t.Errorf("%s: the annotation %q asks %+v", d.file, a.Name, a.Datasource)
			}
		}
		for name, metric := range map[string]string{
			"Exporter started":     "process_start_time_seconds",
			"Configuration loaded": "smartlead_exporter_config_last_reload_success_timestamp_seconds",
			"Alerts":               `ALERTS{alertname=~"Smartlead.+",alertstate="firing"}`,
		} {
			if !strings.Contains(of[name], metric) {
				t.Errorf("%s: the annotation %q is of %q, want %s", d.file, name, of[name], metric)
			}
		}
	}
}

// TestRunbookLinks: each alert that can be listed leads to its section, which has the alert's name in small letters.
func TestRunbookLinks(t *testing.T) {
	alertName := regexp.MustCompile(`(?m)^ +- alert: (\w+)$`)
	names := map[string]bool{}
	for _, file := range []string{"../alerts/campaigns.rules.yml", "../alerts/exporter.rules.yml", "../alerts/mailboxes.rules.yml"} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range alertName.FindAllStringSubmatch(string(content), -1) {
			names[m[1]] = true
		}
	}
	for _, d := range load(t) {
		if d.file == "campaign.json" {
			continue
		}
		p := d.panel(t, "Alerts firing")
		var links []struct {
			URL string `json:"url"`
		}
		o := p.override("runbook")
		if o == nil || !o.property(t, "links", &links) || links[0].URL != "${__data.fields.url}#${__value.text}" {
			t.Errorf("%s: alerts don't link to the runbook: %+v", d.file, links)
		}
		linked := p.mappingsOf(t, "runbook")[0].Options
		for name := range names {
			var section text
			want := strings.ToLower(name)
			if err := json.Unmarshal(linked[name], &section); err != nil || section.Text != want {
				t.Errorf("%s: %s leads to the section %q (%v)", d.file, name, section.Text, err)
			}
		}
		for name := range linked {
			if !names[name] {
				t.Errorf("%s: there is no alert %s", d.file, name)
			}
		}
	}
}
