package smartlead_test

import (
	"maps"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead"
)

// empty is a campaign without statistics.
const empty = `{"ok":true,"data":[],"offset":0,"limit":1000}`

func TestQueryParameters(t *testing.T) {
	cet := time.FixedZone("CET", 3600)
	for _, tt := range []struct {
		name  string
		query smartlead.StatisticsQuery
		want  url.Values // besides api_key, offset and limit
		limit string     // 1000 if empty
	}{
		{name: "nothing but the campaign"},
		{
			name:  "one step is asked for",
			query: smartlead.StatisticsQuery{SequenceNumbers: []int{20}},
			want:  url.Values{"email_sequence_number": {"20"}},
		},
		{
			name:  "several steps are chosen from all",
			query: smartlead.StatisticsQuery{SequenceNumbers: []int{1, 3}},
		},
		{
			name:  "status opened",
			query: smartlead.StatisticsQuery{EmailStatus: smartlead.StatusOpened},
			want:  url.Values{"email_status": {"opened"}},
		},
		{
			name:  "status clicked",
			query: smartlead.StatisticsQuery{EmailStatus: smartlead.StatusClicked},
			want:  url.Values{"email_status": {"clicked"}},
		},
		{
			name:  "status replied",
			query: smartlead.StatisticsQuery{EmailStatus: smartlead.StatusReplied},
			want:  url.Values{"email_status": {"replied"}},
		},
		{
			name:  "status unsubscribed",
			query: smartlead.StatisticsQuery{EmailStatus: smartlead.StatusUnsubscribed},
			want:  url.Values{"email_status": {"unsubscribed"}},
		},
		{
			name:  "status bounced",
			query: smartlead.StatisticsQuery{EmailStatus: smartlead.StatusBounced},
			want:  url.Values{"email_status": {"bounced"}},
		},
		{
			name:  "the documented example of a time",
			query: smartlead.StatisticsQuery{SentAfter: time.Date(2023, 10, 16, 10, 33, 2, 0, time.UTC)},
			want:  url.Values{"sent_time_start_date": {"2023-10-16 10:33:02.000Z"}},
		},
		{
			name:  "a time elsewhere, with parts of a second",
			query: smartlead.StatisticsQuery{SentBefore: time.Date(2024, 1, 1, 0, 30, 0, 123456789, cet)},
			want:  url.Values{"sent_time_end_date": {"2023-12-31 23:30:00.123Z"}},
		},
		{
			name:  "a window that ends now", // which is the beginning of the year 2000 in a bubble
			query: smartlead.StatisticsQuery{SentWithin: 30 * 24 * time.Hour},
			want:  url.Values{"sent_time_start_date": {"1999-12-02 00:00:00.000Z"}},
		},
		{
			name: "all of them",
			query: smartlead.StatisticsQuery{
				SequenceNumbers: []int{1},
				EmailStatus:     smartlead.StatusReplied,
				SentAfter:       time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
				SentBefore:      time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC),
				PageSize:        100,
			},
			want: url.Values{
				"email_sequence_number": {"1"},
				"email_status":          {"replied"},
				"sent_time_start_date":  {"2026-01-01 00:00:00.000Z"},
				"sent_time_end_date":    {"2026-12-31 00:00:00.000Z"},
			},
			limit: "100",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var asked *http.Request
				client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					asked = r
					_, _ = w.Write([]byte(empty))
				}), func(o *smartlead.Options) { o.UserAgent = "smartlead_exporter/1.2.3" })

				tt.query.CampaignID = 12345
				got, err := client.Statistics(t.Context(), tt.query)
				if err != nil {
					t.Fatal(err)
				}
				if got.Requests != 1 || len(got.Steps) != 0 {
					t.Errorf("got %+v, want one request and no steps", got)
				}
				if asked.Method != http.MethodGet || asked.URL.Path != "/api/v1/campaigns/12345/statistics" {
					t.Errorf("asked %s %s", asked.Method, asked.URL.Path)
				}
				if got, want := asked.UserAgent(), "smartlead_exporter/1.2.3"; got != want {
					t.Errorf("User-Agent is %q, want %q", got, want)
				}
				want := url.Values{"api_key": {testKey}, "offset": {"0"}, "limit": {"1000"}}
				if tt.limit != "" {
					want.Set("limit", tt.limit)
				}
				maps.Copy(want, tt.want)
				if diff := cmp.Diff(want, asked.URL.Query()); diff != "" {
					t.Errorf("query (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// A query that can't be meant is an error of the caller, for which the API isn't asked.
func TestImpossibleQueries(t *testing.T) {
	now := time.Now()
	for name, query := range map[string]smartlead.StatisticsQuery{
		"no campaign":             {},
		"negative campaign":       {CampaignID: -1},
		"step 0":                  {CampaignID: 1, SequenceNumbers: []int{0}},
		"step 21":                 {CampaignID: 1, SequenceNumbers: []int{1, 21}},
		"page size over 1000":     {CampaignID: 1, PageSize: 1001},
		"negative page size":      {CampaignID: 1, PageSize: -1},
		"negative window":         {CampaignID: 1, SentWithin: -time.Hour},
		"window beside its start": {CampaignID: 1, SentWithin: time.Hour, SentAfter: now},
	} {
		t.Run(name, func(t *testing.T) {
			requests := 0
			client := newClient(t, counted(respond(http.StatusOK, empty), &requests))
			got, err := client.Statistics(t.Context(), query)
			if err == nil {
				t.Fatalf("got %+v, want an error", got)
			}
			if reason := smartlead.ReasonOf(err); reason != "" {
				t.Errorf("%q has reason %q, want none", err, reason)
			}
			if requests != 0 {
				t.Errorf("%d requests were sent, want none", requests)
			}
		})
	}
}

func TestImpossibleOptions(t *testing.T) {
	key := func() (string, error) { return testKey, nil }
	for name, options := range map[string]smartlead.Options{
		"no key":               {},
		"no scheme":            {Key: key, BaseURL: "server.smartlead.ai/api/v1"},
		"another scheme":       {Key: key, BaseURL: "ftp://server.smartlead.ai/api/v1"},
		"no host":              {Key: key, BaseURL: "https:///api/v1"},
		"a password":           {Key: key, BaseURL: "https://user:hunter2@server.smartlead.ai/api/v1"},
		"a query":              {Key: key, BaseURL: "https://server.smartlead.ai/api/v1?api_key=hunter2"},
		"an escape of nothing": {Key: key, BaseURL: "https://hunter2%zz/"},
	} {
		t.Run(name, func(t *testing.T) {
			client, err := smartlead.NewClient(options)
			if err == nil {
				t.Fatalf("got %v, want an error", client)
			}
			assertAbsent(t, "the error", err.Error(), "hunter2")
		})
	}
}

// The base URL is used as it is given, but for slashes at its end.
func TestBaseURL(t *testing.T) {
	for given, want := range map[string]string{
		"":                                 "https://server.smartlead.ai/api/v1/campaigns/1/statistics",
		"https://server.smartlead.ai/":     "https://server.smartlead.ai/campaigns/1/statistics",
		"http://[::1]:8080/prefix/api/v1/": "http://[::1]:8080/prefix/api/v1/campaigns/1/statistics",
	} {
		t.Run(given, func(t *testing.T) {
			var asked string
			client := newClient(t, nil, func(o *smartlead.Options) {
				o.BaseURL = given
				o.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
					asked = r.URL.Scheme + "://" + r.URL.Host + r.URL.Path
					return bodyBytes([]byte(empty))(r)
				})
			})
			if _, err := statistics(t.Context(), client); err != nil {
				t.Fatal(err)
			}
			if asked != want {
				t.Errorf("asked %s, want %s", asked, want)
			}
		})
	}
}
