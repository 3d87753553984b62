// Package kubernetes_test checks the manifests in deploy/kubernetes, and the chart in deploy/helm: it builds them as
// kustomize and helm do, decodes them strictly into the types of Kubernetes and of the Prometheus Operator, and looks at what they say of one another. It is
// a module of its own, so that who builds the exporter downloads nothing of Kubernetes.
package kubernetes_test

import (
	"errors"
	"slices"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/json"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// manifests are what a kustomization builds.
type manifests struct {
	deployment     apps.Deployment
	service        core.Service
	networkPolicy  networking.NetworkPolicy
	serviceMonitor monitoring.ServiceMonitor
	rule           monitoring.PrometheusRule
	claim          core.PersistentVolumeClaim
	configMaps     map[string]core.ConfigMap

	// names are "Kind name" of everything, sorted.
	names []string
	// all are the metadata of everything.
	all []meta.ObjectMeta
}

func emptyManifests() manifests { return manifests{configMaps: make(map[string]core.ConfigMap)} }

// build builds the kustomization in a folder, relative to deploy/kubernetes. What the types don't know is an error.
func build(t *testing.T, folder string) manifests {
	t.Helper()
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), "../"+folder)
	if err != nil {
		t.Fatal(err)
	}
	m := emptyManifests()
	for _, resource := range resources.Resources() {
		text, err := resource.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		m.decode(t, resource.GetKind(), text)
	}
	slices.Sort(m.names)
	return m
}

// decode adds a manifest, which is JSON. It does as the API server does: unlike encoding/json, it minds the case of keys.
func (m *manifests) decode(t *testing.T, kind string, text []byte) {
	t.Helper()
	into, keep := m.target(kind)
	if into == nil {
		t.Fatalf("a %s, which nothing here knows", kind)
	}
	unknown, err := json.UnmarshalStrict(text, into)
	if err := errors.Join(append(unknown, err)...); err != nil {
		t.Fatalf("%s: %v\n%s", kind, err, text)
	}
	m.all = append(m.all, keep())
	m.names = append(m.names, kind+" "+m.all[len(m.all)-1].Name)
}

// target returns what to decode a manifest into, and what keeps it then and returns its metadata.
func (m *manifests) target(kind string) (into any, keep func() meta.ObjectMeta) {
	switch kind {
	case "Deployment":
		return &m.deployment, func() meta.ObjectMeta { return m.deployment.ObjectMeta }
	case "Service":
		return &m.service, func() meta.ObjectMeta { return m.service.ObjectMeta }
	case "NetworkPolicy":
		return &m.networkPolicy, func() meta.ObjectMeta { return m.networkPolicy.ObjectMeta }
	case "ServiceMonitor":
		return &m.serviceMonitor, func() meta.ObjectMeta { return m.serviceMonitor.ObjectMeta }
	case "PrometheusRule":
		return &m.rule, func() meta.ObjectMeta { return m.rule.ObjectMeta }
	case "PersistentVolumeClaim":
		return &m.claim, func() meta.ObjectMeta { return m.claim.ObjectMeta }
	case "ConfigMap":
		configMap := new(core.ConfigMap)
		return configMap, func() meta.ObjectMeta {
			m.configMaps[configMap.Name] = *configMap
			return configMap.ObjectMeta
		}
	}
	return nil, nil
}
