// Package e2e_test runs the exporter's binary between a simulated API, a real Prometheus and a real Alertmanager, all
// on loopback addresses: `make e2e`.
package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"smartlead_exporter/e2e/internal/programs"
)

// repository is the root of the checkout.
const repository = ".."

// patience is how long a test waits for what should come within seconds.
const patience = 2 * time.Minute

// installation is where the pinned programs are.
var installation = programs.Installation{Repository: repository, ToolsDir: filepath.Join(repository, ".tools")}

// binaries are the absolute paths of what the tests run.
var binaries struct {
	exporter, prometheus, promtool, alertmanager string
}

func TestMain(m *testing.M) {
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	folder, err := os.MkdirTemp("", "smartlead-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(folder) }()
	if err := prepare(folder); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// prepare finds the programs and builds the exporter.
func prepare(folder string) error {
	if dir := os.Getenv("TOOLS_DIR"); dir != "" {
		installation.ToolsDir = dir
	}
	for _, p := range []struct {
		path    *string
		program programs.Program
	}{
		{&binaries.prometheus, programs.Prometheus},
		{&binaries.promtool, programs.Promtool},
		{&binaries.alertmanager, programs.Alertmanager},
	} {
		path, err := installation.Path(p.program)
		if err != nil {
			return err
		}
		*p.path = path
	}
	binaries.exporter = filepath.Join(folder, "smartlead_exporter")
	build := exec.CommandContext(context.Background(), "go", "build", "-o", binaries.exporter, ".")
	build.Dir = repository
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("couldn't build the exporter: %w\n%s", err, out)
	}
	return nil
}
