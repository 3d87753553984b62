package kubernetes_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "make the PrometheusRule of the rules in alerts anew")

const (
	ruleFile   = "../operator/prometheusrule.yaml"
	ruleHeader = "# Made of alerts/*.rules.yml: edit those, then run make manifests.\n"
)

// TestPrometheusRuleIsTheAlerts holds the one manifest that kustomize can't make of a file against what making it gives.
// With -update, it is made.
func TestPrometheusRuleIsTheAlerts(t *testing.T) {
	want := prometheusRule(t)
	if *update {
		if err := os.WriteFile(ruleFile, want, 0o644); err != nil { //nolint:gosec // Anyone may read it.
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(ruleFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s isn't what alerts/*.rules.yml make; run make manifests", ruleFile)
	}
}

// prometheusRule returns the manifest with the groups of all rule files, as they are written there, comments included.
func prometheusRule(t *testing.T) []byte {
	t.Helper()
	files, err := filepath.Glob("../../../alerts/*.rules.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no rules: %v", err)
	}
	var manifest struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Metadata   struct {
			Name   string
			Labels map[string]string
		}
		Spec struct{ Groups []yaml.Node }
	}
	manifest.APIVersion, manifest.Kind = "monitoring.coreos.com/v1", "PrometheusRule"
	manifest.Metadata.Name = "smartlead-exporter"
	manifest.Metadata.Labels = map[string]string{"app.kubernetes.io/name": "smartlead-exporter"}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var rules struct{ Groups []yaml.Node }
		if err := yaml.Unmarshal(text, &rules); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		manifest.Spec.Groups = append(manifest.Spec.Groups, rules.Groups...)
	}

	out := bytes.NewBufferString(ruleHeader)
	encoder := yaml.NewEncoder(out)
	encoder.SetIndent(2)
	if err := encoder.Encode(manifest); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestJobIsWhatAlertsAskFor keeps the alert that the exporter is down from being about a job that there never is.
func TestJobIsWhatAlertsAskFor(t *testing.T) {
	m := build(t, "base")
	relabelings := m.serviceMonitor.Spec.Endpoints[0].RelabelConfigs
	if len(relabelings) != 1 || relabelings[0].TargetLabel != "job" || relabelings[0].Replacement == nil {
		t.Fatalf("the ServiceMonitor relabels by %v, want a job alone", relabelings)
	}
	job := *relabelings[0].Replacement
	for _, group := range m.rule.Spec.Groups {
		for _, rule := range group.Rules {
			if rule.Alert == "SmartleadExporterDown" {
				if !strings.Contains(rule.Expr.String(), `job="`+job+`"`) {
					t.Errorf("the ServiceMonitor's job is %s; the alert asks for %s", job, rule.Expr.String())
				}
				return
			}
		}
	}
	t.Error("no alert SmartleadExporterDown")
}
