package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"smartlead_exporter/e2e/internal/programs"
)

// The ports are the usual ones where they are free.
const (
	exporterPort     = 10045
	alertmanagerPort = 9093
	prometheusPort   = 9090
)

// stack is the three programs.
type stack struct {
	folder       string // for all that they write
	installation programs.Installation

	exporter, alertmanager, prometheus string // their addresses

	processes []*programs.Process
	ended     chan *programs.Process // gets those that end
}

// start starts the programs one after the other and returns when they answer.
func (s *stack) start(ctx context.Context, exporter string) error {
	paths := map[string]string{}
	for name, program := range map[string]programs.Program{
		"prometheus": programs.Prometheus, "promtool": programs.Promtool, "alertmanager": programs.Alertmanager,
	} {
		path, err := s.installation.Path(program)
		if err != nil {
			return err
		}
		paths[name] = path
	}
	if _, err := os.Stat(exporter); err != nil {
		return fmt.Errorf("the exporter's binary is missing (%w): run make build", err)
	}
	for port, address := range map[int]*string{
		exporterPort: &s.exporter, alertmanagerPort: &s.alertmanager, prometheusPort: &s.prometheus,
	} {
		var err error
		if *address, err = programs.PreferredAddress(port); err != nil {
			return err
		}
	}
	if err := s.configure(); err != nil {
		return err
	}
	config := filepath.Join(s.folder, "prometheus.yml")
	check := exec.CommandContext(ctx, paths["promtool"], "check", "config", config) //nolint:gosec // Found by its pin.
	if out, err := check.CombinedOutput(); err != nil {
		return fmt.Errorf("the configuration of Prometheus is wrong: %w\n%s", err, out)
	}

	if err := s.past(ctx, exporter); err != nil {
		return err
	}
	s.ended = make(chan *programs.Process, 3) // all, if nobody listens
	if err := s.launch(ctx, "exporter", exporter, "http://"+s.exporter+"/-/ready",
		"--demo", "--web.listen-address="+s.exporter); err != nil {
		return err
	}
	if err := s.launch(ctx, "alertmanager", paths["alertmanager"], "http://"+s.alertmanager+"/-/ready",
		"--config.file="+filepath.Join(s.folder, "alertmanager.yml"), "--storage.path="+filepath.Join(s.folder, "alertmanager"),
		"--web.listen-address="+s.alertmanager, "--web.external-url=http://"+s.alertmanager,
		"--cluster.listen-address="); err != nil { // it has no peers
		return err
	}
	return s.launch(ctx, "prometheus", paths["prometheus"], "http://"+s.prometheus+"/-/ready",
		"--config.file="+config, "--storage.tsdb.path="+filepath.Join(s.folder, "prometheus"), "--storage.tsdb.retention.time=90d",
		"--web.listen-address="+s.prometheus, "--web.external-url=http://"+s.prometheus)
}

// past gives Prometheus the past of the demonstration's campaigns.
func (s *stack) past(ctx context.Context, exporter string) error {
	file := filepath.Join(s.folder, "history.om")
	history := exec.CommandContext(ctx, exporter, "--demo", "--backfill="+file, "--backfill.until=now", //nolint:gosec // Named by whoever runs this.
		"--backfill.label=job=smartlead", "--backfill.label=instance="+s.exporter)
	if out, err := history.CombinedOutput(); err != nil {
		return fmt.Errorf("couldn't write the campaigns' past: %w\n%s", err, out)
	}
	bin, err := filepath.Abs(filepath.Join(s.installation.ToolsDir, "bin"))
	if err != nil {
		return err
	}
	meanwhile, err := programs.FreeAddress() // another stack could be on its way to the usual one
	if err != nil {
		return err
	}
	script := filepath.Join(s.installation.Repository, "deploy", "prometheus", "import-history.sh")
	rules := filepath.Join(s.installation.Repository, "alerts", "recording.rules.yml")
	importing := exec.CommandContext(ctx, "sh", script, file, filepath.Join(s.folder, "prometheus"), rules, meanwhile) //nolint:gosec // Its own files.
	importing.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "TMPDIR="+s.folder)
	importing.Cancel = func() error { return importing.Process.Signal(syscall.SIGTERM) } // it has a child to end
	if out, err := importing.CombinedOutput(); err != nil {
		return fmt.Errorf("couldn't import the campaigns' past: %w\n%s", err, out)
	}
	return os.Remove(file)
}

// configure writes the demonstration's configurations, as deploy/compose.yml mounts them, with the addresses of this
// stack.
func (s *stack) configure() error {
	files := map[string]string{
		"deploy/prometheus/prometheus.yml":     "prometheus.yml",
		"deploy/alertmanager/alertmanager.yml": "alertmanager.yml",
	}
	rules, err := filepath.Glob(filepath.Join(s.installation.Repository, "alerts", "*.rules.yml"))
	if err != nil || len(rules) == 0 {
		return fmt.Errorf("no rules in %s: -repository must be the root of the checkout", filepath.Join(s.installation.Repository, "alerts"))
	}
	for _, file := range rules {
		name := filepath.Base(file)
		files[filepath.Join("alerts", name)] = filepath.Join("rules", name)
	}
	addresses := strings.NewReplacer("exporter:10045", s.exporter, "alertmanager:9093", s.alertmanager)
	if err := os.Mkdir(filepath.Join(s.folder, "rules"), 0o700); err != nil {
		return err
	}
	for from, to := range files {
		text, err := os.ReadFile(filepath.Join(s.installation.Repository, from))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(s.folder, to), []byte(addresses.Replace(string(text))), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// launch starts a program and waits until it is ready.
func (s *stack) launch(ctx context.Context, name, path, ready string, args ...string) error {
	p, err := programs.Start(programs.Command{Name: name, Path: path, Args: args, Log: filepath.Join(s.folder, name+".log")})
	if err != nil {
		return err
	}
	s.processes = append(s.processes, p)
	go func() {
		<-p.Ended()
		s.ended <- p
	}()
	return p.AwaitReady(ctx, ready)
}

// end ends the programs, all at the same time, and returns when they are gone.
func (s *stack) end() {
	var ending sync.WaitGroup
	for _, p := range s.processes {
		ending.Go(func() { p.End() })
	}
	ending.Wait()
}
