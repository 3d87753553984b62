package process_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"smartlead_exporter/internal/testkit"
)

func TestBadFlags(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args []string
		env  []string
		want string
	}{
		{args: []string{"--no-such-flag"}, want: "--no-such-flag"},
		{args: []string{"--api-key=" + testkit.Key}, want: "unknown long flag '--api-key'"},
		{args: []string{"config.yml"}, want: "unexpected config.yml"},
		{args: []string{"--config.file"}, want: "--config.file"},
		{args: []string{"--log.level=loud"}, want: "--log.level=loud: enum value must be one of debug,info,warn,error"},
		{args: []string{"--log.format=xml"}, want: "--log.format=xml: enum value must be one of logfmt,json"},
		{args: []string{"--scrape.timeout=soon"}, want: `--scrape.timeout=soon: time: invalid duration "soon"`},
		{args: []string{"--scrape.timeout=0s"}, want: "--scrape.timeout=0s"},
		{args: []string{"--scrape.timeout-offset=-1s"}, want: "--scrape.timeout-offset=-1s"},
		{args: []string{"--config.auto-reload-interval=-1s"}, want: "--config.auto-reload-interval=-1s: write 0s (never), or 1s and more"},
		{args: []string{"--config.auto-reload-interval=1ms"}, want: "--config.auto-reload-interval=1ms: write 0s"},
		{args: []string{"--config.auto-reload-interval=30"}, want: "--config.auto-reload-interval=30: time: missing unit"},
		{args: []string{"--web.max-requests=-1"}, want: "--web.max-requests=-1"},
		{args: []string{"--web.max-requests=many"}, want: "--web.max-requests=many: invalid syntax; see --help"},
		{args: []string{"--web.telemetry-path=metrics"}, want: "--web.telemetry-path=metrics: write a path that begins with /"},
		{args: []string{"--web.telemetry-path=/{id}"}, want: "--web.telemetry-path=/{id}"},
		{args: []string{"--web.telemetry-path=/a b"}, want: "--web.telemetry-path=/a b"},
		{args: []string{"--web.telemetry-path=//metrics"}, want: "--web.telemetry-path=//metrics"},
		{args: []string{"--web.telemetry-path=/a/../metrics"}, want: "--web.telemetry-path=/a/../metrics"},
		{args: []string{"--web.telemetry-path=/-/healthy"}, want: "--web.telemetry-path=/-/healthy"},
		{args: []string{"--web.telemetry-path=/probe"}, want: "--web.telemetry-path=/probe"},
		{args: []string{"--web.telemetry-path=/debug/pprof/"}, want: "--web.telemetry-path=/debug/pprof/"},
		{args: []string{"--web.telemetry-path=/status/campaigns/1"}, want: "--web.telemetry-path=/status/campaigns/1: this path has another meaning"},
		{args: []string{"--web.telemetry-path=/docs/metrics"}, want: "--web.telemetry-path=/docs/metrics: this path has another meaning"},
		{args: []string{"--web.listen-address="}, want: "--web.listen-address=: write a host and a port"},
		{args: []string{"--backfill=h.om"}, want: "--backfill.label: no job"},
		{args: []string{"--backfill=h.om", "--backfill.step=soon"}, want: "--backfill.step=soon: "},
		{args: []string{"--backfill.since=2026-01-01"}, want: "write the file as well"},
		{env: []string{"SMARTLEAD_EXPORTER_SCRAPE_TIMEOUT=soon"}, want: "SMARTLEAD_EXPORTER_SCRAPE_TIMEOUT=soon in the environment: "},
		{env: []string{"SMARTLEAD_EXPORTER_WEB_ENABLE_PPROF=maybe"}, want: "SMARTLEAD_EXPORTER_WEB_ENABLE_PPROF=maybe in the environment: invalid syntax"},
		{env: []string{"SMARTLEAD_EXPORTER_LOG_LEVEL=loud"}, want: "SMARTLEAD_EXPORTER_LOG_LEVEL=loud in the environment: enum value"},
	} {
		t.Run(strings.Join(append(tc.args, tc.env...), " "), func(t *testing.T) {
			t.Parallel()
			p := run(t, launch{args: append([]string{"--demo", "--web.listen-address=127.0.0.1:0"}, tc.args...), env: tc.env})
			if status := p.wait(); status != 1 {
				t.Errorf("exit status %d, want 1", status)
			}
			stderr := p.stderr.String()
			if strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "smartlead_exporter: ") || !strings.Contains(stderr, tc.want) {
				t.Errorf("stderr is %q, want one line that mentions %q", stderr, tc.want)
			}
			if strings.Contains(stderr, testkit.Key) {
				t.Error("stderr has the value of a flag that isn't one")
			}
			if got := p.stdout.String(); got != "" {
				t.Errorf("stdout is %q, want nothing", got)
			}
		})
	}
}

func TestFlagsByEnvironment(t *testing.T) {
	t.Parallel()
	p := run(t, launch{env: []string{
		"SMARTLEAD_EXPORTER_DEMO=true",
		"SMARTLEAD_EXPORTER_WEB_LISTEN_ADDRESS=127.0.0.1:0",
		"SMARTLEAD_EXPORTER_WEB_TELEMETRY_PATH=/numbers",
		"SMARTLEAD_EXPORTER_WEB_ENABLE_LIFECYCLE=true",
		"SMARTLEAD_EXPORTER_WEB_ENABLE_PPROF=true",
		"SMARTLEAD_EXPORTER_LOG_LEVEL=debug",
		// What others set for purposes of their own: no flags.
		"SMARTLEAD_EXPORTER_VERSION=1.2.3",
		"SMARTLEAD_EXPORTER_HELP=me",
	}})
	p.url = "http://" + p.awaitLog(listening)[1]
	for path, want := range map[string]int{
		"/numbers": http.StatusOK, "/metrics": http.StatusNotFound, "/debug/pprof/cmdline": http.StatusOK,
	} {
		if got := p.get(path).status; got != want {
			t.Errorf("%s got status %d, want %d", path, got, want)
		}
	}
	if got := p.post("/-/reload").status; got != http.StatusOK {
		t.Errorf("/-/reload got status %d", got)
	}
	p.get("/numbers")
	p.awaitLog(regexp.MustCompile("level=debug"))

	// The command line wins.
	p = run(t, launch{args: []string{"--log.level=debug"}, env: []string{"SMARTLEAD_EXPORTER_LOG_LEVEL=loud", "SMARTLEAD_EXPORTER_CONFIG_CHECK=true"}})
	if status, stderr := p.wait(), p.stderr.String(); status != 1 || !strings.HasPrefix(stderr, "config.yml: no such file") {
		t.Errorf("exit status %d and %q, want that the configuration is missing", status, stderr)
	}
}

// A build without a version, which these tests run, says so wherever a version is shown.
func TestVersion(t *testing.T) {
	t.Parallel()
	p := run(t, launch{args: []string{"--version"}})
	if status := p.wait(); status != 0 {
		t.Errorf("exit status %d, want 0", status)
	}
	if got := p.stdout.String(); !strings.HasPrefix(got, "smartlead_exporter, version unreleased (branch: unknown, ") || !strings.Contains(got, "go version:") {
		t.Errorf("stdout is %q", got)
	}
	p = start(t, launch{args: []string{"--demo"}})
	for where, text := range map[string]string{
		"the log": p.awaitLog(regexp.MustCompile(`msg="starting smartlead_exporter".*`))[0], "the start page": p.get("/").body,
	} {
		if !strings.Contains(text, "(version=unreleased, branch=unknown, revision=") {
			t.Errorf("%s doesn't name the build: %s", where, text)
		}
	}
	if text := p.get("/metrics").body; !regexp.MustCompile(`\nsmartlead_exporter_build_info\{branch="unknown",.*version="unreleased"\} 1\n`).MatchString(text) {
		t.Error("smartlead_exporter_build_info doesn't name the build")
	}
}

// --help tells of every flag, and of no key, in lines that fit a terminal.
func TestHelp(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"--help", "-h"} {
		p := run(t, launch{args: []string{flag}})
		if status := p.wait(); status != 0 {
			t.Errorf("exit status %d, want 0", status)
		}
		help := p.stdout.String()
		for _, want := range []string{
			"--config.file=", "--[no-]config.check", "--[no-]config.check-online", "--config.auto-reload-interval=0s", "--[no-]demo", "--demo.api-address=", "--backfill=", "--backfill.step=1h", "--backfill.since=",
			"--backfill.until=", "--backfill.label=", "--web.listen-address=:10045",
			"--web.config.file=", "--web.telemetry-path=", "--[no-]web.enable-lifecycle", "--[no-]web.enable-pprof",
			"--web.max-requests=40", "--scrape.timeout=10s", "--scrape.timeout-offset=0.5s", "--log.level=info",
			"--log.format=logfmt", "--[no-]version",
		} {
			if !strings.Contains(help, want) {
				t.Errorf("%s doesn't tell of %s", flag, want)
			}
		}
		if strings.Contains(strings.ReplaceAll(help, "--demo.api-address", ""), "api") || strings.Contains(help, "API_KEY") {
			t.Errorf("%s tells of a flag for a key", flag)
		}
		for line := range strings.Lines(help) {
			line = strings.TrimSuffix(line, "\n")
			if whole := strings.HasPrefix(strings.TrimSpace(line), "($"); len(line) > 80 && !whole && !strings.Contains(line, "https://") {
				t.Errorf("%s has a line of %d characters: %s", flag, len(line), line)
			}
		}
	}
}

func TestJSONLog(t *testing.T) {
	t.Parallel()
	p := run(t, launch{args: []string{"--log.format=json"}})
	if status := p.wait(); status != 1 {
		t.Errorf("exit status %d, want 1", status)
	}
	lines := strings.Split(strings.TrimSpace(p.stderr.String()), "\n")
	if len(lines) != 3 { // starting, the problem, the end
		t.Errorf("%d lines, want 3", len(lines))
	}
	for _, line := range lines {
		unmarshal[map[string]string](t, line)
	}
}
