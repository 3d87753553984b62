package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"

	exporter "smartlead_exporter"
	"smartlead_exporter/collector"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// One command, without a key, a file or a network, shows campaigns.
func TestDemo(t *testing.T) {
	t.Parallel()
	began := time.Now()
	p := start(t, launch{args: []string{"--demo"}})
	first := p.scrape()
	took := time.Since(began)
	t.Logf("the first scrape was answered %s after the start", took)
	if took > 10*time.Second {
		t.Errorf("it took %s from the start to the first answer", took)
	}
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

	if n := countLines(p.stderr.String(), "level=warn") + countLines(p.stderr.String(), "level=error"); n > 0 {
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

// The numbers grow while one watches, whenever one comes, weekends included.
func TestDemoMoves(t *testing.T) {
	t.Parallel()
	for _, later := range []time.Duration{0, 40 * time.Hour, 68 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(later) // after the midnight of a Saturday
			demo := handleStore(t, defaults(), func(metrics *collector.Metrics, store *collector.Store) error {
				return exporter.ApplyDemo(log.NewNopLogger(), metrics, store)
			})
			sent := func() (n float64) {
				for series, value := range parse(t, demo.get(t, "/metrics").Body.String()) {
					if strings.HasPrefix(series, "smartlead_sent_total{") {
						n += value
					}
				}
				return n
			}
			day := time.Now().Format("Mon 15:04")
			before := sent()
			time.Sleep(15 * time.Second)
			if after := sent(); after <= before {
				t.Errorf("%s: %v e-mails were sent, and %v 15 s later", day, before, after)
			}
		})
	}
}

// E-mails that are sent while the pages of a campaign are fetched make it fetch them anew, up to the moment when it began,
// by the clock of the demonstration. Without that clock it would never get a set that is complete.
func TestDemoGrowsBetweenPages(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
	ticks := 0
	clock := func() time.Time { // each look at it takes a second
		ticks++
		return start.Add(time.Duration(ticks) * time.Second)
	}
	sim, err := simulator.New(simulator.Options{Clock: clock, Campaigns: []simulator.Campaign{
		{ID: 1, Source: simulator.Rows(2500, 10), Order: simulator.NewestFirst},
	}})
	if err != nil {
		t.Fatal(err)
	}
	sim.Inject(simulator.Fault{Match: []simulator.Matcher{func(r simulator.Request) bool { return r.Offset() > 0 }}, Effects: []simulator.Effect{simulator.Arrive(1)}})
	client, err := smartlead.NewClient(smartlead.Options{
		Key: func() (string, error) { return testKey, nil }, BaseURL: "http://simulator.invalid" + simulator.DefaultPrefix,
		Budget: smartlead.NewBudget(smartlead.Limits{}), Transport: exporter.DemoTransport(sim, clock),
	})
	if err != nil {
		t.Fatal(err)
	}
	statistics, err := client.Statistics(t.Context(), smartlead.StatisticsQuery{CampaignID: 1})
	if err != nil {
		t.Fatal(err)
	}
	if statistics.Rows != 2500 {
		t.Errorf("%d rows, want those that were there when it began", statistics.Rows)
	}
}

func TestDemoTellsWhereToLook(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"":                                 "http://localhost:10045/metrics",
		"--web.listen-address=0.0.0.0:80":  "http://localhost:80/metrics",
		"--web.listen-address=[::]:80":     "http://localhost:80/metrics",
		"--web.listen-address=10.1.2.3:80": "http://10.1.2.3:80/metrics",
		"--web.listen-address=[::1]:80 --web.listen-address=:81":                 "http://[::1]:80/metrics",
		"--web.telemetry-path=/numbers":                                          "http://localhost:10045/numbers",
		"--web.config.file=web.yml":                                              "https://localhost:10045/metrics",
		"--web.listen-address=127.0.0.1:0":                                       "/metrics", // the line after it tells the port
		"--web.listen-address=vsock://:9100 --web.telemetry-path=/other/numbers": "/other/numbers",
	} {
		got, err := exporter.DemoURL(strings.Fields(args)...)
		if err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", args, got, err, want)
		}
	}
}
