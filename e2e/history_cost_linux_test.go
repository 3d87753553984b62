package e2e_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"smartlead_exporter/smartlead/simulator"
)

var fullHistory = flag.Bool("history", false, "measure what histories cost at full size, as docs/performance.md has it; takes half an hour")

// cost is what a program took.
type cost struct {
	time   time.Duration
	peak   int // of its resident set, in KiB, with what it has mapped of files
	own    int // the same without
	output string
}

// measure runs a program to its end.
func measure(t *testing.T, path string, args ...string) cost {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = environment("SMARTLEAD_API_KEY=key")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	c := cost{}
	for {
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("%s %q: %v\n%s", path, args, err, out.String())
			}
			c.time, c.output = time.Since(begun), out.String()
			return c
		case <-ticker.C: // what the system tells of an ended child can be the memory of its parent
			c.peak, c.own = max(c.peak, memoryOf(cmd.Process.Pid, "VmHWM")), max(c.own, memoryOf(cmd.Process.Pid, "RssAnon"))
		}
	}
}

// memoryOf returns a figure of a process's memory in KiB, such as VmHWM, the most that was ever resident, or 0 if it has ended.
func memoryOf(pid int, figure string) int {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == figure+":" {
			kib, _ := strconv.Atoi(fields[1])
			return kib
		}
	}
	return 0
}

// sizeOf returns how large the files in a folder are, in MiB.
func sizeOf(t *testing.T, folder string) (mib float64) {
	t.Helper()
	err := filepath.Walk(folder, func(_ string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			mib += float64(info.Size()) / (1 << 20)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return mib
}

// longLived returns campaigns of four steps that have been sending for some weeks.
func longLived(n, weeks, leadsPerDay int, now time.Time) []simulator.Campaign {
	campaigns := make([]simulator.Campaign, n)
	for i := range campaigns {
		campaigns[i] = simulator.Campaign{ID: int64(i + 1), Name: fmt.Sprintf("Campaign %d", i+1), Source: simulator.Live(simulator.Model{
			Seed: uint64(i), Start: now.AddDate(0, 0, -7*weeks), LeadsPerDay: leadsPerDay, Steps: 4, DaysBetween: 1,
			Read: 0.5, Click: 0.05, Reply: 0.05, Unsubscribe: 0.01, Bounce: 0.02,
		})}
	}
	return campaigns
}

// What a history costs: to write, to import, and to keep. promtool takes what is written, tells of it, and finds in it what
// the simulator's world holds.
func TestHistoryCost(t *testing.T) {
	type size struct {
		campaigns, weeks int
		step             time.Duration
	}
	sizes := []size{{3, 4, time.Hour}}
	if *fullHistory {
		sizes = []size{{300, 26, time.Hour}, {30, 26, time.Hour}, {30, 26, 5 * time.Minute}}
	}
	for _, s := range sizes {
		t.Run(fmt.Sprintf("%d campaigns, %d weeks, %s", s.campaigns, s.weeks, s.step), func(t *testing.T) {
			now := time.Now()
			sim, api := startAPI(t, simulator.Options{Campaigns: longLived(s.campaigns, s.weeks, 10, now)})
			folder := t.TempDir()
			config := write(t, filepath.Join(folder, "config.yml"), configuration(account("default", api, discovery)))
			file, data := filepath.Join(folder, "history.om"), filepath.Join(folder, "data")
			written := measure(t, binaries.exporter, "--config.file="+config, "--backfill="+file, "--backfill.until=now",
				"--backfill.step="+s.step.String(), "--backfill.label=job=smartlead", "--backfill.label=instance=localhost:10045")
			text, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			imported := measure(t, binaries.promtool, "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=31d", file, data)
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			t.Logf("%d requests", len(sim.Requests()))
			t.Logf("written in %s, peak %d MiB, %d MiB of text", written.time.Round(time.Second), written.peak>>10, text.Size()>>20)
			t.Logf("imported in %s, peak %d MiB, %d MiB without the file, %.2f MiB of blocks",
				imported.time.Round(time.Second), imported.peak>>10, imported.own>>10, sizeOf(t, data))

			blocks, err := filepath.Glob(filepath.Join(data, "*"))
			if err != nil || len(blocks) == 0 {
				t.Fatalf("no blocks: %v", err)
			}
			analysed := measure(t, binaries.promtool, "tsdb", "analyze", data, filepath.Base(blocks[len(blocks)-1]))
			if want := fmt.Sprintf("Total Series: %d\n", s.campaigns*(4*6+1)); !strings.Contains(analysed.output, want) {
				t.Errorf("tsdb analyze doesn't say %q:\n%s", want, analysed.output)
			}
			p := startPrometheus(t, folder, "scrape_configs: []\n")
			var sent int64
			for id := range int64(s.campaigns) {
				steps, _ := sim.Counts(id + 1)
				for _, step := range steps {
					sent += step.Sent
				}
			}
			answer := measure(t, binaries.promtool, "query", "instant", p.url, fmt.Sprintf("sum(last_over_time(smartlead_sent_total[3h])) > %d * 0.99 <= %d", sent, sent))
			if !strings.Contains(answer.output, "=>") {
				t.Errorf("promtool query: %q, want some %d e-mails", answer.output, sent)
			}
		})
	}
}

// How much memory writing a history takes depends on hours and steps, and not on how many e-mails there are.
func TestHistoryMemory(t *testing.T) {
	leadsPerDay := []int{10, 100}
	if *fullHistory {
		leadsPerDay = []int{200, 2000} // some 1e5 and 1e6 e-mails
	}
	var least int
	for _, n := range leadsPerDay {
		sim, api := startAPI(t, simulator.Options{Campaigns: longLived(1, 26, n, time.Now())})
		folder := t.TempDir()
		config := write(t, filepath.Join(folder, "config.yml"), configuration(account("default", api, discovery)))
		written := measure(t, binaries.exporter, "--config.file="+config, "--log.level=debug", "--backfill="+filepath.Join(folder, "history.om"), "--backfill.until=now",
			"--backfill.label=job=smartlead", "--backfill.label=instance=localhost:10045")
		t.Logf("%s: %d requests, %s, peak %d MiB", regexp.MustCompile(`rows=\d+`).FindString(written.output), len(sim.Requests()), written.time.Round(100*time.Millisecond), written.peak>>10)
		if least == 0 {
			least = written.peak
		}
		if more := (written.peak - least) >> 10; more > 24 { // what 100,000 e-mails that are fetched at once take, and chance
			t.Errorf("ten times as many e-mails take %d MiB more", more)
		}
	}
}
