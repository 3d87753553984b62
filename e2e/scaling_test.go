package e2e_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"smartlead_exporter/smartlead/simulator"
)

var scalingBlock = regexp.MustCompile("(?s)<!-- e2e: ([\\w-]+)( \\(exporter\\))? -->\n```yaml\n(.*?)\n```")

// scalingConfigs returns the configurations of docs/scaling.md by their names: those of Prometheus and those of the
// exporter.
func scalingConfigs(t *testing.T) (servers, exporters map[string]string) {
	t.Helper()
	servers, exporters = map[string]string{}, map[string]string{}
	page := read(t, "docs/scaling.md")
	for _, m := range scalingBlock.FindAllStringSubmatch(page, -1) {
		if m[2] == "" {
			servers[m[1]] = m[3]
		} else {
			exporters[m[1]] = m[3]
		}
	}
	if got, want := len(servers)+len(exporters), strings.Count(page, "```yaml"); got != want {
		t.Errorf("docs/scaling.md has %d YAML blocks, %d of them marked to be tested", want, got)
	}
	return servers, exporters
}

// network is a proxy that finds exporters by the names that the documentation
// gives them.
func network(t *testing.T, hosts map[string]*exporter) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e, ok := hosts[r.URL.Host]
		if !ok {
			http.Error(w, "there is no "+r.URL.Host, http.StatusBadGateway)
			return
		}
		out := r.Clone(r.Context())
		out.RequestURI = ""
		out.Host = r.URL.Host // what /sd hands out
		out.URL.Host = e.address
		resp, err := http.DefaultTransport.RoundTrip(out)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer func() { _ = resp.Body.Close() }()
		maps.Copy(w.Header(), resp.Header)
		w.WriteHeader(resp.StatusCode)
		_, _ = io.Copy(w, resp.Body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// throughProxy returns a configuration of Prometheus that scrapes each second
// by way of a proxy. Nothing else of it is changed.
func throughProxy(t *testing.T, config, proxy string) string {
	t.Helper()
	var content map[string]any
	if err := yaml.Unmarshal([]byte(config), &content); err != nil {
		t.Fatal(err)
	}
	for _, item := range content["scrape_configs"].([]any) {
		job := item.(map[string]any)
		job["scrape_interval"], job["scrape_timeout"], job["proxy_url"] = "1s", "1s", proxy
		discoveries, _ := job["http_sd_configs"].([]any)
		for _, d := range discoveries {
			d.(map[string]any)["refresh_interval"], d.(map[string]any)["proxy_url"] = "1s", proxy
		}
	}
	text, err := yaml.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestScaling runs the configurations of docs/scaling.md on a real Prometheus.
// However campaigns are spread, each is there once, with the series that
// /metrics shows.
func TestScaling(t *testing.T) {
	t.Parallel()
	var campaigns []simulator.Campaign
	for i := range int64(12) {
		campaigns = append(campaigns, simulator.Campaign{
			ID: 101 + i, Name: fmt.Sprintf("campaign, %d", i), ClientID: int(i % 2), Tags: []simulator.Tag{{ID: 1, Name: "outbound"}},
			Status: []string{simulator.StatusActive, simulator.StatusPaused, simulator.StatusCompleted}[i%3], Source: simulator.Rows(int(10*i), 0),
		})
	}
	_, api := startAPI(t, simulator.Options{Campaigns: campaigns})
	whole := startExporter(t, configuration(account("default", api, discovery)))
	shards := make([]*exporter, 3)
	for i := range shards {
		shards[i] = startExporter(t, configuration(account("default", api, fmt.Sprintf("    discovery: {shard: %d/3}\n", i+1))))
	}
	replicas := []*exporter{whole}
	for range 2 {
		replicas = append(replicas, startExporter(t, configuration(account("default", api, discovery))))
	}
	hosts := map[string]*exporter{"localhost:10045": whole, "smartlead-exporter:10045": replicas[1]}
	for i := range 3 {
		hosts[fmt.Sprintf("exporter-%d:10045", i+1)] = shards[i]
		hosts[fmt.Sprintf("smartlead-exporter-%d.smartlead-exporter:10045", i)] = replicas[i]
	}
	proxy := network(t, hosts)

	var want map[string]string
	await(t, "all campaigns on /metrics", func() error {
		text, err := whole.metrics()
		if err != nil {
			return err
		}
		want = shown(text)
		if n := strings.Count(text, "\nsmartlead_campaign_up{"); n != len(campaigns) || strings.Contains(text, "\nsmartlead_campaign_up{campaign_id=\"101\"} 0") {
			return fmt.Errorf("there are %d", n)
		}
		for _, c := range campaigns[1:] {
			if !strings.Contains(text, fmt.Sprintf("\nsmartlead_sent_total{campaign_id=\"%d\"", c.ID)) {
				return fmt.Errorf("campaign %d has no statistics yet", c.ID)
			}
		}
		return nil
	})

	// How many targets each configuration leads to.
	targets := map[string]int{"one-job": 1, "two-servers": 1, "shards": 3, "hashmod": len(campaigns)}
	servers, _ := scalingConfigs(t)
	if !slices.Equal(slices.Sorted(maps.Keys(servers)), slices.Sorted(maps.Keys(targets))) {
		t.Errorf("docs/scaling.md has the configurations %q", slices.Sorted(maps.Keys(servers)))
	}
	for name, config := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startPrometheus(t, t.TempDir(), throughProxy(t, config, proxy))
			await(t, "the targets", func() error {
				up, err := p.now("up")
				if err != nil {
					return err
				}
				for _, s := range up.Series {
					if s.Value.Value != 1 {
						return fmt.Errorf("%v is down", s.Labels)
					}
				}
				if len(up.Series) != targets[name] {
					return fmt.Errorf("there are %d, want %d", len(up.Series), targets[name])
				}
				return nil
			})
			await(t, "the series of /metrics", func() error {
				r, err := p.now(`{__name__=~"smartlead_.+", campaign_id!=""}`)
				if err != nil {
					return err
				}
				got := map[string]string{}
				for _, s := range r.Series {
					delete(s.Labels, "job")
					delete(s.Labels, "instance")
					key := seriesKey(s.Labels)
					if _, twice := got[key]; twice {
						return fmt.Errorf("%s is there twice", key)
					}
					got[key] = fmt.Sprint(s.Value.Value)
				}
				return differ(got, want)
			})
			if name == "hashmod" {
				r, err := p.now(`count(count by (instance) (up))`)
				if n, none := r.one(); err != nil || none != nil || n < 2 {
					t.Errorf("%v replicas serve the campaigns: %v", n, err)
				}
			}
		})
	}
}

// differ tells what isn't equal in two sets of series. Values that tell of the
// refresh, such as when it was, are other ones at each scrape.
func differ(got, want map[string]string) error {
	for key, value := range want {
		ofRefresh := strings.HasPrefix(key, "smartlead_campaign_last_success") || strings.HasPrefix(key, "smartlead_campaign_refresh")
		if found, ok := got[key]; !ok || found != value && !ofRefresh {
			return fmt.Errorf("%s is %q, and %s on /metrics", key, found, value)
		}
	}
	for key := range got {
		if _, ok := want[key]; !ok {
			return fmt.Errorf("%s isn't on /metrics", key)
		}
	}
	return nil
}

var (
	sampleLine = regexp.MustCompile(`(?m)^(smartlead_\w+)\{(.*)\} (\S+)$`)
	labelPair  = regexp.MustCompile(`(\w+)="((?:[^"\\]|\\.)*)"`)
)

// shown returns the values on a page of metrics, of series with a campaign.
func shown(text string) map[string]string {
	values := map[string]string{}
	for _, m := range sampleLine.FindAllStringSubmatch(text, -1) {
		labels := map[string]string{"__name__": m[1]}
		for _, pair := range labelPair.FindAllStringSubmatch(m[2], -1) {
			if pair[2] != "" { // Prometheus takes an empty label for none
				labels[pair[1]] = pair[2]
			}
		}
		if labels["campaign_id"] != "" {
			values[seriesKey(labels)] = m[3]
		}
	}
	return values
}

func seriesKey(labels map[string]string) string {
	key := labels["__name__"]
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if name != "__name__" {
			key += fmt.Sprintf(" %s=%q", name, labels[name])
		}
	}
	return key
}

// TestScalingExporters: the exporter takes the configurations that
// docs/scaling.md has for it.
func TestScalingExporters(t *testing.T) {
	t.Parallel()
	_, exporters := scalingConfigs(t)
	if len(exporters) == 0 {
		t.Fatal("docs/scaling.md has none")
	}
	for name, config := range exporters {
		file := write(t, filepath.Join(t.TempDir(), "config.yml"), config+"\n")
		check := exec.CommandContext(t.Context(), binaries.exporter, "--config.check", "--config.file="+file)
		check.Env = environment("SMARTLEAD_API_KEY=key")
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
