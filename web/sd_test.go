package web_test

import (
	"strings"
	"testing"

	"smartlead_exporter/internal/testkit"
)

// The targets are under the name by which the exporter was asked, which is the one that Prometheus can reach it by.
func TestServiceDiscoveryNamesItsHost(t *testing.T) {
	t.Parallel()
	h := handle(t, defaults(), testkit.NewFetcher(), 1)
	w := h.get(t, "http://exporter.example:1234/sd")
	if want := `"targets":["exporter.example:1234"]`; !strings.Contains(w.Body.String(), want) {
		t.Errorf("%s, want %s in it", w.Body, want)
	}
}
