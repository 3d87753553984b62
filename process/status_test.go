package process_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead/simulator"
)

// statusJSON is what of the JSON the tests look at.
type statusJSON struct {
	Accounts []struct {
		Name        string
		LastRefusal *struct{ Error string } `json:"last_refusal"`
		Budget      struct {
			PerMinute int     `json:"per_minute"`
			PerHour   int     `json:"per_hour"`
			LeftNow   float64 `json:"left_now"`
		}
		Campaigns []struct {
			ID       int64
			Name     string
			Status   string
			State    string
			Requests int
			Reason   string
			Error    string
		}
	}
}

const hostileName = `<script>alert("x")</script>&amp; 'q'`

// statusOf starts an exporter of three campaigns, one of which fails, another has a hostile name, and scrapes it.
func statusOf(t *testing.T) (*process, *testkit.API) {
	t.Helper()
	hostile := testkit.Aggregated(1, 10)
	hostile.Name = hostileName
	api := testkit.StartAPI(t, simulator.Options{Keys: []string{testkit.Key}, Campaigns: []simulator.Campaign{hostile, testkit.Aggregated(2, 20), testkit.Aggregated(3, 30)}})
	api.Inject(simulator.Fault{Match: []simulator.Matcher{simulator.ForCampaign(2)}, Effects: []simulator.Effect{
		simulator.RespondStatus(http.StatusForbidden, `{"message":"no <access> for somebody@example.com with key the-key"}`),
	}})
	p := startWith(t, api, "accounts: [{base_url: API, campaigns: [1, 2, 3]}]")
	p.scrape()
	return p, api
}

func TestStatusJSON(t *testing.T) {
	t.Parallel()
	p, _ := statusOf(t)
	r := p.get("/status", "Accept", "application/json")
	if got := r.header.Get("Content-Type"); r.status != http.StatusOK || got != "application/json" {
		t.Fatalf("status %d, type %q", r.status, got)
	}
	var status statusJSON
	if err := json.Unmarshal([]byte(r.body), &status); err != nil {
		t.Fatal(err)
	}
	if len(status.Accounts) != 1 || len(status.Accounts[0].Campaigns) != 3 {
		t.Fatalf("got %+v, want an account with three campaigns", status)
	}
	a := status.Accounts[0]
	if a.Name != "default" || a.Budget.PerMinute != 60 || a.Budget.PerHour != 1000 || a.Budget.LeftNow >= 6 {
		t.Errorf("account %+v, want default with 60 a minute, 1000 an hour, and less than 6 left", a)
	}
	if a.LastRefusal == nil || !strings.Contains(a.LastRefusal.Error, "no <access> for <address> with key <redacted>") {
		t.Errorf("last refusal %+v, want the API's words without address and key", a.LastRefusal)
	}
	var got []string
	for _, c := range a.Campaigns {
		got = append(got, strings.Join([]string{c.Name, c.Status, c.State, c.Reason}, " | "))
	}
	want := []string{
		hostileName + " | ACTIVE | fresh | ",
		"Campaign 2 | ACTIVE | never | forbidden",
		"Campaign 3 | ACTIVE | fresh | ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("campaigns (-want +got):\n%s", diff)
	}
}

func TestStatusPage(t *testing.T) {
	t.Parallel()
	p, api := statusOf(t)
	asked := len(api.Requests())
	r := p.get("/status", "Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	if got := r.header.Get("Content-Type"); r.status != http.StatusOK || got != "text/html; charset=utf-8" {
		t.Fatalf("status %d, type %q", r.status, got)
	}
	for _, want := range []string{
		"Account default", "60 requests a minute, 1000 an hour", "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;&amp;amp; &#39;q&#39;",
		"Campaign 3", `class="fresh"`, `class="never"`, "never fetched", "first scrape after", "no &lt;access&gt;",
	} {
		if !strings.Contains(r.body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, unwanted := range []string{"<script", "<b>", testkit.Key, "somebody@example.com"} {
		if strings.Contains(r.body, unwanted) {
			t.Errorf("the page has %q", unwanted)
		}
	}
	if policy := r.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("Content-Security-Policy is %q", policy)
	}
	if n := len(api.Requests()); n != asked {
		t.Errorf("looking at the page asked the API %d times", n-asked)
	}
	if !strings.Contains(p.get("/").body, `href="/status"`) {
		t.Error("the landing page has no link to /status")
	}
}

var statusRow = regexp.MustCompile(`<tr><td class="n"[^>]*><a href="status/campaigns/(\d+)">`)

// Every column sorts both ways, by the links in its head, and leaves the campaigns as they are without a sort.
func TestStatusSorts(t *testing.T) {
	t.Parallel()
	p, _ := statusOf(t)
	order := func(page string) []string {
		var ids []string
		for _, row := range statusRow.FindAllStringSubmatch(page, -1) {
			ids = append(ids, row[1])
		}
		return ids
	}
	heads := regexp.MustCompile(`<th><a href="(\?sort=[a-z]+)">`).FindAllStringSubmatch(p.get("/status").body, -1)
	if len(heads) != 12 {
		t.Errorf("%d columns have a link, want 12", len(heads))
	}
	for _, head := range heads {
		up := p.get("/status" + head[1]).body
		ascending := order(up)
		back := regexp.MustCompile(`aria-sort="ascending"><a href="([^"]+)"`).FindStringSubmatch(up)
		if back == nil {
			t.Errorf("%s: the page doesn't say by what it is sorted", head[1])
			continue
		}
		down := p.get("/status" + strings.ReplaceAll(back[1], "&amp;", "&")).body
		if !strings.Contains(down, `aria-sort="descending"`) {
			t.Errorf("%s: a second click doesn't turn the order round", head[1])
		}
		descending := order(down)
		slices.Sort(ascending)
		slices.Sort(descending)
		if !slices.Equal(ascending, []string{"1", "2", "3"}) || !slices.Equal(descending, ascending) {
			t.Errorf("%s: rows are lost: %v, %v", head[1], ascending, descending)
		}
	}
	for query, want := range map[string][]string{
		"":               {"1", "2", "3"},
		"?sort=none":     {"1", "2", "3"},
		"?sort=id&desc":  {"3", "2", "1"},
		"?sort=name":     {"1", "2", "3"},
		"?sort=state":    {"1", "3", "2"},
		"?sort=error":    {"1", "3", "2"},
		"?sort=age&desc": {"2"}, // never is older than anything
	} {
		if got := order(p.get("/status" + query).body); !slices.Equal(got[:len(want)], want) {
			t.Errorf("%q: %v, want %v first", query, got, want)
		}
	}
}

func TestStatusWithoutCampaigns(t *testing.T) {
	t.Parallel()
	p := startWith(t, testkit.StartAPI(t, simulator.Options{}), "accounts: [{base_url: API, discovery: {}}]")
	if r := p.get("/status"); !strings.Contains(r.body, "No campaigns: none are configured") {
		t.Error("the page doesn't say why it is empty")
	}
}

// The page tells which accounts share a quota, and how the API's limit compares with theirs.
func TestStatusOfASharedQuota(t *testing.T) {
	t.Parallel()
	api := testkit.StartAPI(t, simulator.Options{
		Keys: []string{testkit.Key}, Campaigns: []simulator.Campaign{testkit.Aggregated(1, 10), testkit.Aggregated(2, 20)}, Limits: simulator.Limits{PerMinute: 200},
	})
	p := start(t, launch{env: keyInEnv(testkit.Key), dir: testkit.Write(t, map[string]string{"config.yml": api.Configure("accounts: [" +
		"{name: a, base_url: API, rate_limit: {per_minute: 20, per_hour: 300}, campaigns: [1]}, {name: b, base_url: API, rate_limit: {per_minute: 40, per_hour: 700}, campaigns: [2]}]")})})
	p.scrape()
	page := p.get("/status").body
	for _, want := range []string{"60 requests a minute, 1000 an hour", "shared by the accounts a, b, which have one key", "the API allows 200 requests a minute, more than are configured (60)"} {
		if strings.Count(page, want) != 2 {
			t.Errorf("the page doesn't say %q of both accounts:\n%s", want, page)
		}
	}
	text := strings.Join(strings.Fields(p.get("/status", "Accept", "application/json").body), "")
	for _, want := range []string{`"shared_by":["a","b"]`, `"advertised":200`} {
		if strings.Count(text, want) != 2 {
			t.Errorf("the JSON doesn't say %s of both accounts:\n%s", want, text)
		}
	}
}

// What is wrong with the exporter itself stands in the first sentence, with since when, and as a metric, while the numbers can
// be trusted all the same; and it goes when it is over.
func TestStatusTellsOfTheExporter(t *testing.T) {
	t.Parallel()
	api := testkit.StartAPI(t, simulator.Options{Keys: []string{testkit.Key}, Campaigns: []simulator.Campaign{testkit.Aggregated(1, 10)}})
	p := startWith(t, api, "{cache: {ttl: 1h, file: cache}, accounts: [{base_url: API, campaigns: [1]}]}", "--web.enable-lifecycle")
	p.scrape()
	config := filepath.Join(p.cmd.Dir, "config.yml")
	good, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	want := func(when string, failures float64, troubles ...string) {
		t.Helper()
		var status struct {
			Trusted bool
			Summary string
		}
		if err := json.Unmarshal([]byte(p.get("/status", "Accept", "application/json").body), &status); err != nil {
			t.Fatal(err)
		}
		pattern := `^The numbers can be trusted: 1 campaign is shown, and the oldest values are [0-9hms]+ old`
		for i, trouble := range troubles {
			pattern += []string{"; but ", "; "}[min(i, 1)] + trouble + `, since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d`
		}
		if !status.Trusted || !regexp.MustCompile(pattern+`\.$`).MatchString(status.Summary) {
			t.Errorf("%s: %t, %q, want %q", when, status.Trusted, status.Summary, pattern)
		}
		// Where it fails, it is tried again now and then.
		if got := p.scrape()["smartlead_exporter_cache_write_failures_total"]; got < failures || failures == 0 && got != 0 {
			t.Errorf("%s: %v writes failed, want %v", when, got, failures)
		}
		for path, word := range map[string]string{"/-/healthy": "healthy\n", "/-/ready": "ready\n"} {
			if got := p.get(path).body; got != word {
				t.Errorf("%s: %s says %q", when, path, got)
			}
		}
	}
	want("at first", 0)

	const refused = `the configuration file was refused, so an older one is in force \(the log says why\)`
	testkit.Overwrite(t, config, "accounts: []")
	p.post("/-/reload")
	want("after a refused reload", 0, refused)

	// Another exporter takes the cache file for its own, which shows at the next write.
	other := filepath.Join(t.TempDir(), "cache")
	testkit.Overwrite(t, other, "x")
	if err := os.Rename(other, filepath.Join(p.cmd.Dir, "cache")); err != nil {
		t.Fatal(err)
	}
	testkit.Overwrite(t, config, string(good))
	for p.scrape()["smartlead_exporter_cache_write_failures_total"] == 0 { // a file isn't written again at once
		if r := p.post("/-/reload"); r.status != http.StatusOK {
			t.Fatalf("the reload got status %d: %s", r.status, r.body)
		}
	}
	const cache = `the cache file can't be written \(another process has written .*cache: give each exporter a cache\.file of its own\), so a restart would lose values`
	want("when the cache file is another's", 1, cache)

	testkit.Overwrite(t, config, "accounts: []")
	p.post("/-/reload")
	want("with both", 1, refused, cache)
}
