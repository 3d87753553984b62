package programs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// pollInterval is the time between two looks at whether a program is ready.
	pollInterval = 20 * time.Millisecond
	// endTimeout is how long a program may take to end when it is told to.
	endTimeout = 10 * time.Second
)

// Command is what to start.
type Command struct {
	Name string // for messages
	Path string
	Args []string
	Env  []string // the whole environment; nil for that of this process
	Log  string   // the file that gets what the program writes, behind what it has
}

// Process is a started program. Its methods may be called concurrently.
type Process struct {
	name  string
	log   string
	cmd   *exec.Cmd
	ended chan struct{}
	err   error // why it ended; to be read when ended is closed

	end sync.Once
}

// Start starts a program. It lives until [Process.End], or, where the system offers that, until this process is gone
// for whatever reason.
func Start(c Command) (*Process, error) {
	log, err := os.OpenFile(c.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("couldn't write the log of %s: %w", c.Name, err)
	}
	defer func() { _ = log.Close() }() // the program has its own

	cmd := exec.Command(c.Path, c.Args...) //nolint:gosec,noctx // Starting programs is what this is for; End ends them.
	cmd.Env = c.Env
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = attributes()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("couldn't start %s: %w", c.Name, err)
	}
	p := &Process{name: c.Name, log: c.Log, cmd: cmd, ended: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// Ended is closed when the program is gone.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// AwaitReady returns when a GET of the URL is answered with status 200, and with an error when the program or the
// context ends before.
func (p *Process) AwaitReady(ctx context.Context, url string) error {
	client := &http.Client{Timeout: time.Second}
	defer client.CloseIdleConnections()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		err := get(ctx, client, url)
		if err == nil {
			return nil
		}
		select {
		case <-ticker.C:
		case <-p.ended:
			return p.Failure()
		case <-ctx.Done():
			return fmt.Errorf("%s isn't ready: %w\n%s", p.name, err, p.LogTail())
		}
	}
}

func get(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, resp.Status)
	}
	return nil
}

// Failure says that, how and with which last words the program ended. It waits for the end.
func (p *Process) Failure() error {
	<-p.ended
	how := p.err
	if how == nil {
		how = errors.New("exit status 0")
	}
	return fmt.Errorf("%s has ended: %w\n%s", p.name, how, p.LogTail())
}

// LogTail returns the last lines that the program wrote, the begin of each.
func (p *Process) LogTail() string {
	const most, longest = 30, 500
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	lines = lines[max(0, len(lines)-most):]
	for i, line := range lines {
		if len(line) > longest {
			lines[i] = line[:longest] + "…"
		}
	}
	return strings.Join(lines, "\n")
}

// Signal sends a signal to the program, which may have ended.
func (p *Process) Signal(s os.Signal) { _ = p.cmd.Process.Signal(s) }

// CtrlC does what a terminal does on Ctrl-C: it interrupts the program and those that the program has started, but for
// those that have begun a process group of their own.
func (p *Process) CtrlC() { _ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGINT) }

// End tells the program to end, waits until it has, and kills it if that takes more than ten seconds. It reports
// whether the program ended by itself.
func (p *Process) End() bool {
	p.end.Do(func() { p.Signal(syscall.SIGTERM) })
	timer := time.NewTimer(endTimeout)
	defer timer.Stop()
	select {
	case <-p.ended:
		return true
	case <-timer.C:
		p.Kill()
		return false
	}
}

// Kill ends the program at once, without asking it.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}
