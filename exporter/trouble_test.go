package exporter_test

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead/simulator"
)

const (
	troubleLasts = 31 * time.Minute
	settled      = 5 * time.Minute  // before it
	aftermath    = 31 * time.Minute // after it

	// mostLines is how much the log may say: that the campaigns were found, two begins and ends of what concerns a campaign
	// and its account, or the list, and three summaries of each.
	mostLines = 16
)

// troubles are what an API can suffer from.
var troubles = []struct {
	name   string
	effect simulator.Effect
}{
	{"network", simulator.Reset()},
	{"timeout", simulator.Delay(time.Hour)},
	{"server_error", simulator.RespondStatus(http.StatusBadGateway, "<html><h1>502 Bad Gateway</h1></html>")},
	{"page", simulator.RespondStatus(http.StatusOK, "<html><h1>We'll be back soon</h1></html>")},
	{"bad_response", simulator.RespondStatus(http.StatusOK, `{"ok":true,"data":[{"sequence_number":"first"}]}`)},
	{"unauthorized", simulator.RespondStatus(http.StatusUnauthorized, `{"message":"Invalid API Key"}`)},
	{"forbidden", simulator.RespondStatus(http.StatusForbidden, `{"message":"access denied"}`)},
	{"rate_limited", simulator.Respond(simulator.TooManyRequests("30"))},
	{"not_found", simulator.RespondStatus(http.StatusNotFound, `{"message":"Campaign not found"}`)},
}

// Whoever is on call reads a line when a trouble begins, one when it ends, and little in between: 31 minutes of each kind,
// of one campaign among many, of all of them, and of the list.
func TestTroubleIsTold(t *testing.T) {
	for _, trouble := range troubles {
		for _, scope := range []struct {
			name     string
			interval string // of the list
			match    func(path string) bool
		}{
			{"one", "2h", func(path string) bool { return strings.Contains(path, "/campaigns/7/") }},
			{"all", "2h", func(string) bool { return true }},
			{"list", "10m", func(path string) bool {
				return strings.HasSuffix(path, "/campaigns") || strings.HasSuffix(path, "/campaigns/")
			}},
		} {
			t.Run(trouble.name+"/"+scope.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					testkit.Golden(t, "trouble_"+trouble.name+"_"+scope.name+".txt", logOfTrouble(t, trouble.effect, scope.interval, scope.match))
				})
			})
		}
	}
}

// variedWords are what differs from one run to the next, since the pauses before retries do.
var variedWords = []*regexp.Regexp{
	regexp.MustCompile(`()\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`),
	regexp.MustCompile(`(after(?:_at_most)?=)[0-9hms]+`),
	regexp.MustCompile(`(account fails again and again" .* err=)"[^"]*"`),
	regexp.MustCompile(`(refuses the account's key.* err=)"[^"]*"`), // where several requests fail, it may be of any of them
	regexp.MustCompile(`( campaigns=)"(?:[^"\\]|\\.)*"`),
	regexp.MustCompile(`(Campaign |campaign_id=|/campaigns/)(?:[0-689]|[1-9]\d)\b`), // which of all comes first
	regexp.MustCompile(`((?:times|pauses)=)\d+`),
}

// troubled returns what the log says of so many campaigns of an account, which these settings belong to, while requests to the
// paths that match suffer from an effect.
func troubled(t *testing.T, campaigns int, settings string, effect simulator.Effect, match func(path string) bool) string {
	t.Helper()
	var opts simulator.Options
	for id := 1; id <= campaigns; id++ {
		opts.Campaigns = append(opts.Campaigns, testkit.Aggregated(id, id))
	}
	var broken atomic.Bool
	sim := testkit.NewSimulator(t, opts)
	wrong := effect(sim)
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if broken.Load() && match(r.URL.Path) {
			wrong.ServeHTTP(w, r)
			return
		}
		sim.ServeHTTP(w, r)
	})
	begins := time.Now().Add(settled)
	told := &timed{begins: begins}
	e := beginWith(t, api, told)
	e.mustApply("{cache: {ttl: 5m}, accounts: [{name: main, api_key: the-key, request_timeout: 10s, " + settings + "}]}")
	for since := -settled; since <= troubleLasts+aftermath; since += time.Minute {
		broken.Store(since >= 0 && since < troubleLasts)
		e.scrape()
		time.Sleep(time.Until(begins.Add(since + time.Minute)))
	}
	synctest.Wait()
	return told.text.String()
}

// logOfTrouble returns what the log says of 40 campaigns, an ample quota, and requests that suffer from an effect.
func logOfTrouble(t *testing.T, effect simulator.Effect, interval string, match func(path string) bool) string {
	t.Helper()
	text := troubled(t, 40, "discovery: {interval: "+interval+"}, rate_limit: {per_minute: 600, per_hour: 36000, concurrency: 1}", effect, match)
	for _, varied := range variedWords {
		text = varied.ReplaceAllString(text, "${1}<…>")
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > mostLines {
		t.Errorf("the log has %d lines, want %d at the most:\n%s", len(lines), mostLines, text)
	}
	slices.Sort(lines) // which come close to one another in any order
	return strings.Join(slices.Compact(lines), "\n") + "\n"
}

// timed is a logger that writes each line that isn't for debugging, and whether the trouble has begun or ended.
type timed struct {
	mu     sync.Mutex
	begins time.Time
	text   bytes.Buffer
}

func (l *timed) Log(keyvals ...any) error {
	if fmt.Sprint(keyvals[1]) == "debug" {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	when := "1 before: "
	if since := time.Since(l.begins); since >= troubleLasts {
		when = "3 then: "
	} else if since >= 0 {
		when = "2 meanwhile: "
	}
	l.text.WriteString(when)
	return log.NewLogfmtLogger(&l.text).Log(keyvals...)
}

// Three hundred campaigns that fail alike, under a short quota, are a line with how many they are, and so is the end,
// whatever they fail for: not a line for each.
func TestManyFailAlike(t *testing.T) {
	counted := regexp.MustCompile(`count=(\d+) of=300|campaigns=(300) |campaign_id=()`)
	for _, trouble := range troubles {
		if !slices.Contains([]string{"server_error", "timeout", "page"}, trouble.name) {
			continue // the others are alike, or are the key's
		}
		t.Run(trouble.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				text := troubled(t, 300, "discovery: {interval: 2h}, rate_limit: {per_minute: 120, per_hour: 6000, concurrency: 4}", trouble.effect, func(path string) bool {
					return strings.HasSuffix(path, "/statistics")
				})
				var failed, well, lines int
				for line := range strings.Lines(text) {
					number := counted.FindStringSubmatch(line)
					if number == nil {
						continue
					}
					lines++
					n, err := strconv.Atoi(number[1] + number[2])
					if err != nil {
						n = 1 // which has its name
					}
					if strings.Contains(line, "level=warn") {
						failed += n
					} else {
						well += n
					}
				}
				if failed != 300 || well != 300 || lines > 6 {
					t.Errorf("in %d lines the log tells of %d campaigns that fail and of %d that are well again, want 300 each in 6 lines at the most:\n%s",
						lines, failed, well, text)
				}
			})
		})
	}
}
