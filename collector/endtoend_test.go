package collector_test

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// The tests of this file have the real client ask a simulated API.

const testKey = `k/+ &=%"<ey`

// newClient returns the client of an account that asks an API within this process, and is counted.
func (e *exporter) newClient(account string, api http.Handler, limits smartlead.Limits) *smartlead.Client {
	e.t.Helper()
	client, err := smartlead.NewClient(smartlead.Options{
		Key:       func() (string, error) { return testKey, nil },
		BaseURL:   "http://" + account + ".smartlead.test/api/v1", // whose quota is the account's own
		Limits:    &limits,
		Transport: simulator.Transport(api),
		Trace:     e.metrics.Trace(account),
	})
	if err != nil {
		e.t.Fatal(err)
	}
	return client
}

// firstPage answers with body to a request for the first page, and with no rows to others.
func firstPage(body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page := body
		if r.URL.Query().Get("offset") != "0" {
			page = `{"total_stats":"419","offset":1,"limit":100,"data":[]}`
		}
		_, _ = io.WriteString(w, page)
	})
}

// stepsOf returns the page's series of steps of a campaign, which are all but those of the campaign as such.
func stepsOf(p page, id int64) page {
	return p.With(func(series string) bool {
		return strings.Contains(series, `{campaign_id="`+strconv.FormatInt(id, 10)+`",sequence_number=`)
	})
}

// ofStep names the series of one step.
func ofStep(name string, id int64, step int) string {
	return "smartlead_" + name + `{campaign_id="` + strconv.FormatInt(id, 10) + `",sequence_number="` + strconv.Itoa(step) + `"}`
}

func read(t *testing.T, file string) string {
	t.Helper()
	body, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestPublishedBodies(t *testing.T) {
	perEmail := read(t, "per_email_page.json")
	for _, tc := range []struct {
		name string
		body string
		want page // of campaign 123, and nothing else
		up   float64
	}{
		{"the reference page's own", read(t, "reference_page.json"), page{
			ofStep("sent_total", 123, 1): 1240, ofStep("sent_total", 123, 2): 892,
			ofStep("opened_total", 123, 1): 372, ofStep("opened_total", 123, 2): 267,
			ofStep("clicked_total", 123, 1): 89, ofStep("clicked_total", 123, 2): 54,
			ofStep("replied_total", 123, 1): 23, ofStep("replied_total", 123, 2): 12,
			ofStep("unsubscribed_total", 123, 1): 4, ofStep("unsubscribed_total", 123, 2): 2,
			ofStep("bounced_total", 123, 1): 18, ofStep("bounced_total", 123, 2): 9,
		}, 1},
		// It shows one row of 419; by itself that is no complete set.
		{"per e-mail, one row of 419", perEmail, page{}, 0},
		{"per e-mail, one row of one", strings.Replace(perEmail, `"419"`, `"1"`, 1), page{
			ofStep("sent_total", 123, 1): 1, ofStep("opened_total", 123, 1): 0, ofStep("clicked_total", 123, 1): 0,
			ofStep("replied_total", 123, 1): 0, ofStep("unsubscribed_total", 123, 1): 0, ofStep("bounced_total", 123, 1): 0,
			ofStep("last_sent_timestamp_seconds", 123, 1): seconds(time.Date(2022, 8, 2, 12, 49, 11, 747e6, time.UTC)),
		}, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := start(t, settings())
				e.store.Apply(settings(account("default", e.newClient("default", firstPage(tc.body), smartlead.Limits{}), 123)))
				p := e.scrape()
				p.Want(t, "the page", page{up(123): tc.up, failures("default", "incomplete"): 1 - tc.up})
				got := stepsOf(p, 123)
				got.Want(t, "the steps", tc.want)
				if len(got) != len(tc.want) {
					t.Errorf("there are %d series of steps, want %d: %v", len(got), len(tc.want), got)
				}
			})
		})
	}
}

// Three pages of rows add up to what the simulator knows that it handed out.
func TestPagesAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := testkit.NewSimulator(t, simulator.Options{Campaigns: []simulator.Campaign{{ID: 1, Source: simulator.Rows(2503, 100)}}})
		e := start(t, settings())
		e.store.Apply(settings(account("default", e.newClient("default", sim, smartlead.Limits{}), 1)))
		want := page{
			up(1): 1, requests(1): 3, `smartlead_exporter_api_requests_total{account="default",code="200"}`: 3,
			`smartlead_exporter_api_request_duration_seconds_count{account="default"}`: 3,
		}
		counts, _ := sim.Counts(1)
		if len(counts) != 3 {
			t.Fatalf("the simulator counts %v, want 3 steps", counts)
		}
		for _, c := range counts {
			want[ofStep("sent_total", 1, c.Step)] = float64(c.Sent)
			want[ofStep("opened_total", 1, c.Step)] = float64(c.Opened)
			want[ofStep("clicked_total", 1, c.Step)] = float64(c.Clicked)
			want[ofStep("replied_total", 1, c.Step)] = float64(c.Replied)
			want[ofStep("unsubscribed_total", 1, c.Step)] = float64(c.Unsubscribed)
			want[ofStep("bounced_total", 1, c.Step)] = float64(c.Bounced)
		}
		e.scrape().Want(t, "the page", want)
	})
}

// However a request fails, and at whatever level is logged, the key is neither on a page nor in the log.
func TestKeyStaysHidden(t *testing.T) {
	spellings := []string{testKey, url.QueryEscape(testKey), url.PathEscape(testKey), strings.ToLower(url.QueryEscape(testKey)), strconv.Quote(testKey)}
	everything := strings.Join(spellings, " ")
	echo := `{"message":` + strconv.Quote(everything) + `}`
	for _, tc := range []struct {
		name   string
		effect simulator.Effect
		reason string
	}{
		{"reset", simulator.Reset(), "network"},
		{"reset amid the body", simulator.ResetAfter(10), "network"},
		{"timeout", simulator.Delay(time.Hour), "timeout"},
		{"redirect", simulator.Redirect("http://elsewhere.test/?api_key=" + url.QueryEscape(testKey)), "bad_response"},
		{"400", simulator.RespondStatus(400, echo), "bad_request"},
		{"401", simulator.RespondStatus(401, echo), "unauthorized"},
		{"403", simulator.RespondStatus(403, echo), "forbidden"},
		{"404", simulator.RespondStatus(404, echo), "not_found"},
		{"500", simulator.RespondStatus(500, everything), "server_error"},
		{"200 without JSON", simulator.RespondStatus(200, everything), "bad_response"},
		{"200 with an error", simulator.RespondStatus(200, `{"error":`+strconv.Quote(everything)+`}`), "bad_response"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := testkit.NewSimulator(t, simulator.Options{Campaigns: []simulator.Campaign{{ID: 1, Source: simulator.Rows(10, 10)}}})
				sim.Inject(simulator.Fault{Effects: []simulator.Effect{tc.effect}})
				e := start(t, settings())
				e.store.Apply(settings(account("default", e.newClient("default", sim, smartlead.Limits{}), 1)))
				e.scrapeFor(time.Hour)
				time.Sleep(maxBackoff)
				e.scrape() // which doesn't wait for an account that doesn't answer
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				shown := e.exposition(t.Context(), textFormat)
				p := parse(t, shown)
				p.Want(t, "the page", page{up(1): 0})
				if n := p[failures("default", tc.reason)]; n < 2 {
					t.Errorf("the page tells of %v failures, want 2 at least", n)
				}
				lines := e.log.Take()
				if len(lines) < 2 {
					t.Errorf("there are %d log lines, want one at least for each of 2 failures", len(lines))
				}
				for _, line := range lines {
					for _, value := range line {
						shown += "\n" + value
					}
				}
				for _, spelling := range spellings {
					if strings.Contains(shown, spelling) {
						t.Errorf("the key is shown as %s in:\n%s", spelling, shown)
					}
				}
			})
		})
	}
}

// A 429 stops the account for as long as it says, and no other one.
func TestTooManyRequestsStopsOneAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const pause = 5 * time.Minute
		newAccount := func(ids []int64) *simulator.Simulator {
			var opts simulator.Options
			for _, id := range ids {
				opts.Campaigns = append(opts.Campaigns, simulator.Campaign{ID: id, Source: simulator.Aggregated(simulator.StepCounts{Step: 1, Sent: id})})
			}
			return testkit.NewSimulator(t, opts)
		}
		ids := numbers(10)
		refusing, other := newAccount(ids[:5]), newAccount(ids[5:])
		e := start(t, settings())
		limits := smartlead.Limits{PerMinute: 60, PerHour: 1000, Concurrency: 1}
		e.store.Apply(settings(
			account("refusing", e.newClient("refusing", refusing, limits), ids[:5]...),
			account("other", e.newClient("other", other, limits), ids[5:]...),
		))
		e.scrape()
		time.Sleep(time.Minute)

		refusing.Inject(simulator.Fault{Skip: 2, Times: 1, Effects: []simulator.Effect{simulator.Respond(simulator.TooManyRequests("300"))}})
		for range 10 {
			p := e.scrapeFor(10 * time.Second)
			for _, id := range ids { // nothing failed, the values are only older
				p.Want(t, "each scrape", page{sent(id): float64(id), up(id): 1})
			}
			time.Sleep(50 * time.Second)
		}
		all := refusing.Requests()
		for i, r := range all {
			if r.Status != http.StatusTooManyRequests {
				continue
			}
			if gap := all[i+1].Time.Sub(r.Time); gap < pause || gap > pause+time.Second {
				t.Errorf("the account asked again %s after it was told to wait for %s", gap, pause)
			}
		}
		e.ownPage().Want(t, "afterwards", page{
			`smartlead_exporter_api_requests_total{account="refusing",code="429"}`: 1,
			failures("refusing", "rate_limited"):                                   0, // it was tried again, and went well
			`smartlead_exporter_api_requests_total{account="other",code="429"}`:    0,
			`smartlead_exporter_api_requests_total{account="other",code="200"}`:    55, // five a minute, all the time
		})
	})
}
