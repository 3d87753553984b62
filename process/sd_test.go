package process_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead/simulator"
)

func TestGoldenServiceDiscovery(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		config string
		api    func(*testing.T) *testkit.API
	}{
		{"configured", configured, configuredAPI},
		{"discovered", discovered, discoveredAPI},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := startWith(t, tc.api(t), tc.config)
			r := p.get("/sd") // before any scrape: it has the list fetched itself
			if got := r.header.Get("Content-Type"); r.status != http.StatusOK || got != "application/json" {
				t.Fatalf("status %d, type %q: %s", r.status, got, r.body)
			}
			text := jsontext.Value(strings.ReplaceAll(r.body, strings.TrimPrefix(p.url, "http://"), "HOST"))
			if err := text.Indent(); err != nil {
				t.Fatal(err)
			}
			testkit.Golden(t, "sd_"+tc.name+".json", string(text)+"\n")
		})
	}
}

// Where there are no campaigns the answer is an empty list, not null, which Prometheus wouldn't take.
func TestServiceDiscoveryOfNothing(t *testing.T) {
	t.Parallel()
	drafted := testkit.Aggregated(1, 10)
	drafted.Status = simulator.StatusDrafted
	api := testkit.StartAPI(t, simulator.Options{Campaigns: []simulator.Campaign{drafted}})
	p := startWith(t, api, "accounts: [{base_url: API, discovery: {}}]")
	if r := p.get("/sd"); r.status != http.StatusOK || r.body != "[]\n" {
		t.Errorf("status %d: %q, want an empty list", r.status, r.body)
	}
}

// An account whose campaigns couldn't be listed so far has unknown campaigns, not none.
func TestServiceDiscoveryWithoutAList(t *testing.T) {
	t.Parallel()
	api := testkit.StartAPI(t, simulator.Options{Campaigns: []simulator.Campaign{testkit.Aggregated(1, 10), testkit.Aggregated(2, 20)}})
	api.Inject(simulator.Fault{
		Match:   []simulator.Matcher{simulator.ForEndpoint(simulator.EndpointCampaigns)},
		Effects: []simulator.Effect{simulator.RespondStatus(http.StatusForbidden, "no")},
	})
	p := startWith(t, api, "accounts: [{name: a, base_url: API, campaigns: [1], metadata_interval: 0s}, {name: b, base_url: API, discovery: {}}]")
	const says = "the campaigns of account b couldn't be listed so far"
	for _, path := range []string{"/sd", "/probe?campaign_id=2"} {
		if r := p.get(path); r.status != http.StatusServiceUnavailable || !strings.Contains(r.body, says) {
			t.Errorf("%s: status %d: %s; want 503 and that %s", path, r.status, r.body, says)
		}
	}
	parse(t, p.get("/probe?campaign_id=1").body).Want(t, "a campaign that is known", page{sent(1, 1): 10})
	p.scrape().Want(t, "/metrics", page{sent(1, 1): 10, up(2): none, `smartlead_exporter_discovery_failures_total{account="b",reason="forbidden"}`: 1})
}

// /probe has the series that /metrics has of that campaign, and no others, and shares its store.
func TestProbe(t *testing.T) {
	t.Parallel()
	api := configuredAPI(t)
	p := startWith(t, api, configured)
	all := p.scrape()
	before := len(api.Requests())
	for _, id := range []int{123, 456} {
		ofCampaign := regexp.MustCompile(fmt.Sprintf(`[{,]campaign_id="%d"`, id)).MatchString
		r := p.get(fmt.Sprintf("/probe?campaign_id=%d", id))
		if r.status != http.StatusOK {
			t.Fatalf("status %d: %s", r.status, r.body)
		}
		if diff := cmp.Diff(all.With(ofCampaign), parse(t, r.body)); diff != "" {
			t.Errorf("series of campaign %d at /metrics and at /probe (-metrics +probe):\n%s", id, diff)
		}
	}
	if after := len(api.Requests()); after != before {
		t.Errorf("probing fresh campaigns asked the API %d times", after-before)
	}
}

// A probe refreshes its campaign, and no other.
func TestProbeRefreshesOneCampaign(t *testing.T) {
	t.Parallel()
	api := testkit.StartAPI(t, simulator.Options{Campaigns: []simulator.Campaign{testkit.Aggregated(1, 10), testkit.Aggregated(2, 20)}})
	p := startWith(t, api, "accounts: [{base_url: API, metadata_interval: 0s, campaigns: [1, 2]}]")
	parse(t, p.get("/probe?campaign_id=2&account=default").body).Want(t, "probe", page{sent(2, 1): 20, sent(1, 1): none, up(1): none})
	if got := api.Requests(); len(got) != 1 || got[0].CampaignID != 2 {
		t.Errorf("the API was asked for %v, want campaign 2 alone", got)
	}
}

func TestBadProbes(t *testing.T) {
	t.Parallel()
	api := discoveredAPI(t)
	p := startWith(t, api, discovered)
	const form = "campaign_id must be given once, as a campaign's number: /probe?campaign_id=12345\n"
	for query, want := range map[string]string{
		"":                                 form,
		"?campaign=2":                      form,
		"?campaign_id=":                    form,
		"?campaign_id=two":                 form,
		"?campaign_id=0":                   form,
		"?campaign_id=-2":                  form,
		"?campaign_id=2.0":                 form,
		"?campaign_id=2&campaign_id=3":     form,
		"?campaign_id=9999999999999999999": form,
		"?campaign_id=%3Cscript%3E":        form,
		"?campaign_id=12345":               "campaign 12345 is neither configured nor discovered; /sd lists those that are\n",
		"?campaign_id=5":                   "campaign 5 is neither configured nor discovered; /sd lists those that are\n",
		"?campaign_id=2&account=another":   "campaign 2 belongs to account agency, not to the one asked for\n",
	} {
		r := p.get("/probe" + query)
		if r.status != http.StatusBadRequest || r.body != want {
			t.Errorf("/probe%s: status %d: %q; want 400 and %q", query, r.status, r.body, want)
		}
		if got := r.header.Get("Content-Type"); !strings.HasPrefix(got, "text/plain") {
			t.Errorf("/probe%s: the answer's type is %q", query, got)
		}
	}
	if n := api.Asked(); n > 0 {
		t.Errorf("bad probes asked the API for statistics %d times", n)
	}
}
