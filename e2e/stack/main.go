// Command stack shows the exporter at work: it runs it on simulated campaigns, with a Prometheus that has its rules
// loaded and an Alertmanager, on loopback addresses, until Ctrl-C ends them all. `make stack` builds what it needs.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"smartlead_exporter/e2e/internal/programs"
)

// startTimeout is how long the programs may take to be ready, all together.
const startTimeout = 2 * time.Minute

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is main with its surroundings as parameters. It returns the exit status.
func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("stack", flag.ContinueOnError)
	flags.SetOutput(stderr)
	repository := flags.String("repository", ".", "root of the checkout")
	tools := flags.String("tools", ".tools", "folder in whose bin Prometheus and Alertmanager are")
	exporter := flags.String("exporter", "smartlead_exporter", "the exporter's binary")
	if flags.Parse(args) != nil {
		return 2
	}
	installation := programs.Installation{Repository: *repository, ToolsDir: *tools}
	if err := show(installation, *exporter, stdout); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

// show starts the stack in a folder of its own, tells where to look, and ends it on a signal. It returns an error if a
// program is missing, can't be started, or ends before.
func show(installation programs.Installation, exporter string, stdout io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	programs.EndWithParent() // such as a make that is killed

	folder, err := os.MkdirTemp("", "smartlead-stack-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()

	s := &stack{folder: folder, installation: installation}
	defer s.end()
	starting, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := s.start(starting, exporter); err != nil {
		if ctx.Err() != nil {
			return nil // told to end, which is no failure
		}
		return err
	}
	fmt.Fprintf(stdout, `
The exporter    http://%[1]s/
                The campaigns are SIMULATED. Prometheus has twelve weeks of their past; from now on as much happens in a
                quarter of an hour as in a day of these.
Alertmanager    http://%[2]s/
                The first alerts come after a quarter of an hour.
Prometheus      http://%[3]s
                Built from source it has an API, but no pages. Give this address to a Grafana that has the
                dashboards of dashboards/, or ask it:
                %[4]s query instant http://%[3]s 'sum by (campaign_id) (smartlead_sent_total)'
Logs            %[5]s

Ctrl-C ends them all.
`, s.exporter, s.alertmanager, s.prometheus, filepath.Join(installation.ToolsDir, "bin", "promtool"), folder)

	select {
	case <-ctx.Done():
		stop() // a second Ctrl-C ends this at once
		fmt.Fprintln(stdout, "\nending")
		return nil
	case p := <-s.ended:
		return p.Failure()
	}
}
