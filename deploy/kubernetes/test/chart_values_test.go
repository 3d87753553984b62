package kubernetes_test

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"
	"helm.sh/helm/v4/pkg/strvals"
	"sigs.k8s.io/yaml"
)

// Each switch by itself: helm lint --strict has nothing to say, what is rendered decodes strictly, and is what the switch
// is for.
func TestChartSwitches(t *testing.T) {
	plain := []string{"ConfigMap", "Deployment", "NetworkPolicy", "Service"}
	with := func(kinds ...string) []string { return slices.Sorted(slices.Values(append(kinds, plain...))) }
	for _, tc := range []struct {
		text string
		want []string // kinds
	}{
		{"{}", plain},
		{"networkPolicy: {enabled: false}", []string{"ConfigMap", "Deployment", "Service"}},
		{"persistence: {enabled: true}", with("PersistentVolumeClaim")},
		{"persistence: {enabled: true, size: 1Gi}", with("PersistentVolumeClaim")},
		{"persistence: {enabled: true}\nconfig: {cache: {file: /var/lib/smartlead_exporter/other}, accounts: [{discovery: {}}]}", with("PersistentVolumeClaim")},
		{"serviceMonitor: {enabled: true}", with("ServiceMonitor")},
		{"serviceMonitor: {enabled: true, interval: 5m, scrapeTimeout: 1m30s, labels: {release: x}}", with("ServiceMonitor")},
		{"prometheusRule: {enabled: true}", with("PrometheusRule")},
		{"dashboards: {enabled: true}", with("ConfigMap", "ConfigMap", "ConfigMap", "ConfigMap")},
		{"dashboards: {enabled: true, labels: {team: sales, grafana_dashboard: yes-please}}", with("ConfigMap", "ConfigMap", "ConfigMap", "ConfigMap")},
		{"reloadInterval: 1m30s", plain},
		{"resources: {}", plain},
		{"nameOverride: smartlead", plain},
		{"fullnameOverride: " + strings.Repeat("x", 63), plain},
		{"fullnameOverride: " + strings.Repeat("x", 63) + "\ndashboards: {enabled: true}", with("ConfigMap", "ConfigMap", "ConfigMap", "ConfigMap")},
		{"image: {repository: registry.example.com:5000/team/smartlead_exporter, tag: '1.20'}", plain},
		{"podAnnotations: {a: 'true', b: '1'}\npodLabels: {c: ''}", plain},
		{"tolerations: [{operator: Exists}]\nnodeSelector: {a: b}", plain},
		{"imagePullSecrets: [{name: a}, {name: b}]", plain},
		{"config: {accounts: [{name: \"a: 'b' #c\", campaigns: [9007199254740991, {id: 5, name: \"{{ .Values }}\"}]}]}", plain},
		{"global: {anything: 1}", plain},
	} {
		t.Run(tc.text, func(t *testing.T) {
			for _, message := range lint.RunAll(chartFolder, values(t, tc.text), "monitoring").Messages {
				if message.Severity > support.InfoSev {
					t.Error(message)
				}
			}
			m := install(t, "release", tc.text)
			var kinds []string
			for _, name := range m.names {
				kind, called, _ := strings.Cut(name, " ")
				kinds = append(kinds, kind)
				if len(called) > 63 {
					t.Errorf("%s has a name of %d characters", kind, len(called))
				}
			}
			slices.Sort(kinds)
			if !slices.Equal(kinds, tc.want) {
				t.Errorf("there are %q, want %q", kinds, tc.want)
			}
			if asked := values(t, tc.text)["config"]; asked != nil {
				assertHolds(t, config(t, m, m.deployment.Spec.Template.Spec.Volumes[0].ConfigMap.Name), asked.(map[string]any))
			}
		})
	}
}

// assertHolds checks that config.yml says what the values say, whatever else it says.
func assertHolds(t *testing.T, got, want map[string]any) {
	t.Helper()
	for key, value := range want {
		a, errA := yaml.Marshal(got[key])
		b, errB := yaml.Marshal(value)
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("config.yml has %s: %s, want %s", key, a, b)
		}
	}
}

// Without persistence, a file of the configuration's own stays as it is, and with it the volume's comes in.
func TestChartCacheFile(t *testing.T) {
	for text, want := range map[string]string{
		"{}": "", "persistence: {enabled: true}": "/var/lib/smartlead_exporter/cache",
		"config: {cache: {ttl: 1m}, accounts: [{discovery: {}}]}\npersistence: {enabled: true}":                                 "/var/lib/smartlead_exporter/cache",
		"config: {cache: {file: /var/lib/smartlead_exporter/other}, accounts: [{discovery: {}}]}\npersistence: {enabled: true}": "/var/lib/smartlead_exporter/other",
	} {
		m := install(t, "release", text)
		cache, _ := config(t, m, m.deployment.Spec.Template.Spec.Volumes[0].ConfigMap.Name)["cache"].(map[string]any)
		if file, _ := cache["file"].(string); file != want {
			t.Errorf("%s: cache.file is %q, want %q", text, file, want)
		}
	}
}

// The commands of the documentation render: each chart's folder is there, and each value is one that the schema knows.
func TestDocumentedHelmCommands(t *testing.T) {
	command := regexp.MustCompile(`(?m)^\s*helm (?:install|upgrade|template) .*(?:\\\n.*)*`)
	found := 0
	for _, page := range []string{"../../../README.md", "../../../docs/installation.md", "../../helm/smartlead-exporter/values.yaml"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range command.FindAllString(string(text), -1) {
			found++
			words := strings.Fields(strings.ReplaceAll(line, "\\\n", " "))
			set := map[string]any{}
			for i := 2; i < len(words); i++ {
				switch words[i] {
				case "--set":
					if err := strvals.ParseInto(words[i+1], set); err != nil {
						t.Errorf("%s: %v", words[i+1], err)
					}
					i++
				case "--namespace":
					i++
				}
			}
			if words[3] != "deploy/helm/smartlead-exporter" {
				t.Errorf("%s installs %s", page, words[3])
			}
			given, err := yaml.Marshal(set)
			if err != nil {
				t.Fatal(err)
			}
			m := install(t, words[2], string(given))
			for kind, key := range map[string]string{
				"ServiceMonitor": "serviceMonitor", "PrometheusRule": "prometheusRule", "PersistentVolumeClaim": "persistence",
			} {
				wanted := set[key] != nil
				if there := slices.ContainsFunc(m.names, func(name string) bool { return strings.HasPrefix(name, kind+" ") }); there != wanted {
					t.Errorf("%s: there being a %s is %v, want %v", page, kind, there, wanted)
				}
			}
		}
	}
	if found == 0 {
		t.Error("no command was found")
	}
}
