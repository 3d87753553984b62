package e2e_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"smartlead_exporter/e2e/internal/programs"
	"smartlead_exporter/smartlead/simulator"
)

// exporter is the exporter's binary at work.
type exporter struct {
	t       *testing.T
	address string
	config  string // its file
	command programs.Command
	process *programs.Process
}

// startExporter starts the exporter with a configuration.
func startExporter(t *testing.T, config string) *exporter {
	t.Helper()
	file := write(t, filepath.Join(t.TempDir(), "config.yml"), config)
	return launchExporter(t, freeAddress(t), "--config.file="+file)
}

// startDemo starts the exporter with --demo.
func startDemo(t *testing.T) *exporter {
	t.Helper()
	return launchExporter(t, freeAddress(t), "--demo")
}

func launchExporter(t *testing.T, address, flag string) *exporter {
	t.Helper()
	e := &exporter{t: t, address: address, config: strings.TrimPrefix(flag, "--config.file=")}
	e.command = programs.Command{
		Name: "exporter " + flag, Path: binaries.exporter, Args: []string{"--web.listen-address=" + address, flag},
		Env: environment("SMARTLEAD_API_KEY=key"), Log: filepath.Join(t.TempDir(), "log"),
	}
	e.restart()
	return e
}

// restart starts the exporter (again) where it was.
func (e *exporter) restart() {
	e.t.Helper()
	e.process = start(e.t, e.url("/-/ready"), e.command)
}

// reload makes the exporter load its configuration anew.
func (e *exporter) reload() { e.process.Signal(syscall.SIGHUP) }

func (e *exporter) url(path string) string { return "http://" + e.address + path }

// metrics returns a scrape in the text format.
func (e *exporter) metrics() (string, error) { return get(e.t.Context(), e.url("/metrics")) }

// get returns the body that answers a request with status 200.
func get(ctx context.Context, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s answers %s: %s", url, resp.Status, body)
	}
	return string(body), nil
}

// startAPI serves simulated campaigns on a loopback address and returns the simulator and the base_url to configure.
func startAPI(t *testing.T, options simulator.Options) (sim *simulator.Simulator, baseURL string) {
	t.Helper()
	sim, err := simulator.New(options)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return sim, server.URL + simulator.DefaultPrefix
}

// account returns an item of a configuration's accounts. The budget is more than any test needs.
func account(name, baseURL string, more ...string) string {
	return fmt.Sprintf(`
  - name: %s
    base_url: %s
    rate_limit: {per_minute: 100000, per_hour: 1000000, concurrency: 8}
`, name, baseURL) + strings.Join(more, "")
}

// configuration returns a configuration of accounts, whose data counts as fresh for no longer than the tests' scrape
// intervals.
func configuration(accounts ...string) string {
	return "cache: {ttl: 100ms, max_stale: 1h}\naccounts:" + strings.Join(accounts, "")
}

const discovery = "    discovery: {}\n"
