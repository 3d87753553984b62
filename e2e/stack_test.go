package e2e_test

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"smartlead_exporter/e2e/internal/programs"
)

// stackAddress finds an address among what the stack tells.
func stackAddress(t *testing.T, text, name string) string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + name + ` +http://(127\.0\.0\.1:\d+)`).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("it doesn't tell where %s is:\n%s", name, text)
	}
	return m[1]
}

// TestStack runs `make stack` as somebody at a terminal does.
func TestStack(t *testing.T) {
	t.Parallel()
	makePath, err := exec.LookPath("make")
	if err != nil {
		t.Fatal(err)
	}
	tools, err := filepath.Abs(installation.ToolsDir)
	if err != nil {
		t.Fatal(err)
	}
	temporary := t.TempDir()
	log := filepath.Join(t.TempDir(), "log")
	stack, err := programs.Start(programs.Command{
		Name: "make stack", Path: makePath, Args: []string{"-C", repository, "stack", "TOOLS_DIR=" + tools},
		Env: environment("TMPDIR=" + temporary), Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stack.CtrlC()
		select {
		case <-stack.Ended():
		case <-time.After(patience):
			stack.Kill()
		}
	})
	await(t, "where to look", func() error {
		select {
		case <-stack.Ended():
			t.Fatal(stack.Failure())
		default:
		}
		if !strings.Contains(readFile(t, log), "Ctrl-C ends them all.") {
			return fmt.Errorf("only told:\n%s", stack.LogTail())
		}
		return nil
	})
	told := readFile(t, log)
	addresses := map[string]string{}
	for _, name := range []string{"The exporter", "Alertmanager", "Prometheus"} {
		addresses[name] = stackAddress(t, told, name)
	}

	p := &prometheus{t: t, url: "http://" + addresses["Prometheus"]}
	p.awaitUp("smartlead", 1)
	await(t, "an Alertmanager", func() error {
		var data struct {
			Active []struct{ URL string } `json:"activeAlertmanagers"`
		}
		if _, err := p.call("alertmanagers", url.Values{}, &data); err != nil {
			return err
		}
		if len(data.Active) != 1 || !strings.Contains(data.Active[0].URL, addresses["Alertmanager"]) {
			return fmt.Errorf("Prometheus knows %v", data.Active)
		}
		return nil
	})
	var rules struct {
		Groups []struct{ File string } `json:"groups"`
	}
	if _, err := p.call("rules", url.Values{}, &rules); err != nil || len(rules.Groups) < 3 {
		t.Errorf("Prometheus has %d groups of rules: %v", len(rules.Groups), err)
	}
	await(t, "numbers that move", func() error {
		r, err := p.now(`sum(changes(smartlead_sent_total[5m])) > 0`)
		if err == nil && !r.hasData() {
			err = fmt.Errorf("nothing was sent yet")
		}
		return err
	})

	checkPast(t, p)

	stack.CtrlC()
	<-stack.Ended()
	for name, address := range addresses {
		if !programs.IsFree(address) {
			t.Errorf("%s still listens on %s", name, address)
		}
	}
	if left, err := filepath.Glob(filepath.Join(temporary, "*")); err != nil || len(left) > 0 {
		t.Errorf("it left %q: %v", left, err)
	}
}

// checkPast: the demonstration's past is there, and the present goes on in its series, without a leap.
func checkPast(t *testing.T, p *prometheus) {
	t.Helper()
	for expr, want := range map[string]float64{
		// The oldest campaign began 60 working days ago, and the newest one at most eight days.
		`count(count by (campaign_id) (last_over_time(smartlead_sent_total[1h] offset 80d)))`: 1,
		`count(count by (campaign_id) (last_over_time(smartlead_sent_total[3h])))`:            8,
		`count(count by (campaign_id) (last_over_time(smartlead_campaign_info[100d])))`:       8,
		// What the alerts on growth look back to.
		`count(last_over_time(campaign:smartlead_sent:sum[1h] offset 1d))`:            8,
		`count(last_over_time(campaign:smartlead_sent:sum[1h] offset 28d)) >= bool 5`: 1, // the sixth with the week
		// Each step's past and present are one series.
		`count(count by (campaign_id, sequence_number) (last_over_time(smartlead_sent_total[100d])) != 1) or vector(0)`: 0,
		// Nothing falls, and no step of a campaign has within minutes what it had in weeks.
		`count(resets(smartlead_sent_total[100d]) > 0) or vector(0)`:                                                                                      0,
		`count(last_over_time(smartlead_sent_total[1m]) - on (campaign_id, sequence_number) min_over_time(smartlead_sent_total[90m]) > 200) or vector(0)`: 0,
	} {
		await(t, expr, func() error {
			r, err := p.now(expr)
			if err != nil {
				return err
			}
			got, err := r.one()
			if err == nil && got != want {
				err = fmt.Errorf("got %g, want %g", got, want)
			}
			return err
		})
	}
}

// TestStackFails: what is wrong is said, with what to do, and nothing is left running.
func TestStackFails(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "stack")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./stack").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	script := func(text string) string {
		path := filepath.Join(t.TempDir(), "exporter")
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"echo out of order >&2\nexit 3\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	broken := script("")
	ends := script(`for flag; do
	case $flag in --backfill=*) printf 'a{} 1 %s\n# EOF\n' "$(date +%s)" >"${flag#*=}"; exit 0 ;; esac
done
`)
	for _, tt := range []struct {
		name, tools, exporter string
		want                  []string
	}{
		{"no tools", t.TempDir(), binaries.exporter, []string{"is missing", "run make tools"}},
		{"no exporter", installation.ToolsDir, filepath.Join(t.TempDir(), "none"), []string{"the exporter's binary is missing", "run make build"}},
		{"no past", installation.ToolsDir, broken, []string{"couldn't write the campaigns' past: exit status 3", "out of order"}},
		{"an exporter that ends", installation.ToolsDir, ends, []string{"exporter has ended: exit status 3", "out of order"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			temporary := t.TempDir()
			cmd := exec.CommandContext(t.Context(), binary, "-repository", repository, "-tools", tt.tools, "-exporter", tt.exporter)
			cmd.Env = environment("TMPDIR=" + temporary)
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Errorf("it ends with status 0")
			}
			for _, want := range tt.want {
				if !strings.Contains(string(out), want) {
					t.Errorf("it says %q, want it to say %q", out, want)
				}
			}
			if left, err := filepath.Glob(filepath.Join(temporary, "*")); err != nil || len(left) > 0 {
				t.Errorf("it left %q: %v", left, err)
			}
		})
	}
}
