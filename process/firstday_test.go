package process_test

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"smartlead_exporter/internal/testkit"
)

// readmeBlocks returns the README's blocks of YAML that have a text in them.
func readmeBlocks(t *testing.T, having string) []string {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, m := range regexp.MustCompile("(?s)```yaml\n(.*?)```\n").FindAllStringSubmatch(string(text), -1) {
		if strings.Contains(m[1], having) {
			blocks = append(blocks, m[1])
		}
	}
	return blocks
}

// A user's first day, by the README's words, against the demo's API as a server.
func TestFirstDay(t *testing.T) {
	t.Parallel()
	demo := start(t, launch{args: []string{"--demo", "--demo.api-address=127.0.0.1:0"}})
	baseURL := demo.awaitLog(regexp.MustCompile(`base_url=(http://127\.0\.0\.1:\d+/api/v1)`))[1]

	five := readmeBlocks(t, "api_key_env: SMARTLEAD_API_KEY")
	served := readmeBlocks(t, "base_url: http://127.0.0.1:10046/api/v1")
	if len(five) != 1 || len(served) != 1 {
		t.Fatalf("the README has %d configurations of five lines and %d for the demo's API, want one each", len(five), len(served))
	}
	own := strings.Replace(five[0], "api_key_env", "base_url: "+baseURL+"\n    api_key_env", 1)
	discovered := strings.Replace(served[0], "http://127.0.0.1:10046/api/v1", baseURL, 1)

	for _, step := range []struct {
		name   string
		config string
		key    string
		status int
		want   string
	}{
		{"the README's placeholder for a key", own, "…", 1, "config.yml:3: the environment variable SMARTLEAD_API_KEY is a key that was shortened or masked"},
		{"a key that is refused", own, "expired", 1, "unauthorized (status 401)"},
		{"where that key is from", own, "expired", 1, "the key comes from the environment variable SMARTLEAD_API_KEY"},
		{"the README's campaigns", own, "any", 1, "2 campaigns not found, see above"},
		{"a path too short", strings.Replace(own, "/api/v1", "/api", 1), "any", 1, "is base_url right, which ends where the API begins"},
		{"a tag that there isn't", strings.Replace(discovered, "discovery: {}", "discovery: {tags: [no such]}", 1), "any", 0, "in the list, 0 fit; tags there: "},
		{"a campaign that there is", regexp.MustCompile(`(?s)- 12345.*`).ReplaceAllString(own, "- 101\n"), "any", 0, "campaign 101: rows: "},
		{"all", discovered, "any", 0, "discovery:  chooses "},
	} {
		p := run(t, launch{
			args: []string{"--config.check-online"}, env: keyInEnv(step.key), dir: testkit.Write(t, map[string]string{"config.yml": step.config}),
		})
		status := p.wait()
		said := p.stdout.String() + p.stderr.String()
		if status != step.status || !strings.Contains(said, step.want) {
			t.Errorf("%s: exit status %d, want %d and %q:\n%s", step.name, status, step.status, step.want, said)
		}
		if strings.ContainsAny(said, "\r\x1b") {
			t.Errorf("%s: shows progress where there is no terminal", step.name)
		}
	}

	fitless := start(t, launch{dir: testkit.Write(t, map[string]string{
		"config.yml": strings.Replace(discovered, "discovery: {}", "discovery: {tags: [no such]}", 1),
	})})
	fitless.scrape()
	fitless.awaitLog(regexp.MustCompile(`level=warn .*msg="discovery finds no campaign" account=default there="8 in the list, 0 fit; tags there: `))
	if page := fitless.get("/status").body; !strings.Contains(page, "There are no numbers: account default: discovery finds no campaign, since ") {
		t.Errorf("/status doesn't say that discovery finds nothing:\n%s", page)
	}

	p := start(t, launch{dir: testkit.Write(t, map[string]string{"config.yml": discovered})})
	families := func(page testkit.Page) []string {
		names := map[string]bool{}
		for series := range page {
			name, _, _ := strings.Cut(series, "{")
			// The demo collects subjects, too, which come when their turn does.
			if strings.HasPrefix(name, "smartlead_") && !strings.Contains(name, "exporter_") && !subjectFamilies.MatchString(name) || name == "smartlead_campaign_max_leads_per_day" {
				names[name] = true
			}
		}
		return slices.Sorted(maps.Keys(names))
	}
	shown := p.scrape()
	got, want := families(shown), families(demo.scrape())
	if !slices.Equal(got, want) || len(got) < 10 {
		t.Errorf("a real configuration shows\n%v\nand the demo, what dashboards are made for,\n%v", got, want)
	}
	for _, name := range queried(t) {
		there := func(series string) bool {
			rest, ok := strings.CutPrefix(series, name)
			return ok && (rest == "" || rest[0] == '{' || strings.HasPrefix(rest, "_bucket{"))
		}
		if !subjectFamilies.MatchString(name) && len(shown.With(there)) == 0 {
			t.Errorf("dashboards ask for %s, which a real configuration doesn't show", name)
		}
	}
}

// subjectFamilies are what only collect shows, and when its turn comes.
var subjectFamilies = regexp.MustCompile(`exporter_subject_|mailbox|_leads|positive_replies|_replies$|_category_|_reply_delay_|_variant_`)

// queried returns the names of the exporter's metrics in the dashboards' queries, but for those that rules make.
func queried(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../dashboards/*.json")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, expr := range regexp.MustCompile(`"expr": "((?:[^"\\]|\\.)*)"`).FindAllStringSubmatch(string(text), -1) {
			for _, name := range regexp.MustCompile(`[a-z_:0-9]+`).FindAllString(expr[1], -1) {
				if strings.HasPrefix(name, "smartlead_") && !strings.Contains(name, ":") {
					names[name] = true
				}
			}
		}
	}
	if len(names) < 20 {
		t.Fatalf("found %d metrics in the queries of dashboards", len(names))
	}
	return slices.Sorted(maps.Keys(names))
}

// The demo's API ends with the demo, and an address that is taken is told in one line.
func TestDemoAPIAddress(t *testing.T) {
	t.Parallel()
	p := start(t, launch{args: []string{"--demo", "--demo.api-address=127.0.0.1:0"}})
	baseURL := p.awaitLog(regexp.MustCompile(`base_url=(http://127\.0\.0\.1:\d+/api/v1)`))[1]
	get := func(query string) (int, error) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, baseURL+"/campaigns/"+query, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := p.client.Do(request)
		if err != nil {
			return 0, err
		}
		return response.StatusCode, response.Body.Close()
	}
	for query, want := range map[string]int{"?api_key=any": http.StatusOK, "?api_key=expired": http.StatusUnauthorized, "": http.StatusUnauthorized} {
		if got, err := get(query); got != want {
			t.Errorf("%q: status %d (%v), want %d", query, got, err, want)
		}
	}
	p.terminate()
	if _, err := get("?api_key=any"); err == nil {
		t.Error("it answers although the demo has ended")
	}

	alone := run(t, launch{args: []string{"--demo.api-address=127.0.0.1:0"}})
	if status := alone.wait(); status != 1 || !strings.Contains(alone.stderr.String(), "--demo.api-address=127.0.0.1:0: there is an API of one's own with --demo only") {
		t.Errorf("without --demo: exit status %d, want 1 and the reason", status)
	}
	taken := listen(t)
	q := run(t, launch{args: []string{"--demo", "--web.listen-address=127.0.0.1:0", "--demo.api-address=" + taken}})
	if status := q.wait(); status != 1 {
		t.Errorf("exit status %d, want 1", status)
	}
	if testkit.CountLines(q.stderr.String(), "--demo.api-address="+taken) != 1 || testkit.CountLines(q.stderr.String(), "level=error") != 1 {
		t.Error("stderr doesn't say in one line that the address is taken")
	}
}
