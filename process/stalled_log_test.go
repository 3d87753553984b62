package process_test

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead/simulator"
)

// A log whose reader stalls, as a full pipe or a terminal that was stopped, stops neither scrapes nor the end.
func TestStalledLog(t *testing.T) {
	t.Parallel()
	const campaigns = 300 // of which the log has more to say than a pipe holds
	var simulated []simulator.Campaign
	var ids []string
	for id := range campaigns {
		simulated = append(simulated, testkit.Aggregated(id+1, 10))
		ids = append(ids, fmt.Sprint(id+1))
	}
	api := testkit.StartAPI(t, simulator.Options{Campaigns: simulated})
	program, err := testkit.Program()
	if err != nil {
		t.Fatal(err)
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	p := &process{t: t, client: newClient(t), stdout: newOutput(), stderr: newOutput(), ended: make(chan struct{})}
	p.cmd = exec.CommandContext(t.Context(), program, "--web.listen-address=127.0.0.1:0", "--log.level=debug", "--web.enable-lifecycle")
	p.cmd.Env = append(environment(), keyInEnv(testkit.Key)...)
	p.cmd.Dir = testkit.Write(t, map[string]string{"config.yml": api.Configure(
		"{cache: {ttl: 1ms}, accounts: [{base_url: API, rate_limit: {per_minute: 100000, per_hour: 1000000}, campaigns: [" + strings.Join(ids, ", ") + "]}]}",
	)})
	p.cmd.Stderr = writer
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	writer.Close()
	go func() {
		_ = p.cmd.Wait() // its status is asked for below
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
	})
	for lines := bufio.NewScanner(reader); p.url == "" && lines.Scan(); { // and nobody reads on
		if match := listening.FindStringSubmatch(lines.Text()); match != nil {
			p.url = "http://" + match[1]
		}
	}
	for range 2 {
		if r := p.get("/metrics", "X-Prometheus-Scrape-Timeout-Seconds", "1"); r.status != http.StatusOK {
			t.Errorf("a scrape got status %d", r.status)
		}
	}
	if r := p.get("/status"); r.status != http.StatusOK {
		t.Errorf("/status got status %d", r.status)
	}
	if r := p.post("/-/reload"); r.status != http.StatusOK {
		t.Errorf("the reload got status %d", r.status)
	}
	began := time.Now()
	p.signal(syscall.SIGTERM)
	if status := p.wait(); status != 0 {
		t.Errorf("exit status %d, want 0", status)
	}
	t.Logf("it ended %s after the signal", time.Since(began))
}
