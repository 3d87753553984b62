package smartlead_test

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"smartlead_exporter/smartlead/simulator"
)

// TestOtherModuleUsesClient builds the example, which is a module of its own, from this repository and the modules that are
// here already, and runs it. Its go.mod and go.sum are filled in as go mod tidy does it, but in a copy.
func TestOtherModuleUsesClient(t *testing.T) {
	t.Parallel()
	const example = "../examples/report"
	dir := t.TempDir()
	for from, to := range map[string]string{filepath.Join(example, "go.mod"): "report.mod", "../go.sum": "report.sum"} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, to), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(dir, "report")
	build := exec.CommandContext(t.Context(), "go", "build", "-mod=mod", "-modfile="+filepath.Join(dir, "report.mod"), "-o", program, ".")
	build.Dir = example
	build.Env = append(os.Environ(), "GOPROXY=off", "GOSUMDB=off", "GOWORK=off", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	sim, err := simulator.New(simulator.Options{
		Keys:      []string{"the-key"},
		Campaigns: []simulator.Campaign{{ID: 12345, Name: "Q4", Source: simulator.Rows(1500, 100)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	api := httptest.NewServer(sim)
	t.Cleanup(api.Close)
	for key, want := range map[string]string{
		"the-key": "Q4, step 1: 500 sent, 50 replied, 25 bounced\nQ4, step 2: 500 sent, 50 replied, 25 bounced\nQ4, step 3: 500 sent, 50 replied, 25 bounced\n",
		"wrong":   "report: GET /campaigns/: unauthorized (status 401): Invalid API Key\n",
	} {
		report := exec.CommandContext(t.Context(), program)
		report.Env = append(os.Environ(), "SMARTLEAD_API_KEY="+key, "SMARTLEAD_BASE_URL="+api.URL+simulator.DefaultPrefix)
		if out, err := report.CombinedOutput(); string(out) != want || (err == nil) != (key == "the-key") {
			t.Errorf("with the key %s: %v\n%s\nwant\n%s", key, err, out, want)
		}
	}
}
