package process_test

import (
	"errors"
	"fmt"
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

// reloading is how a process can be told to reload. Each way returns when the attempt has been made.
var reloading = map[string]func(p *process, good bool){
	"SIGHUP": func(p *process, good bool) {
		p.t.Helper()
		line := regexp.MustCompile(`msg="the configuration was refused"`)
		if good {
			line = regexp.MustCompile(`msg="loaded the configuration"`)
		}
		before := len(line.FindAllString(p.stderr.String(), -1))
		p.signal(syscall.SIGHUP)
		p.awaitLog(regexp.MustCompile(fmt.Sprintf(`(?s)(?:%s.*){%d}`, line, before+1)))
	},
	"POST": func(p *process, good bool) {
		p.t.Helper()
		r := p.post("/-/reload")
		switch {
		case good && (r.status != http.StatusOK || r.body != "reloaded\n"):
			p.t.Errorf("the reload got status %d: %s", r.status, r.body)
		case !good && (r.status != http.StatusBadRequest || !strings.HasPrefix(r.body, "the configuration was refused, the running one stays:\n")):
			p.t.Errorf("the refused reload got status %d: %s", r.status, r.body)
		}
	},
}

func TestReload(t *testing.T) {
	t.Parallel()
	for name, reload := range reloading {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := testkit.StartAPI(t, simulator.Options{Campaigns: []simulator.Campaign{testkit.Aggregated(1, 10), testkit.Aggregated(2, 20), testkit.Aggregated(3, 30)}})
			p := startWith(t, api, "accounts: [{base_url: API, metadata_interval: 0s, campaigns: [1, 2]}]", "--web.enable-lifecycle")
			configure := func(config string) {
				testkit.Overwrite(t, filepath.Join(p.cmd.Dir, "config.yml"), api.Configure(config))
			}
			first := p.scrape()
			first.Want(t, "at first", page{sent(1, 1): 10, sent(2, 1): 20, sent(3, 1): none, reloadSuccessful: 1})

			// The API has changed, but nothing makes the exporter look at 2 again before its time.
			for _, c := range []simulator.Campaign{testkit.Aggregated(1, 11), testkit.Aggregated(2, 21), testkit.Aggregated(3, 31)} {
				if err := api.SetCampaign(c); err != nil {
					t.Fatal(err)
				}
			}
			api.ForgetRequests()
			configure("accounts: [{base_url: API, metadata_interval: 0s, campaigns: [{id: 2, name: Two}, 3]}]")
			reload(p, true)
			if n := len(api.Requests()); n > 0 {
				t.Errorf("reloading asked the API %d times", n)
			}
			second := p.scrape()
			second.Want(t, "after a good reload", page{
				sent(1, 1): none, up(1): none, sent(2, 1): 20, sent(3, 1): 31, reloadSuccessful: 1,
				`smartlead_campaign_info{account="default",campaign_id="2",campaign_name="Two",client_id="",parent_campaign_id=""}`: 1,
			})
			if second[reloadTime] < first[reloadTime] || first[reloadTime] == 0 {
				t.Errorf("the time of the last good reload went from %f to %f", first[reloadTime], second[reloadTime])
			}
			if got := api.Requests(); len(got) != 1 || got[0].CampaignID != 3 {
				t.Errorf("the API was asked for %v, want campaign 3 alone", got)
			}

			for name, config := range map[string]string{
				"unknown key":          "accounts: [{base_url: API, campaigns: [1], campaign: 2}]",
				"broken":               "accounts: [",
				"missing CA":           "accounts: [{base_url: API, campaigns: [1], http_config: {tls_config: {ca_file: missing.pem}}}]",
				"second of two broken": "accounts: [{base_url: API, campaigns: [1]}, {name: b, campaigns: [2], http_config: {tls_config: {cert_file: c.pem, key_file: k.pem}}}]",
			} {
				configure(config)
				reload(p, false)
				refused := p.scrape()
				refused.Want(t, "refused: "+name, page{sent(1, 1): none, sent(2, 1): 20, sent(3, 1): 31, reloadSuccessful: 0, reloadTime: second[reloadTime]})
			}
			if n := len(api.Requests()); n != 1 {
				t.Errorf("refused reloads made the exporter ask the API: %d requests, want the one from before", n)
			}

			configure("accounts: [{base_url: API, metadata_interval: 0s, campaigns: [1]}]")
			reload(p, true)
			p.scrape().Want(t, "after the next good one", page{sent(1, 1): 11, sent(2, 1): none, sent(3, 1): none, reloadSuccessful: 1})
		})
	}
}

// The answer to a refused reload has every problem, by line, as the log has.
func TestRefusedReloadTellsWhy(t *testing.T) {
	t.Parallel()
	api := testkit.StartAPI(t, simulator.Options{})
	p := startWith(t, api, "accounts: [{base_url: API, campaigns: [1]}]", "--web.enable-lifecycle")
	testkit.Overwrite(t, filepath.Join(p.cmd.Dir, "config.yml"), "cache: {ttl: 0s}\naccounts:\n  - campaigns: [-1]\n")
	r := p.post("/-/reload")
	for _, want := range []string{"config.yml:1: ", "config.yml:3: "} {
		if !strings.Contains(r.body, "\n"+want) {
			t.Errorf("the answer has no line that begins with %s: %s", want, r.body)
		}
		p.awaitLog(regexp.MustCompile(`level=error .*problem="` + regexp.QuoteMeta(want)))
	}
	if got := r.header.Get("Content-Type"); !strings.HasPrefix(got, "text/plain") {
		t.Errorf("the answer's type is %q", got)
	}
}

func TestReloadByHTTPIsOffByDefault(t *testing.T) {
	t.Parallel()
	api := testkit.StartAPI(t, simulator.Options{Campaigns: []simulator.Campaign{testkit.Aggregated(1, 10), testkit.Aggregated(2, 20)}})
	p := startWith(t, api, "accounts: [{base_url: API, campaigns: [1]}]")
	testkit.Overwrite(t, filepath.Join(p.cmd.Dir, "config.yml"), api.Configure("accounts: [{base_url: API, campaigns: [2]}]"))
	if r := p.post("/-/reload"); r.status != http.StatusForbidden || !strings.Contains(r.body, "--web.enable-lifecycle") {
		t.Errorf("status %d: %s; want 403 and how to switch it on", r.status, r.body)
	}
	if got := p.get("/-/reload").status; got != http.StatusMethodNotAllowed {
		t.Errorf("GET got status %d, want 405", got)
	}
	p.scrape().Want(t, "after the attempt", page{sent(1, 1): 10, sent(2, 1): none})
}

// An account that is removed takes its series with it, and one that is added has them. With the same key it is the old one
// under another name, and its list is known.
func TestReloadOfAccounts(t *testing.T) {
	t.Parallel()
	api := testkit.StartAPI(t, simulator.Options{Campaigns: []simulator.Campaign{testkit.Aggregated(1, 10), testkit.Aggregated(2, 20)}})
	p := startWith(t, api, "accounts: [{name: a, base_url: API, campaigns: [1]}]", "--web.enable-lifecycle")
	requests := func(account string) string {
		return `smartlead_exporter_api_requests_total{account="` + account + `",code="200"}`
	}
	p.scrape().Want(t, "at first", page{requests("a"): 2, requests("b"): none, sent(1, 1): 10})
	testkit.Overwrite(t, filepath.Join(p.cmd.Dir, "config.yml"), api.Configure("accounts: [{name: b, base_url: API, campaigns: [2]}]"))
	p.post("/-/reload")
	p.scrape().Want(t, "afterwards", page{requests("a"): none, requests("b"): 1, sent(1, 1): none, sent(2, 1): 20})
}

// A changed file is loaded by itself, in the way in which Kubernetes changes it: a link that leads to another folder from
// one moment to the next. What was refused is tried again, since it may lack a file that comes later.
func TestReloadByItself(t *testing.T) {
	t.Parallel()
	api := testkit.StartAPI(t, simulator.Options{Campaigns: []simulator.Campaign{testkit.Aggregated(1, 10), testkit.Aggregated(2, 20)}})
	dir := t.TempDir()
	project := func(version, config string) {
		t.Helper()
		if err := os.Mkdir(filepath.Join(dir, version), 0o700); err != nil {
			t.Fatal(err)
		}
		testkit.Overwrite(t, filepath.Join(dir, version, "config.yml"), api.Configure(config))
		next := filepath.Join(dir, "next")
		if err := errors.Join(os.Symlink(version, next), os.Rename(next, filepath.Join(dir, "..data"))); err != nil {
			t.Fatal(err)
		}
	}
	project("..1", "accounts: [{base_url: API, api_key: any, campaigns: [1]}]")
	if err := os.Symlink("..data/config.yml", filepath.Join(dir, "config.yml")); err != nil {
		t.Fatal(err)
	}
	p := start(t, launch{args: []string{"--config.auto-reload-interval=1s"}, dir: dir})
	loaded := func(times int) {
		t.Helper()
		p.awaitLog(regexp.MustCompile(fmt.Sprintf(`(?s)(?:msg="loaded the configuration".*){%d}`, times)))
	}
	loaded(1)
	project("..2", "accounts: [{base_url: API, api_key: any, campaigns: [2]}]")
	loaded(2)
	p.scrape().Want(t, "after a change", page{sent(1, 1): none, sent(2, 1): 20, reloadSuccessful: 1})

	project("..3", "accounts: [{base_url: API, api_key_file: later/key, campaigns: [1]}]")
	p.awaitLog(regexp.MustCompile(`msg="the configuration was refused" problem=.*config\.yml:1: `))
	p.scrape().Want(t, "while its key is missing", page{sent(1, 1): none, sent(2, 1): 20, reloadSuccessful: 0})
	if err := os.Mkdir(filepath.Join(dir, "later"), 0o700); err != nil {
		t.Fatal(err)
	}
	testkit.Overwrite(t, filepath.Join(dir, "later", "key"), testkit.Key)
	loaded(3)
	p.scrape().Want(t, "when its key has come", page{sent(1, 1): 10, sent(2, 1): none, reloadSuccessful: 1})
	if got := testkit.CountLines(p.stderr.String(), "loaded the configuration"); got != 3 {
		t.Errorf("the configuration was loaded %d times, want 3: a file that stays is left alone", got)
	}
}
