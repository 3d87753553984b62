package process_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"smartlead_exporter/internal/testkit"
)

// One command, without a key, a file or a network, shows campaigns.
func TestDemo(t *testing.T) {
	t.Parallel()
	p := start(t, launch{args: []string{"--demo"}})
	first := p.scrape()
	campaigns := map[string]bool{}
	for series, value := range first {
		if match := regexp.MustCompile(`^smartlead_sent_total\{campaign_id="(\d+)"`).FindStringSubmatch(series); match != nil && value > 0 {
			campaigns[match[1]] = true
		}
	}
	if len(campaigns) < 6 {
		t.Errorf("%d campaigns have sent something, want half a dozen", len(campaigns))
	}
	if !strings.Contains(p.get("/metrics").body, `campaign_name="Founders Q4"`) {
		t.Error("the campaigns have no names")
	}
	p.awaitLog(regexp.MustCompile(`level=info .*msg="the data is SIMULATED: .*look_at=/metrics`))

	if n := testkit.CountLines(p.stderr.String(), "level=warn") + testkit.CountLines(p.stderr.String(), "level=error"); n > 0 {
		t.Errorf("%d lines of warnings or errors", n)
	}
	for _, remote := range connections(t, p) {
		t.Errorf("the demonstration speaks to %s", remote)
	}
}

// connections returns to whom a process has connections beside those on its own port.
func connections(t *testing.T, p *process) (remote []string) {
	t.Helper()
	if runtime.GOOS != "linux" {
		return nil // it is the same program there
	}
	sockets := map[string]bool{}
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		target, _ := os.Readlink(link) // it may be closed by now
		if inode, ok := strings.CutPrefix(target, "socket:["); ok {
			sockets[strings.TrimSuffix(inode, "]")] = true
		}
	}
	if len(sockets) == 0 {
		t.Error("found no socket of the process, not even the one that it listens on")
	}
	var port int
	if _, err := fmt.Sscanf(p.url, "http://127.0.0.1:%d", &port); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"tcp", "tcp6", "udp", "udp6"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", p.cmd.Process.Pid, table))
		if err != nil {
			continue // no such protocol here
		}
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line)
			if len(fields) > 9 && sockets[fields[9]] && !strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", port)) {
				remote = append(remote, table+" "+fields[2])
			}
		}
	}
	return remote
}
