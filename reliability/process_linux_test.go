package reliability_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"smartlead_exporter/internal/testkit"
)

// patience is how long a test waits for what should come at once; the machine may be busy.
const patience = time.Minute

// process is a running exporter.
type process struct {
	t       *testing.T
	cmd     *exec.Cmd
	address string
	client  *http.Client
}

// launch starts the exporter with a configuration, and ends it with the test.
func launch(t *testing.T, config string, args ...string) *process {
	t.Helper()
	path, err := testkit.Program()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "config.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 100}
	p := &process{t: t, client: &http.Client{Transport: transport, Timeout: patience}}
	p.cmd = exec.CommandContext(t.Context(), path, append([]string{"--config.file=" + file, "--web.listen-address=127.0.0.1:0"}, args...)...)
	p.cmd.Env = append(os.Environ(), "SMARTLEAD_API_KEY=the-key")
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	listens, log := make(chan string, 1), &bytes.Buffer{}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		listening := regexp.MustCompile(`msg="Listening on" address=(127\.0\.0\.1:\d+)`)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			log.Write(append(lines.Bytes(), '\n'))
			if match := listening.FindSubmatch(lines.Bytes()); match != nil {
				listens <- string(match[1])
			}
		}
	}()
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = p.cmd.Process.Kill()
		<-ended
		_ = p.cmd.Wait() // it was killed
		if t.Failed() {
			t.Logf("the exporter logged:\n%s", log.Bytes()[max(0, log.Len()-5000):])
		}
	})
	select {
	case p.address = <-listens:
	case <-ended:
		t.Fatal("the exporter ended")
	case <-time.After(patience):
		t.Fatal("the exporter doesn't listen")
	}
	return p
}

// answer is what a scrape got.
type answer struct {
	status int
	bytes  int
	series map[string]int // of each family
	own    map[string]float64
}

// scrape asks for /metrics with the deadline that Prometheus would give. The page is counted as it comes and not kept.
func (p *process) scrape(ctx context.Context, deadline time.Duration) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.address+"/metrics", http.NoBody)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", strconv.FormatFloat(deadline.Seconds(), 'f', -1, 64))
	resp, err := p.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode, series: map[string]int{}, own: map[string]float64{}}
	lines := bufio.NewReaderSize(resp.Body, 64<<10)
	for {
		line, err := lines.ReadSlice('\n')
		a.bytes += len(line)
		if err != nil {
			if len(line) == 0 && err.Error() == "EOF" {
				return a, nil
			}
			return a, fmt.Errorf("the page ends with %q: %w", line, err)
		}
		switch name, _, _ := bytes.Cut(line, []byte("{")); {
		case line[0] == '#' || resp.StatusCode != http.StatusOK:
		case len(name) < len(line):
			a.series[string(name)]++
		default:
			name, value, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
			a.own[name], _ = strconv.ParseFloat(value, 64)
		}
	}
}

// mustScrape is scrape for one that is expected to be served, at once or when those before have left their places.
func (p *process) mustScrape(deadline time.Duration) (a answer) {
	p.t.Helper()
	p.eventually("a scrape has a place", func() bool {
		var err error
		a, err = p.scrape(p.t.Context(), deadline)
		if err != nil || a.status != http.StatusOK && a.status != http.StatusServiceUnavailable {
			p.t.Fatalf("scrape got status %d and %v", a.status, err)
		}
		return a.status == http.StatusOK
	})
	return a
}

// eventually waits until a condition holds.
func (p *process) eventually(what string, holds func() bool) {
	p.t.Helper()
	ticks := time.NewTicker(100 * time.Millisecond)
	defer ticks.Stop()
	timeout := time.After(patience)
	for !holds() {
		select {
		case <-ticks.C:
		case <-timeout:
			p.t.Fatalf("after %s it isn't so that %s", patience, what)
		}
	}
}

// openFiles is how many files and connections the process has open.
func (p *process) openFiles() int {
	p.t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	return len(entries)
}

// peakMemory is the most memory the process ever had in use, in bytes, as the operating system counts it.
func (p *process) peakMemory() int {
	p.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "VmHWM:" {
			kib, err := strconv.Atoi(fields[1])
			if err != nil {
				p.t.Fatal(err)
			}
			return kib << 10
		}
	}
	p.t.Fatal("the process's status has no VmHWM")
	return 0
}
