package process_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/cachefile"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead/simulator"
)

// wantFetched compares the campaigns with values in a file with those that should be there.
func wantFetched(t *testing.T, when, path string, want ...int64) {
	t.Helper()
	memory, err := cachefile.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	var ids []int64
	for _, a := range memory.Accounts {
		for _, c := range a.Campaigns {
			ids = append(ids, c.Query.CampaignID)
		}
	}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Errorf("%s: campaigns in the file (-want +got):\n%s", when, diff)
	}
}

// down makes an API refuse everything from now on. What is refused isn't tried again, so no test waits for that.
func down(api *testkit.API) {
	api.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.RespondStatus(http.StatusForbidden, "closed")}})
	api.ForgetRequests()
}

// terminate ends a process as its supervisor does.
func (p *process) terminate() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	if status := p.wait(); status != 0 {
		p.t.Errorf("exit status %d, want 0", status)
	}
}

// A restart while the API is down leaves no hole in the graphs: values, names and statuses are there at once, and nothing
// is asked for that is still fresh.
func TestCacheFileOverARestart(t *testing.T) {
	t.Parallel()
	named := func(id, sent int, name string) simulator.Campaign {
		c := testkit.Aggregated(id, sent)
		c.Name, c.Status = name, simulator.StatusPaused
		return c
	}
	for _, tc := range []struct {
		name   string
		config string
	}{
		{"configured", "accounts: [{base_url: API, campaigns: [1, {id: 2, sequence_numbers: [1, 2], sent_after: 2026-01-01T01:00:00+01:00}]}]"},
		{"discovered", "accounts: [{base_url: API, discovery: {}}]"},
		{"both", "accounts: [{base_url: API, discovery: {}, campaigns: [2]}]"},
		{"two accounts", "accounts: [{name: a, base_url: API, campaigns: [1]}, {name: b, base_url: API, discovery: {name: Two}}]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			api := testkit.StartAPI(t, simulator.Options{Campaigns: []simulator.Campaign{named(1, 10, "One"), named(2, 20, "Two")}})
			p := startWith(t, api, "cache: {ttl: 1h, max_stale: 2h, file: cache.json}\n"+tc.config)
			before := statistics(p.scrape())
			before.Want(t, "before", page{sent(1, 1): 10, sent(2, 1): 20, up(1): 1, up(2): 1})
			p.terminate()

			down(api)
			again := start(t, launch{env: keyInEnv(testkit.Key), dir: p.cmd.Dir})
			after := statistics(again.scrape())
			for series, value := range before {
				after.Want(t, "after the restart", page{series: value})
			}
			if len(after) != len(before) {
				t.Errorf("%d series of campaigns are shown, want %d", len(after), len(before))
			}
			if asked := api.Requests(); len(asked) > 0 {
				t.Errorf("the API was asked for what is fresh: %v", asked)
			}
		})
	}
}

// statistics are a page's series of campaigns and accounts.
func statistics(p page) page {
	return p.With(func(series string) bool {
		return strings.HasPrefix(series, "smartlead_") && !strings.HasPrefix(series, "smartlead_exporter_")
	})
}

// What is no longer fresh is shown as long as max_stale allows, and says that the API is down.
func TestCacheFileOfStaleValues(t *testing.T) {
	t.Parallel()
	for maxStale, shown := range map[string]float64{"1h": 10, "0s": none} {
		t.Run(maxStale, func(t *testing.T) {
			t.Parallel()
			api := testkit.StartAPI(t, simulator.Options{Campaigns: []simulator.Campaign{testkit.Aggregated(1, 10)}})
			p := startWith(t, api, "cache: {ttl: 1ms, max_stale: "+maxStale+", file: cache.json}\naccounts: [{base_url: API, campaigns: [1]}]")
			p.scrape().Want(t, "before", page{sent(1, 1): 10})
			p.terminate()

			down(api)
			again := start(t, launch{env: keyInEnv(testkit.Key), dir: p.cmd.Dir})
			again.scrape().Want(t, "after the restart", page{sent(1, 1): shown, up(1): 0})
			if n := api.Asked(); n != 1 {
				t.Errorf("the API was asked %d times, want once", n)
			}
		})
	}
}

// The file's place is relative to the configuration's, and nothing is left anywhere else.
func TestCacheFileBesideTheConfiguration(t *testing.T) {
	t.Parallel()
	api := testkit.StartAPI(t, simulator.Options{Campaigns: []simulator.Campaign{testkit.Aggregated(1, 10)}})
	dir := testkit.Write(t, map[string]string{"config.yml": api.Configure("cache: {file: state/cache.json}\naccounts: [{base_url: API, campaigns: [1]}]")})
	if err := os.Mkdir(filepath.Join(dir, "state"), 0o700); err != nil {
		t.Fatal(err)
	}
	elsewhere := t.TempDir()
	p := start(t, launch{args: []string{"--config.file=" + filepath.Join(dir, "config.yml")}, env: keyInEnv(testkit.Key), dir: elsewhere})
	p.scrape()
	p.terminate()
	wantFetched(t, "after the end", filepath.Join(dir, "state", "cache.json"), 1)
	for dir, want := range map[string]int{elsewhere: 0, filepath.Join(dir, "state"): 1} {
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != want {
			t.Errorf("there are %v in %s (%v), want %d", entries, dir, err, want)
		}
	}
}

// Who names a file that can't be written learns it at the start, in one line.
func TestCacheFileThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{"no directory": "missing/cache.json", "a directory": ".", "below a file": "config.yml/cache.json"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := testkit.Write(t, map[string]string{"config.yml": "cache: {file: " + file + "}\naccounts: [{campaigns: [1]}]"})
			p := run(t, launch{args: []string{"--web.listen-address=" + listen(t)}, env: keyInEnv(testkit.Key), dir: dir})
			if status := p.wait(); status != 1 {
				t.Errorf("exit status %d, want 1", status)
			}
			if testkit.CountLines(p.stderr.String(), "cache.file: ") != 1 || strings.Contains(p.stderr.String(), "address already in use") {
				t.Errorf("stderr doesn't tell in one line what is wrong, or it tried to listen")
			}
		})
	}
}

// A file that isn't a cache is somebody's: it stays what it is, and where it is, and both the check and a start say so.
func TestCacheFileThatIsForeign(t *testing.T) {
	t.Parallel()
	const notes = "somebody's notes\n"
	dir := testkit.Write(t, map[string]string{
		"config.yml": "cache: {file: cache.json}\naccounts: [{campaigns: [1]}]", "cache.json": notes,
	})
	for _, args := range [][]string{{"--config.check"}, {"--web.listen-address=127.0.0.1:0"}} {
		p := run(t, launch{args: args, env: keyInEnv(testkit.Key), dir: dir})
		if status := p.wait(); status != 1 {
			t.Errorf("%s: exit status %d, want 1", args, status)
		}
		if testkit.CountLines(p.stderr.String(), "cache.json holds something else") != 1 {
			t.Errorf("%s: stderr doesn't tell in one line what is wrong", args)
		}
		if got, err := os.ReadFile(filepath.Join(dir, "cache.json")); err != nil || string(got) != notes {
			t.Errorf("%s: the file holds %q (%v), want %q", args, got, err, notes)
		}
	}
}

// A reload moves the file, and one that names a place that can't be written is refused.
func TestCacheFileByReload(t *testing.T) {
	t.Parallel()
	const accounts = "\naccounts: [{base_url: API, campaigns: [1, 2]}]"
	api := testkit.StartAPI(t, simulator.Options{Campaigns: []simulator.Campaign{testkit.Aggregated(1, 10), testkit.Aggregated(2, 20)}})
	p := startWith(t, api, "cache: {ttl: 1h, max_stale: 2h}"+accounts, "--web.enable-lifecycle")
	path := func(name string) string { return filepath.Join(p.cmd.Dir, name) }
	reload := func(config string, want int) {
		t.Helper()
		testkit.Overwrite(t, path("config.yml"), api.Configure(config))
		if r := p.post("/-/reload"); r.status != want {
			t.Errorf("the reload got status %d, want %d: %s", r.status, want, r.body)
		}
	}
	p.scrape()
	reload("cache: {ttl: 1h, max_stale: 2h, file: one.json}"+accounts, http.StatusOK)
	reload("cache: {ttl: 1h, max_stale: 2h, file: missing/cache.json}"+accounts, http.StatusBadRequest)
	reload("cache: {ttl: 1h, max_stale: 2h, file: two.json}"+strings.Replace(accounts, "[1, 2]", "[2]", 1), http.StatusOK)
	p.terminate()
	wantFetched(t, "where it was until the reload", path("one.json"), 1, 2)
	wantFetched(t, "after the end", path("two.json"), 2)

	down(api)
	again := start(t, launch{env: keyInEnv(testkit.Key), dir: p.cmd.Dir})
	again.scrape().Want(t, "after the restart", page{sent(1, 1): none, sent(2, 1): 20})
}

// The file has neither the key nor anything of the people who were written to: names of campaigns are all that could
// tell anything.
func TestCacheFileHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	api := testkit.StartAPI(t, simulator.Options{Campaigns: []simulator.Campaign{
		{ID: 1, Name: "Per e-mail", Source: simulator.Fixed(simulator.Email{Step: 1, LeadName: personName, LeadEmail: personAddress, Subject: personSubject})},
		{ID: 2, Name: "Failing", Source: simulator.Rows(3, 10)},
	}})
	p := start(t, launch{env: keyInEnv(canary), dir: testkit.Write(t, map[string]string{
		"config.yml": api.Configure("cache: {ttl: 1ms, file: cache.json}\naccounts: [{base_url: API, discovery: {}}]"),
	})})
	p.scrape().Want(t, "before", page{up(1): 1, up(2): 1})
	api.Inject(simulator.Fault{Match: []simulator.Matcher{simulator.ForCampaign(2)}, Effects: []simulator.Effect{
		simulator.RespondStatus(http.StatusForbidden, personAddress+" may not ask with "+canary),
	}})
	p.scrape().Want(t, "when one fails", page{up(1): 1, up(2): 0})
	p.terminate()
	content, err := os.ReadFile(filepath.Join(p.cmd.Dir, "cache.json"))
	if err != nil {
		t.Fatal(err)
	}
	lookForSecrets(t, "cache.file", string(content))
	if !strings.Contains(string(content), "Per e-mail") {
		t.Error("it doesn't hold what was fetched")
	}
}

// Restarts send no more than the quota allows, whether they end cleanly or not.
func TestQuotaOverRestarts(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*process){
		"ended":  (*process).terminate,
		"killed": func(p *process) { p.signal(os.Kill); p.wait() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := testkit.StartAPI(t, simulator.Options{Campaigns: []simulator.Campaign{testkit.Aggregated(1, 10), testkit.Aggregated(2, 20), testkit.Aggregated(3, 30)}})
			dir := testkit.Write(t, map[string]string{
				"config.yml": api.Configure("cache: {ttl: 1ms, file: cache.json}\naccounts: [{base_url: API, metadata_interval: 0s, rate_limit: {per_minute: 60, per_hour: 100}, campaigns: [1, 2, 3]}]"),
			})
			for range 8 {
				p := start(t, launch{env: keyInEnv(testkit.Key), dir: dir})
				for range 4 {
					p.get("/metrics", "X-Prometheus-Scrape-Timeout-Seconds", "0.2")
				}
				end(p)
			}
			// A bucket of an hour holds a tenth of its limit, and gets one token in 40 s.
			if got := api.Asked(); got < 3 || got > 12 {
				t.Errorf("%d requests were sent, want the 10 of a tenth of the limit, and hardly more", got)
			}
		})
	}
}
