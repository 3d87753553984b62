package kubernetes_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

func TestNames(t *testing.T) {
	exporter := []string{
		"ConfigMap smartlead-exporter-HASH",
		"Deployment smartlead-exporter",
		"NetworkPolicy smartlead-exporter",
		"Service smartlead-exporter",
	}
	whole := slices.Sorted(slices.Values(append([]string{
		"ConfigMap smartlead-campaign",
		"ConfigMap smartlead-exporter-dashboard",
		"ConfigMap smartlead-mailboxes",
		"ConfigMap smartlead-overview",
		"PrometheusRule smartlead-exporter",
		"ServiceMonitor smartlead-exporter",
	}, exporter...)))
	withCache := slices.Sorted(slices.Values(append([]string{"PersistentVolumeClaim smartlead-exporter"}, whole...)))
	hash := regexp.MustCompile(`-[a-z0-9]{10}$`)
	for folder, want := range map[string][]string{"base": whole, "exporter": exporter, "example": withCache} {
		var got []string
		for _, name := range build(t, folder).names {
			if !strings.Contains(name, "dashboard") {
				name = hash.ReplaceAllString(name, "-HASH")
			}
			got = append(got, name)
		}
		if !slices.Equal(slices.Sorted(slices.Values(got)), want) {
			t.Errorf("%s: got %q, want %q", folder, got, want)
		}
	}
}

// TestPodIsRestricted holds the pod against the strictest of Kubernetes' Pod Security Standards, and against what they
// don't ask for.
func TestPodIsRestricted(t *testing.T) {
	template := build(t, "base").deployment.Spec.Template
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	result := policy.AggregateCheckResults(evaluator.EvaluatePod(level, &template.ObjectMeta, &template.Spec))
	if !result.Allowed {
		t.Errorf("not restricted: %s", result.ForbiddenDetail())
	}
	for _, container := range template.Spec.Containers {
		if ro := container.SecurityContext.ReadOnlyRootFilesystem; ro == nil || !*ro {
			t.Errorf("%s can write to its root", container.Name)
		}
		if container.Resources.Limits.Memory().IsZero() || container.Resources.Requests.Cpu().IsZero() {
			t.Errorf("%s lacks a limit of memory or a request for CPU", container.Name)
		}
	}
	if token := template.Spec.AutomountServiceAccountToken; token == nil || *token {
		t.Error("the pod gets a token that it has no use for")
	}
}

func TestSelectors(t *testing.T) {
	for _, folder := range []string{"base", "example"} {
		m := build(t, folder)
		pod, service := labels.Set(m.deployment.Spec.Template.Labels), labels.Set(m.service.Labels)
		for name, selects := range map[string]bool{
			"Deployment":     labels.SelectorFromSet(m.deployment.Spec.Selector.MatchLabels).Matches(pod),
			"Service":        labels.SelectorFromSet(m.service.Spec.Selector).Matches(pod),
			"NetworkPolicy":  labels.SelectorFromSet(m.networkPolicy.Spec.PodSelector.MatchLabels).Matches(pod),
			"ServiceMonitor": labels.SelectorFromSet(m.serviceMonitor.Spec.Selector.MatchLabels).Matches(service),
		} {
			if !selects {
				t.Errorf("%s: %s doesn't select what it is for", folder, name)
			}
		}
	}
}

func TestPorts(t *testing.T) {
	m := build(t, "base")
	container := m.deployment.Spec.Template.Spec.Containers[0]
	port := container.Ports[0]
	if port.ContainerPort != 10045 || len(container.Ports) != 1 {
		t.Errorf("the container's ports are %v, want 10045 alone", container.Ports)
	}
	named := intstr.FromString(port.Name)
	for name, got := range map[string]intstr.IntOrString{
		"liveness":      container.LivenessProbe.HTTPGet.Port,
		"readiness":     container.ReadinessProbe.HTTPGet.Port,
		"Service":       m.service.Spec.Ports[0].TargetPort,
		"NetworkPolicy": *m.networkPolicy.Spec.Ingress[0].Ports[0].Port,
	} {
		if got != named {
			t.Errorf("%s is for port %v, want %v", name, got.String(), port.Name)
		}
	}
	if got, want := m.serviceMonitor.Spec.Endpoints[0].Port, m.service.Spec.Ports[0].Name; got != want {
		t.Errorf("the ServiceMonitor scrapes port %q, the Service has %q", got, want)
	}
}

func TestProbesAskWhatTheExporterAnswers(t *testing.T) {
	container := build(t, "base").deployment.Spec.Template.Spec.Containers[0]
	if got := container.LivenessProbe.HTTPGet.Path; got != "/-/healthy" {
		t.Errorf("liveness asks %s", got)
	}
	if got := container.ReadinessProbe.HTTPGet.Path; got != "/-/ready" {
		t.Errorf("readiness asks %s", got)
	}
}

// TestConfiguration follows the flag to the file, and the file to the key.
func TestConfiguration(t *testing.T) {
	for _, folder := range []string{"base", "example"} {
		m := build(t, folder)
		spec := m.deployment.Spec.Template.Spec
		mounts := make(map[string]string) // by volume
		for _, mount := range spec.Containers[0].VolumeMounts {
			mounts[mount.Name] = mount.MountPath
		}
		config, key := spec.Volumes[0], spec.Volumes[1]

		text := m.configMaps[config.ConfigMap.Name].Data["config.yml"]
		if text == "" {
			t.Fatalf("%s: no config.yml in the ConfigMap %s", folder, config.ConfigMap.Name)
		}
		if flag := "--config.file=" + mounts[config.Name] + "/config.yml"; !slices.Contains(spec.Containers[0].Args, flag) {
			t.Errorf("%s: arguments %q, want %s", folder, spec.Containers[0].Args, flag)
		}
		if file := mounts[key.Name] + "/api_key"; !strings.Contains(text, "api_key_file: "+file+"\n") {
			t.Errorf("%s: the configuration reads the key from elsewhere than %s", folder, file)
		}
		if *key.Secret.DefaultMode != 0o440 || *spec.SecurityContext.FSGroup != *spec.SecurityContext.RunAsGroup {
			t.Errorf("%s: the key is unreadable to the exporter, or readable to others", folder)
		}
	}
}

func TestDashboardsAreTheFiles(t *testing.T) {
	m := build(t, "base")
	files, err := filepath.Glob("../../../dashboards/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dashboards: %v", err)
	}
	got := make(map[string]string)
	for _, configMap := range m.configMaps {
		if configMap.Labels["grafana_dashboard"] == "1" {
			maps.Copy(got, configMap.Data)
		}
	}
	for _, file := range files {
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got[filepath.Base(file)] != string(want) {
			t.Errorf("%s is in no ConfigMap, or another text is", file)
		}
		delete(got, filepath.Base(file))
	}
	if len(got) > 0 {
		t.Errorf("ConfigMaps with files that aren't: %q", slices.Collect(maps.Keys(got)))
	}
}

func TestExampleAdapts(t *testing.T) {
	m := build(t, "example")
	for i, object := range m.all {
		if object.Namespace != "monitoring" || object.Labels["release"] != "kube-prometheus-stack" {
			t.Errorf("%s is in namespace %q with labels %v", m.names[i], object.Namespace, object.Labels)
		}
	}
	if got := m.deployment.Spec.Template.Spec.Containers[0].Image; got != "registry.example.com/smartlead_exporter:1.2.3" {
		t.Errorf("the image is %s", got)
	}
	var config core.ConfigMap
	for name, configMap := range m.configMaps {
		if strings.HasPrefix(name, "smartlead-exporter-") && configMap.Data["config.yml"] != "" {
			config = configMap
		}
	}
	if !strings.Contains(config.Data["config.yml"], "name: agency") {
		t.Errorf("the configuration is %q", config.Data["config.yml"])
	}
}

// The component of the cache adds a volume that the exporter may write to, where config.yml has its file, and nothing else.
func TestCache(t *testing.T) {
	m, plain := build(t, "example"), build(t, "base")
	spec, before := m.deployment.Spec.Template.Spec, plain.deployment.Spec.Template.Spec
	if len(spec.Volumes) != len(before.Volumes)+1 || len(spec.Containers[0].VolumeMounts) != len(before.Containers[0].VolumeMounts)+1 {
		t.Fatalf("the volumes are %v, mounted as %v", spec.Volumes, spec.Containers[0].VolumeMounts)
	}
	volume, mount := spec.Volumes[len(before.Volumes)], spec.Containers[0].VolumeMounts[len(before.Volumes)]
	if volume.PersistentVolumeClaim == nil || volume.PersistentVolumeClaim.ClaimName != m.claim.Name {
		t.Errorf("the volume is %v, want the claim %s", volume, m.claim.Name)
	}
	if volume.Name != mount.Name || mount.ReadOnly {
		t.Errorf("%v isn't mounted to be written to: %v", volume, mount)
	}
	if m.deployment.Spec.Strategy.Type != apps.RecreateDeploymentStrategyType || !slices.Contains(m.claim.Spec.AccessModes, core.ReadWriteOnce) {
		t.Error("two pods may want the volume at once")
	}
	for _, configMap := range m.configMaps {
		if text, ok := configMap.Data["config.yml"]; ok && !strings.Contains(text, "file: "+mount.MountPath+"/") {
			t.Errorf("the configuration keeps nothing in %s:\n%s", mount.MountPath, text)
		}
	}
}

// With the component that reloads, the ConfigMap keeps its name, whatever is in it, and the exporter looks for changes.
func TestReload(t *testing.T) {
	m := build(t, "test/testdata/reload")
	if _, ok := m.configMaps["smartlead-exporter"]; !ok {
		t.Errorf("the ConfigMaps are %q", slices.Collect(maps.Keys(m.configMaps)))
	}
	spec := m.deployment.Spec.Template.Spec
	if name := spec.Volumes[0].ConfigMap.Name; name != "smartlead-exporter" {
		t.Errorf("the exporter reads the ConfigMap %s", name)
	}
	if args := spec.Containers[0].Args; len(args) != 2 || args[1] != "--config.auto-reload-interval=30s" {
		t.Errorf("the arguments are %q", args)
	}
}
