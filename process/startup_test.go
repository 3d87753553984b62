package process_test

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead/simulator"
)

// A restart loop must not burn a quota: only a scrape asks the API.
func TestOnlyScrapesAskTheAPI(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]string{"configured": configured, "discovered": discovered} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := discoveredAPI(t)
			p := startWith(t, api, config, "--web.enable-lifecycle", "--log.level=debug")
			for _, path := range []string{"/", "/-/healthy", "/-/ready"} {
				if r := p.get(path); r.status != http.StatusOK {
					t.Errorf("%s got status %d", path, r.status)
				}
			}
			if r := p.post("/-/reload"); r.status != http.StatusOK {
				t.Errorf("the reload got status %d: %s", r.status, r.body)
			}
			testkit.Overwrite(t, filepath.Join(p.cmd.Dir, "config.yml"), "accounts: []")
			if r := p.post("/-/reload"); r.status != http.StatusBadRequest {
				t.Errorf("the bad reload got status %d: %s", r.status, r.body)
			}
			p.get("/-/healthy")
			if asked := api.Requests(); len(asked) > 0 {
				t.Errorf("the API was asked before the first scrape: %v", asked)
			}
			p.scrape()
			if len(api.Requests()) == 0 {
				t.Error("the API wasn't asked by a scrape")
			}
		})
	}
}

func TestBadConfiguration(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		config string
		env    []string
		want   []string // in lines of their own
	}{
		{"several problems",
			"cache: {ttl: soon}\naccounts:\n  - campaigns: [12345, 12345, -1]\n    base_url: http://smartlead.example\n    discover: {}\n",
			keyInEnv(testkit.Key),
			[]string{"config.yml:1: ", "config.yml:3: campaign 12345 is listed twice", "config.yml:3: campaign id is", "config.yml:4: base_url is plain http", "config.yml:5: unknown key"},
		},
		{"no key", "accounts:\n  - campaigns: [12345]\n", nil, []string{"config.yml:2: the environment variable SMARTLEAD_API_KEY is not set"}},
		{"no accounts", "accounts: []\n", nil, []string{"config.yml:1: no accounts"}},
		{"nothing at all", "", nil, []string{"config.yml"}},
		{"not YAML", "accounts: [\n", nil, []string{"config.yml:"}},
		{"nothing to export", "accounts:\n  - name: mine\n", keyInEnv(testkit.Key), []string{"config.yml:2: account \"mine\" has neither campaigns nor discovery"}},
		{"a file of the HTTP client's missing",
			"accounts:\n  - campaigns: [12345]\n    http_config: {tls_config: {ca_file: missing.pem}}\n", keyInEnv(testkit.Key),
			[]string{"missing.pem: no such file"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := testkit.Write(t, map[string]string{"config.yml": tc.config})
			// Where it would listen is taken: it mustn't even try.
			taken := listen(t)
			p := run(t, launch{args: []string{"--web.listen-address=" + taken}, env: tc.env, dir: dir})
			if status := p.wait(); status != 1 {
				t.Errorf("exit status %d, want 1", status)
			}
			stderr := strings.ReplaceAll(p.stderr.String(), `\"`, `"`)
			for _, want := range tc.want {
				if testkit.CountLines(stderr, want) != 1 {
					t.Errorf("stderr has no line of its own with %q", want)
				}
			}
			if strings.Contains(stderr, "address already in use") || strings.Contains(stderr, "Listening") {
				t.Error("it started in part")
			}

			check := run(t, launch{args: []string{"--config.check"}, env: tc.env, dir: dir})
			if status := check.wait(); status != 1 {
				t.Errorf("--config.check: exit status %d, want 1", status)
			}
			stderr = check.stderr.String()
			for _, want := range tc.want {
				if testkit.CountLines(stderr, want) != 1 {
					t.Errorf("--config.check: stderr has no line of its own with %q", want)
				}
			}
			for line := range strings.Lines(stderr) {
				if !strings.HasPrefix(line, "config.yml:") {
					t.Errorf("--config.check: the line %q isn't of the form file:line: problem", line)
				}
			}
			if got := check.stdout.String(); got != "" {
				t.Errorf("--config.check wrote a plan of a bad configuration: %s", got)
			}
		})
	}
}

// listen takes an address until the end of the test.
func listen(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

func TestMissingConfiguration(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"--config.check"}} {
		p := run(t, launch{args: append(args, "--config.file=elsewhere.yml")})
		if status := p.wait(); status != 1 {
			t.Errorf("%v: exit status %d, want 1", args, status)
		}
		if testkit.CountLines(p.stderr.String(), "elsewhere.yml: no such file: name the configuration by --config.file") != 1 {
			t.Errorf("%v: stderr doesn't tell what is missing, and what to do: %s", args, p.stderr)
		}
	}
}

// An address that can't be listened on is told by one line, which names its flag and a remedy.
func TestAddresses(t *testing.T) {
	t.Parallel()
	taken := listen(t)
	for _, tc := range []struct{ address, says string }{
		{taken, "address already in use"}, {"127.0.0.1", "missing port in address"}, {":99999", "invalid port"}, {"[::1", "missing ']' in address"},
	} {
		for flag, remedy := range map[string]string{
			"--web.listen-address": "--web.listen-address: write a free address, such as :10045: listen tcp",
			"--demo.api-address":   "write a host and a free port, such as 127.0.0.1:10046",
		} {
			t.Run(flag+"="+tc.address, func(t *testing.T) {
				t.Parallel()
				args := []string{"--demo", flag + "=" + tc.address}
				if flag != "--web.listen-address" { // which would be another one
					args = append(args, "--web.listen-address=127.0.0.1:0")
				}
				p := run(t, launch{args: args})
				if status := p.wait(); status != 1 {
					t.Errorf("exit status %d, want 1", status)
				}
				stderr := p.stderr.String()
				if n := testkit.CountLines(stderr, "level=error"); n != 1 {
					t.Errorf("%d lines of errors, want one", n)
				}
				for _, want := range []string{flag, remedy, tc.says} {
					if n := testkit.CountLines(stderr, want); n != 1 {
						t.Errorf("%d lines have %q, want one:\n%s", n, want, stderr)
					}
				}
			})
		}
	}
}

func TestBadWebConfiguration(t *testing.T) {
	t.Parallel()
	p := run(t, launch{args: []string{"--demo", "--web.listen-address=127.0.0.1:0", "--web.config.file=missing.yml"}})
	if status := p.wait(); status != 1 {
		t.Errorf("exit status %d, want 1", status)
	}
	if testkit.CountLines(p.stderr.String(), "missing.yml: no such file") != 1 {
		t.Error("stderr doesn't say what is missing")
	}
}

// A signal that comes before the exporter serves mustn't be lost on it: systemd reloads units that have just started.
func TestSignalsAtTheStart(t *testing.T) {
	t.Parallel()
	loaded := regexp.MustCompile(`msg="loaded the configuration"`)
	api := testkit.StartAPI(t, simulator.Options{})
	l := launch{
		args: []string{"--web.listen-address=127.0.0.1:0"}, env: keyInEnv(testkit.Key),
		dir: testkit.Write(t, map[string]string{"config.yml": api.Configure(configured)}),
	}
	for range 3 {
		p := run(t, l)
		p.awaitLog(loaded)
		p.signal(syscall.SIGHUP)
		p.awaitLog(listening)
		p.signal(syscall.SIGTERM)
		if status := p.wait(); status != 0 {
			t.Fatalf("exit status %d, want 0", status)
		}
	}
}

// The example of the repository works as it stands.
func TestExampleConfiguration(t *testing.T) {
	t.Parallel()
	example, err := os.ReadFile(filepath.Join("..", "config.yml"))
	if err != nil {
		t.Fatal(err)
	}
	l := launch{env: keyInEnv(testkit.Key), dir: testkit.Write(t, map[string]string{"config.yml": string(example)})}
	if p := start(t, l); p.get("/-/ready").status != http.StatusOK {
		t.Error("it isn't ready with the example")
	}
}
