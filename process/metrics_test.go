package process_test

import (
	"bytes"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead/simulator"
)

// A configuration of five lines and a key in the environment, and the very bodies that are published of the API: these
// numbers, and no others.
func TestPublishedBodies(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		effect simulator.Effect
		want   page
	}{
		{"reference page", reference(t, "aggregated.json"), page{
			`smartlead_sent_total{campaign_id="123",sequence_number="1"}`:         1240,
			`smartlead_opened_total{campaign_id="123",sequence_number="1"}`:       372,
			`smartlead_clicked_total{campaign_id="123",sequence_number="1"}`:      89,
			`smartlead_replied_total{campaign_id="123",sequence_number="1"}`:      23,
			`smartlead_unsubscribed_total{campaign_id="123",sequence_number="1"}`: 4,
			`smartlead_bounced_total{campaign_id="123",sequence_number="1"}`:      18,
			`smartlead_sent_total{campaign_id="123",sequence_number="2"}`:         892,
			`smartlead_opened_total{campaign_id="123",sequence_number="2"}`:       267,
			`smartlead_clicked_total{campaign_id="123",sequence_number="2"}`:      54,
			`smartlead_replied_total{campaign_id="123",sequence_number="2"}`:      12,
			`smartlead_unsubscribed_total{campaign_id="123",sequence_number="2"}`: 2,
			`smartlead_bounced_total{campaign_id="123",sequence_number="2"}`:      9,
		}},
		// One of the 419 rows that it counts is shown, so it is a whole answer only if it counts one.
		{"per e-mail", func(next http.Handler) http.Handler {
			one := simulator.Rewrite(func(body []byte) []byte { return bytes.Replace(body, []byte(`"419"`), []byte(`"1"`), 1) })
			return one(reference(t, "per_email.json")(next))
		}, page{
			`smartlead_sent_total{campaign_id="123",sequence_number="1"}`:                  1,
			`smartlead_opened_total{campaign_id="123",sequence_number="1"}`:                0,
			`smartlead_clicked_total{campaign_id="123",sequence_number="1"}`:               0,
			`smartlead_replied_total{campaign_id="123",sequence_number="1"}`:               0,
			`smartlead_unsubscribed_total{campaign_id="123",sequence_number="1"}`:          0,
			`smartlead_bounced_total{campaign_id="123",sequence_number="1"}`:               0,
			`smartlead_last_sent_timestamp_seconds{campaign_id="123",sequence_number="1"}`: 1659444551.747,
		}},
		// With its 419 it isn't, and nothing of it is shown.
		{"part of it", reference(t, "per_email.json"), page{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			api := testkit.StartAPI(t, simulator.Options{Campaigns: []simulator.Campaign{testkit.Aggregated(123, 1)}})
			api.Inject(simulator.Fault{
				Match:   []simulator.Matcher{simulator.ForEndpoint(simulator.EndpointStatistics)},
				Effects: []simulator.Effect{tc.effect},
			})
			p := start(t, launch{env: keyInEnv(testkit.Key), dir: testkit.Write(t, map[string]string{
				"config.yml": "# My campaigns\n" +
					"accounts:\n" +
					"  - base_url: " + api.URL + "\n" +
					"    campaigns:\n" +
					"      - 123\n",
			})})

			perStep := regexp.MustCompile(`^smartlead_\w+\{campaign_id="\d+",sequence_number=`)
			got := p.scrape()
			if diff := cmp.Diff(tc.want, got.With(perStep.MatchString)); diff != "" {
				t.Errorf("series of steps (-want +got):\n%s", diff)
			}
			if isUp := len(tc.want) > 0; isUp != (got[up(123)] == 1) {
				t.Errorf("%s is %v", up(123), got[up(123)])
			}
		})
	}
}

// configured has one campaign of each shape, one that the API doesn't know and one whose answers are wrong.
const configured = `
accounts:
  - base_url: API
    rate_limit: {per_minute: 600, concurrency: 1}
    campaigns:
      - id: 123
        name: Q4 "outreach"
      - {id: 456, sequence_numbers: [1, 2]}
      - 789
      - 790
`

func configuredAPI(t *testing.T) *testkit.API {
	day := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
	api := testkit.StartAPI(t, simulator.Options{Limits: simulator.Limits{PerMinute: 60}, Campaigns: []simulator.Campaign{
		{ID: 123, Name: "Called otherwise in the configuration", CreatedAt: day},
		{
			ID: 456, Name: "Per e-mail", Status: simulator.StatusPaused, CreatedAt: day, ClientID: 77, ParentID: 123,
			MaxLeadsPerDay: 40, TrackSettings: []string{simulator.DontTrackClicks},
			Tags: []simulator.Tag{{ID: 1, Name: "outbound"}, {ID: 2, Name: "Q4"}},
			Source: simulator.Fixed(
				simulator.Email{Step: 1, SentTime: day, OpenTime: day.Add(time.Hour), OpenCount: 3, ReplyTime: day.Add(2 * time.Hour)},
				simulator.Email{Step: 1, SentTime: day.Add(time.Minute), Bounced: true},
				simulator.Email{Step: 2, SentTime: day.Add(72 * time.Hour), ClickCount: 1, ClickTime: day.Add(73 * time.Hour), Unsubscribed: true},
				simulator.Email{Step: 3, SentTime: day.Add(144 * time.Hour)},
			),
		},
		{ID: 790, Name: "Broken", CreatedAt: day, Source: simulator.Rows(10, 10)},
	}})
	inject := func(campaign int64, effect simulator.Effect) {
		api.Inject(simulator.Fault{
			Match:   []simulator.Matcher{simulator.ForEndpoint(simulator.EndpointStatistics), simulator.ForCampaign(campaign)},
			Effects: []simulator.Effect{effect},
		})
	}
	inject(123, reference(t, "aggregated.json"))
	inject(790, simulator.RespondStatus(http.StatusOK, `{"ok":false,"error":"try again"}`))
	return api
}

// discovered chooses three of the campaigns of discoveredAPI, and one is configured besides.
const discovered = `
accounts:
  - name: agency
    base_url: API
    rate_limit: {per_minute: 600, concurrency: 1}
    campaigns: [{id: 7, name: Kept by hand}]
    discovery: {exclude_name: "(?i).*test.*", max_campaigns: 3}
`

func discoveredAPI(t *testing.T) *testkit.API {
	campaign := func(id int, name, status string, more simulator.Campaign) simulator.Campaign {
		c := testkit.Aggregated(id, 10*id)
		c.Name, c.Status = name, status
		c.CreatedAt = time.Date(2026, time.January, id, 0, 0, 0, 0, time.UTC)
		c.ClientID, c.ParentID, c.Tags, c.TrackSettings, c.MaxLeadsPerDay = more.ClientID, more.ParentID, more.Tags, more.TrackSettings, more.MaxLeadsPerDay
		return c
	}
	return testkit.StartAPI(t, simulator.Options{Limits: simulator.Limits{PerMinute: 60}, Campaigns: []simulator.Campaign{
		campaign(1, "The oldest of four", simulator.StatusCompleted, simulator.Campaign{}),
		campaign(2, "Многая лета \U0001f389 \"quoted\"\nin two lines, with a \\", simulator.StatusActive, simulator.Campaign{
			ClientID: "77", MaxLeadsPerDay: 25,
			Tags: []simulator.Tag{{ID: 1, Name: "outbound"}, {ID: 2, Name: "with, comma"}, {ID: 3, Name: "outbound"}},
		}),
		campaign(3, "Subsequence", simulator.StatusPaused, simulator.Campaign{
			ParentID: 2, ClientID: 78, TrackSettings: []string{simulator.DontTrackOpens, simulator.DontTrackClicks},
		}),
		campaign(4, "Of a status nobody knows", "WARMING", simulator.Campaign{}),
		campaign(5, "A Test", simulator.StatusActive, simulator.Campaign{}),
		campaign(6, "Draft", simulator.StatusDrafted, simulator.Campaign{}),
		campaign(7, "Archived", simulator.StatusArchived, simulator.Campaign{}),
	}})
}

// Everything that begins with smartlead_, for accounts of both kinds.
func TestGoldenMetrics(t *testing.T) {
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
			testkit.Golden(t, "metrics_"+tc.name+".prom", normalised(p.get("/metrics").body))
		})
	}
}

// startWith starts a process with a configuration in which API stands for a simulated API.
func startWith(t testing.TB, api *testkit.API, config string, args ...string) *process {
	t.Helper()
	return start(t, launch{args: args, env: keyInEnv(testkit.Key), dir: testkit.Write(t, map[string]string{"config.yml": api.Configure(config)})})
}

// varying are the series whose values depend on the moment and the machine. 0 doesn't vary where it means that there has
// been nothing yet.
var (
	varying = regexp.MustCompile(`^(smartlead_exporter_(?:` + strings.Join([]string{
		`config_last_reload_success_timestamp_seconds`,
		`api_request_duration_seconds_(?:bucket|sum)\{.*\}`,
		`rate_limit_wait_seconds_total\{.*\}`,
		`build_info`,
	}, "|") + `))(?:\{branch=.*\})? \S+$`)
	varyingUnlessZero = regexp.MustCompile(`^(smartlead_(?:` + strings.Join([]string{
		`campaign_last_success_timestamp_seconds`,
		`campaign_refresh_duration_seconds`,
		`account_last_discovery_timestamp_seconds`,
	}, "|") + `)\{.*\}) (?:[^0]\S*|0\S+)$`)
)

// normalised returns the families of the exporter, without what varies: some values, and the order of the series.
func normalised(exposition string) string {
	var all, family []string
	flush := func() {
		slices.SortStableFunc(family, func(a, b string) int {
			a, _, _ = strings.Cut(a, `,le="`) // buckets stay in their order
			b, _, _ = strings.Cut(b, `,le="`)
			return strings.Compare(a, b)
		})
		all, family = append(all, family...), nil
	}
	for line := range strings.Lines(exposition) {
		comment := strings.HasPrefix(line, "#")
		if comment {
			flush()
		}
		if !strings.HasPrefix(strings.TrimLeft(line, "# HELPTY"), "smartlead_") {
			continue
		}
		line = strings.TrimSuffix(line, "\n")
		if comment {
			all = append(all, line)
			continue
		}
		line = varying.ReplaceAllString(line, "$1 (varies)")
		family = append(family, varyingUnlessZero.ReplaceAllString(line, "$1 (varies)"))
	}
	flush()
	return strings.Join(all, "\n") + "\n"
}

// The product's six names end like counters' and are gauges, as they can go down. Of everything else that the exporter
// shows, those of the Go runtime included, promlint finds nothing to say.
func TestLint(t *testing.T) {
	t.Parallel()
	allowed := map[string]string{}
	for _, count := range []string{"sent", "opened", "clicked", "replied", "unsubscribed", "bounced"} {
		allowed["smartlead_"+count+"_total"] = `non-counter metrics should not have "_total" suffix`
	}
	families := map[string]bool{}
	for _, tc := range []struct {
		config string
		api    func(*testing.T) *testkit.API
	}{
		{configured, configuredAPI},
		{discovered, discoveredAPI},
	} {
		p := startWith(t, tc.api(t), tc.config)
		p.scrape() // so that promhttp has counted one
		text := p.get("/metrics").body
		problems, err := promlint.New(strings.NewReader(text)).Lint()
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, problem := range problems {
			got[problem.Metric] += problem.Text
		}
		if diff := cmp.Diff(allowed, got); diff != "" {
			t.Errorf("problems (-want +got):\n%s", diff)
		}
		for _, match := range regexp.MustCompile(`(?m)^# TYPE (smartlead_\S+) `).FindAllStringSubmatch(text, -1) {
			families[match[1]] = true
		}
	}

	want := append(slices.Collect(maps.Keys(allowed)),
		"smartlead_last_sent_timestamp_seconds",
		"smartlead_campaign_info",
		"smartlead_campaign_up",
		"smartlead_campaign_last_success_timestamp_seconds",
		"smartlead_campaign_refresh_duration_seconds",
		"smartlead_campaign_refresh_requests",
		"smartlead_campaign_status",
		"smartlead_campaign_tag_info",
		"smartlead_campaign_open_tracking",
		"smartlead_campaign_click_tracking",
		"smartlead_campaign_created_timestamp_seconds",
		"smartlead_campaign_max_leads_per_day",
		"smartlead_account_campaigns",
		"smartlead_account_campaigns_omitted",
		"smartlead_account_last_discovery_timestamp_seconds",
		"smartlead_exporter_api_requests_total",
		"smartlead_exporter_api_request_duration_seconds",
		"smartlead_exporter_refresh_failures_total",
		"smartlead_exporter_discovery_failures_total",
		"smartlead_exporter_rate_limit_wait_seconds_total",
		"smartlead_exporter_rate_limit_remaining",
		"smartlead_exporter_rate_limit_requests",
		"smartlead_exporter_rate_limit_advertised_requests",
		"smartlead_exporter_rate_limit_paused_until_timestamp_seconds",
		"smartlead_exporter_cache_lookups_total",
		"smartlead_exporter_cache_ttl_seconds",
		"smartlead_exporter_cache_max_stale_seconds",
		"smartlead_exporter_cache_write_failures_total",
		"smartlead_exporter_max_age_seconds",
		"smartlead_exporter_expected_change_delay_seconds",
		"smartlead_exporter_counting_campaigns",
		"smartlead_exporter_recounts_total",
		"smartlead_exporter_config_last_reload_successful",
		"smartlead_exporter_config_last_reload_success_timestamp_seconds",
		"smartlead_exporter_build_info",
	)
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(families))); diff != "" {
		t.Errorf("families that were looked at (-want +got):\n%s", diff)
	}
}
