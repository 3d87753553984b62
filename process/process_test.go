package process_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"smartlead_exporter/internal/testkit"
)

// patience is how long a test waits for what should come at once; the machine may be busy.
const patience = 2 * time.Minute

// launch is how a process is started.
type launch struct {
	args []string
	env  []string // NAME=value, beside what the tests run in
	dir  string   // an empty one by default
}

// process is a running, or ended, exporter.
type process struct {
	t              testing.TB
	cmd            *exec.Cmd
	client         *http.Client
	stdout, stderr *output
	ended          chan struct{}
	url            string // once it listens
}

// run starts a process and ends it with the test.
func run(t testing.TB, l launch) *process {
	t.Helper()
	p := &process{
		t:      t,
		client: newClient(t),
		stdout: newOutput(),
		stderr: newOutput(),
		ended:  make(chan struct{}),
	}
	program, err := testkit.Program()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd = exec.CommandContext(t.Context(), program, l.args...)
	p.cmd.Env = append(environment(), l.env...)
	p.cmd.Dir = l.dir
	if p.cmd.Dir == "" {
		p.cmd.Dir = t.TempDir()
	}
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // its status is asked for where it matters
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
		stderr := p.stderr.String()
		if strings.Contains(stderr, "DATA RACE") || strings.Contains(stderr, "panic") {
			t.Error("the process raced or panicked")
		}
		if t.Failed() {
			t.Logf("stdout:\n%s", p.stdout)
			t.Logf("stderr:\n%s", stderr)
		}
	})
	return p
}

// environment is that of the tests, without what would configure the exporter.
func environment() []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "SMARTLEAD_") || strings.HasPrefix(v, "COLUMNS=")
	})
	if os.Getenv("GORACE") == "" {
		env = append(env, "GORACE=atexit_sleep_ms=0") // of use to programs that end at once in spite of running goroutines
	}
	return env
}

// newClient returns a client that shows answers as they are, redirects and compressed ones included.
func newClient(t testing.TB) *http.Client {
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport:     transport,
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

var listening = regexp.MustCompile(`msg="Listening on" address=(127\.0\.0\.1:\d+)`)

// start is run for a process that is expected to listen, on a port of its own. Its scrapes have time for all that they
// wait for.
func start(t testing.TB, l launch) *process {
	t.Helper()
	l.args = append([]string{"--web.listen-address=127.0.0.1:0", "--scrape.timeout=" + patience.String()}, l.args...)
	p := run(t, l)
	p.url = "http://" + p.awaitLog(listening)[1]
	return p
}

// awaitLog waits for a line of the log and returns what the expression matched.
func (p *process) awaitLog(line *regexp.Regexp) []string {
	p.t.Helper()
	timeout := time.After(patience)
	for {
		text, grown := p.stderr.read()
		if match := line.FindStringSubmatch(text); match != nil {
			return match
		}
		select {
		case <-grown:
		case <-p.ended:
			if match := line.FindStringSubmatch(p.stderr.String()); match != nil {
				return match
			}
			p.t.Fatalf("the process ended without logging %s", line)
		case <-timeout:
			p.t.Fatalf("the process didn't log %s", line)
		}
	}
}

// wait waits for the process's end and returns its exit status.
func (p *process) wait() int {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatal("the process didn't end")
		return -1
	}
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// leave ends the process and adds to shown what it leaves behind: its output, and the cache file cache.json of its folder.
func (p *process) leave(shown map[string]string) {
	p.t.Helper()
	p.signal(os.Interrupt)
	p.wait()
	shown["stdout"], shown["stderr"] = p.stdout.String(), p.stderr.String()
	cache, err := os.ReadFile(filepath.Join(p.cmd.Dir, "cache.json"))
	if err != nil {
		p.t.Fatal(err)
	}
	shown["cache.file"] = string(cache)
}

// reply is an answer that has been read.
type reply struct {
	status int
	proto  string // such as HTTP/1.1
	header http.Header
	body   string
}

// do sends a request; headers are names and values in turn.
func (p *process) do(method, path string, headers ...string) (reply, error) {
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, http.NoBody)
	if err != nil {
		return reply{}, err
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return reply{status: resp.StatusCode, proto: resp.Proto, header: resp.Header, body: string(body)}, err
}

// get is do for a GET that is expected to be answered.
func (p *process) get(path string, headers ...string) reply {
	p.t.Helper()
	return p.must(p.do(http.MethodGet, path, headers...))
}

// post is do for a POST that is expected to be answered.
func (p *process) post(path string) reply {
	p.t.Helper()
	return p.must(p.do(http.MethodPost, path))
}

func (p *process) must(r reply, err error) reply {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

// scrape returns the series of /metrics.
func (p *process) scrape() page {
	p.t.Helper()
	r := p.get("/metrics")
	if r.status != http.StatusOK {
		p.t.Fatalf("/metrics got status %d: %s", r.status, r.body)
	}
	return parse(p.t, r.body)
}

// output collects what a process writes.
type output struct {
	mu    sync.Mutex
	text  bytes.Buffer
	grown chan struct{} // closed by the next write
}

func newOutput() *output { return &output{grown: make(chan struct{})} }

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.grown)
	o.grown = make(chan struct{})
	return o.text.Write(b)
}

// read returns what there is, and a channel that is closed when there is more.
func (o *output) read() (text string, grown <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String(), o.grown
}

func (o *output) String() string {
	text, _ := o.read()
	return text
}
