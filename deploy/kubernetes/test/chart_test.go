package kubernetes_test

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/common"
	chartutil "helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"
)

const chartFolder = "../../helm/smartlead-exporter"

// everything are values that switch everything on.
const everything = `
reloadInterval: 30s
persistence: {enabled: true, storageClassName: fast}
serviceMonitor: {enabled: true, labels: {release: kube-prometheus-stack}}
prometheusRule: {enabled: true, labels: {release: kube-prometheus-stack}}
dashboards: {enabled: true}
imagePullSecrets: [{name: registry}]
image: {repository: registry.example.com/smartlead_exporter, tag: 1.2.3}
config:
  cache: {ttl: 45s}
  accounts:
    - {name: one, api_key_file: /run/secrets/smartlead_exporter/one, campaigns: [123456789, {id: 67890, name: "yes"}]}
extraArgs: [--log.level=debug]
podAnnotations: {note: "true"}
podLabels: {team: sales}
nodeSelector: {disk: ssd}
tolerations: [{key: dedicated, operator: Exists}]
affinity: {nodeAffinity: {}}
`

// values parses values as a file of --values has them.
func values(t *testing.T, text string) map[string]any {
	t.Helper()
	v, err := common.ReadValues([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// template renders the chart as helm template does, and returns its manifests as JSON.
func template(t *testing.T, release, text string) ([][]byte, error) {
	t.Helper()
	chart, err := loader.Load(chartFolder)
	if err != nil {
		t.Fatal(err)
	}
	options := common.ReleaseOptions{Name: release, Namespace: "monitoring", IsInstall: true, Revision: 1}
	rendered, err := chartutil.ToRenderValues(chart, values(t, text), options, common.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	files, err := engine.Render(chart, rendered)
	if err != nil {
		return nil, err
	}
	var found [][]byte
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !strings.HasSuffix(name, ".yaml") {
			continue
		}
		for _, document := range regexp.MustCompile(`(?m)^---$`).Split(files[name], -1) {
			if strings.TrimSpace(document) == "" {
				continue
			}
			text, err := yaml.YAMLToJSONStrict([]byte(document))
			if err != nil {
				t.Fatalf("%s: %v\n%s", name, err, document)
			}
			found = append(found, text)
		}
	}
	return found, nil
}

// install decodes what the chart renders, strictly.
func install(t *testing.T, release, text string) manifests {
	t.Helper()
	documents, err := template(t, release, text)
	if err != nil {
		t.Fatal(err)
	}
	m := emptyManifests()
	for _, document := range documents {
		var kind struct {
			Kind string `json:"kind"`
		}
		if err := yaml.Unmarshal(document, &kind); err != nil {
			t.Fatal(err)
		}
		m.decode(t, kind.Kind, document)
	}
	slices.Sort(m.names)
	return m
}

// TestChartLint is helm lint --strict.
func TestChartLint(t *testing.T) {
	for name, text := range map[string]string{"defaults": "{}", "everything": everything} {
		for _, message := range lint.RunAll(chartFolder, values(t, text), "monitoring").Messages {
			if message.Severity > support.InfoSev {
				t.Errorf("%s: %v", name, message)
			}
		}
	}
}

// TestChartIsTheManifests holds the chart's defaults against those of the manifests.
func TestChartIsTheManifests(t *testing.T) {
	chart, plain := install(t, "smartlead-exporter", "{}"), build(t, "exporter")
	pod, want := chart.deployment.Spec.Template.Spec, plain.deployment.Spec.Template.Spec
	if got := pod.Containers[0].Image; got != want.Containers[0].Image+":latest" {
		t.Errorf("the image is %s", got)
	}
	// What the two say in ways of their own.
	pod.Containers[0].Image, pod.Containers[0].ImagePullPolicy = want.Containers[0].Image, want.Containers[0].ImagePullPolicy
	configMap := want.Volumes[0].ConfigMap.Name
	want.Volumes[0].ConfigMap.Name = pod.Volumes[0].ConfigMap.Name
	for name, pair := range map[string][2]any{
		"pod":      {pod, want},
		"replicas": {chart.deployment.Spec.Replicas, plain.deployment.Spec.Replicas},
		"strategy": {chart.deployment.Spec.Strategy, plain.deployment.Spec.Strategy},
		"ports":    {chart.service.Spec.Ports, plain.service.Spec.Ports},
		"ingress":  {chart.networkPolicy.Spec.Ingress, plain.networkPolicy.Spec.Ingress},
		"egress":   {chart.networkPolicy.Spec.Egress, plain.networkPolicy.Spec.Egress},
		"types":    {chart.networkPolicy.Spec.PolicyTypes, plain.networkPolicy.Spec.PolicyTypes},
		"config":   {config(t, chart, pod.Volumes[0].ConfigMap.Name), config(t, plain, configMap)},
		"nothing":  {len(chart.names), len(plain.names)},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s: the chart has\n%+v\nand the manifests\n%+v", name, pair[0], pair[1])
		}
	}

	chart, plain = install(t, "smartlead-exporter", everything), build(t, "base")
	if !reflect.DeepEqual(chart.rule.Spec, plain.rule.Spec) {
		t.Error("the chart's rules aren't those of the manifests")
	}
	monitor, other := chart.serviceMonitor.Spec.Endpoints, plain.serviceMonitor.Spec.Endpoints
	if !reflect.DeepEqual(monitor, other) {
		t.Errorf("the chart scrapes by %+v, the manifests by %+v", monitor, other)
	}
	claim, like := chart.claim.Spec, build(t, "example").claim.Spec
	claim.StorageClassName = nil
	if !reflect.DeepEqual(claim, like) {
		t.Errorf("the chart claims %+v, the manifests %+v", claim, like)
	}
	dashboards := make(map[string]string)
	for _, configMap := range chart.configMaps {
		if configMap.Labels["grafana_dashboard"] == "1" {
			maps.Copy(dashboards, configMap.Data)
		}
	}
	files, err := filepath.Glob("../../../dashboards/*.json")
	if err != nil || len(files) != len(dashboards) {
		t.Fatalf("there are %d dashboards, and %d in the chart (%v)", len(files), len(dashboards), err)
	}
	for _, file := range files {
		if text, err := os.ReadFile(file); err != nil || dashboards[filepath.Base(file)] != string(text) {
			t.Errorf("%s isn't in the chart (%v)", file, err)
		}
	}
}

// config returns config.yml of a ConfigMap, read.
func config(t *testing.T, m manifests, configMap string) map[string]any {
	t.Helper()
	text := m.configMaps[configMap].Data["config.yml"]
	var content map[string]any
	if err := yaml.UnmarshalStrict([]byte(text), &content); err != nil || content == nil {
		t.Fatalf("%s: %v\n%s", configMap, err, text)
	}
	return content
}

func TestChartWithEverything(t *testing.T) {
	m := install(t, "sales", everything)
	template := m.deployment.Spec.Template
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	if result := policy.AggregateCheckResults(evaluator.EvaluatePod(level, &template.ObjectMeta, &template.Spec)); !result.Allowed {
		t.Errorf("not restricted: %s", result.ForbiddenDetail())
	}
	pod, service := labels.Set(template.Labels), labels.Set(m.service.Labels)
	for name, selects := range map[string]bool{
		"Deployment":     labels.SelectorFromSet(m.deployment.Spec.Selector.MatchLabels).Matches(pod),
		"Service":        labels.SelectorFromSet(m.service.Spec.Selector).Matches(pod),
		"NetworkPolicy":  labels.SelectorFromSet(m.networkPolicy.Spec.PodSelector.MatchLabels).Matches(pod),
		"ServiceMonitor": labels.SelectorFromSet(m.serviceMonitor.Spec.Selector.MatchLabels).Matches(service),
	} {
		if !selects {
			t.Errorf("the %s doesn't select what it is for", name)
		}
	}
	other := install(t, "support", everything)
	if labels.SelectorFromSet(m.service.Spec.Selector).Matches(labels.Set(other.deployment.Spec.Template.Labels)) {
		t.Error("one release's Service selects another one's pod")
	}
	if m.deployment.Name != "sales-smartlead-exporter" {
		t.Errorf("the Deployment is called %s", m.deployment.Name)
	}
	for i, object := range m.all {
		if strings.HasPrefix(m.names[i], "ServiceMonitor") || strings.HasPrefix(m.names[i], "PrometheusRule") {
			continue // another test's
		}
		if !strings.HasPrefix(object.Name, "sales-smartlead-exporter") {
			t.Errorf("there is a %s: two releases can't be in one namespace", m.names[i])
		}
	}
	container := template.Spec.Containers[0]
	want := []string{"--config.file=/etc/smartlead_exporter/config.yml", "--config.auto-reload-interval=30s", "--log.level=debug"}
	if !slices.Equal(container.Args, want) {
		t.Errorf("the arguments are %q, want %q", container.Args, want)
	}
	if container.Image != "registry.example.com/smartlead_exporter:1.2.3" {
		t.Errorf("the image is %s", container.Image)
	}
	if _, rolls := template.Annotations["checksum/config"]; rolls {
		t.Error("a change is loaded in place, and rolls out a new pod all the same")
	}
	text := m.configMaps["sales-smartlead-exporter"].Data["config.yml"]
	for _, line := range []string{"file: /var/lib/smartlead_exporter/cache", "ttl: 45s", "- 123456789", `name: "yes"`} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("the configuration lacks %s:\n%s", line, text)
		}
	}
}

// A change of the configuration, and nothing else, rolls out a new pod by default.
func TestChartRollsOut(t *testing.T) {
	checksum := func(text string) string {
		return install(t, "smartlead-exporter", text).deployment.Spec.Template.Annotations["checksum/config"]
	}
	before := checksum("{}")
	if before == "" || before != checksum("resources: {limits: {memory: 1Gi}}") {
		t.Error("the checksum isn't that of the configuration alone")
	}
	if before == checksum("config: {cache: {ttl: 5m}}") {
		t.Error("a change of the configuration changes nothing of the pod")
	}
}

// Values that the schema refuses, each with what the message names.
func TestChartSchema(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"replicas: 2", "replicas"},
		{"image: {repositry: x}", "repositry"},
		{"image: {pullPolicy: Sometimes}", "pullPolicy"},
		{"existingSecret: ''", "existingSecret"},
		{"config: {accounts: []}", "accounts"},
		{"config: {account: [{discovery: {}}]}", "account"},
		{"config: {accounts: [{api_key: secret-in-a-configmap}]}", "accounts"},
		{"reloadInterval: often", "reloadInterval"},
		{"persistence: {enabled: 'yes'}", "enabled"},
		{"persistence: {size: much}", "size"},
		{"serviceMonitor: {interval: 60}", "interval"},
		{"podLabels: {team: 7}", "team"},
		{"extraArgs: [log.level=debug]", "extraArgs"},
	} {
		if _, err := template(t, "smartlead-exporter", tc.text); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want a refusal that names %s", tc.text, err, tc.want)
		} else if strings.Contains(err.Error(), "secret-in-a-configmap") {
			t.Errorf("%s: the refusal repeats the key: %v", tc.text, err)
		}
	}
}
