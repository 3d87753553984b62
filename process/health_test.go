package process_test

import (
	"os"
	"strings"
	"testing"
)

func TestHealthFlag(t *testing.T) {
	running := start(t, launch{args: []string{"--demo"}})
	flag := "--web.listen-address=" + strings.TrimPrefix(running.url, "http://")

	healthy := run(t, launch{args: []string{"--health", flag}})
	if status := healthy.wait(); status != 0 || healthy.stdout.String() != "" || healthy.stderr.String() != "" {
		t.Errorf("while it runs: status %d, said %s%s", status, healthy.stdout, healthy.stderr)
	}

	running.signal(os.Interrupt)
	running.wait()
	unhealthy := run(t, launch{args: []string{"--health", flag}})
	if status := unhealthy.wait(); status != 1 {
		t.Errorf("once it has ended: status %d, want 1", status)
	}
	if said := unhealthy.stderr.String(); !strings.HasPrefix(said, "couldn't reach "+running.url+"/-/healthy: ") || strings.Count(said, "\n") != 1 {
		t.Errorf("once it has ended, said: %s", said)
	}
}
