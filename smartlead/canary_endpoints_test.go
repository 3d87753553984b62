package smartlead_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"smartlead_exporter/smartlead"
)

// secret is in every text of a lead and in every password of the answers below, with the song of the canary.
const secret = song + "-secret"

// endpoints are all calls but those whose own tests are in canary_test.go. Each has a good answer with secrets in all
// that isn't wanted; <1> marks where a bad one goes wrong.
var endpoints = []struct {
	name string
	call func(context.Context, *smartlead.Client) (any, error)
	good string
}{
	{
		"SequenceAnalytics",
		func(ctx context.Context, c *smartlead.Client) (any, error) { return analytics(ctx, c) },
		`{"ok":true,"data":[{"email_campaign_seq_id":1,"subject":"SECRET","email_body":{"html":"SECRET"},"sent_count":<1>,"open_count":2}]}`,
	},
	{
		"nested SequenceAnalytics",
		func(ctx context.Context, c *smartlead.Client) (any, error) { return analytics(ctx, c) },
		`{"ok":true,"data":{"name":"SECRET","sequences":[{"seq_number":1,"subject":"SECRET","variants":[{"subject":"SECRET","stats":{"note":"SECRET","sent":<1>}}]}]}}`,
	},
	{
		"Total",
		func(ctx context.Context, c *smartlead.Client) (any, error) {
			total, err := c.Total(ctx, smartlead.StatisticsQuery{CampaignID: 1, EmailStatus: smartlead.StatusReplied})
			if total.Row != nil {
				return *total.Row, err // printed as it is, not as an address
			}
			return total, err
		},
		rowOfALead,
	},
	{
		"Rows",
		func(ctx context.Context, c *smartlead.Client) (any, error) {
			return c.Rows(ctx, smartlead.StatisticsQuery{CampaignID: 1, EmailStatus: smartlead.StatusReplied})
		},
		rowOfALead,
	},
	{
		"EmailAccounts",
		func(ctx context.Context, c *smartlead.Client) (any, error) {
			list, err := c.EmailAccounts(ctx)
			for i := range list.Accounts { // printed as they are, not as addresses
				if w := list.Accounts[i].Warmup; w != nil {
					return []any{list, *w}, err
				}
			}
			return list, err
		},
		`[{"id":<1>,"from_name":"SECRET","from_email":"ada@acme.example","username":"SECRET","password":"SECRET","imap_password":"SECRET",
			"smtp_failure_error":"SECRET","imap_failure_error":{"text":"SECRET"},"signature":"SECRET","type":"SMTP","is_smtp_success":true,
			"tags":[{"name":"SECRET"}],"warmup_details":{"status":"ACTIVE","warmup_reputation":"97%","blocked_reason":"SECRET"}}]`,
	},
	{
		"CampaignAnalytics",
		func(ctx context.Context, c *smartlead.Client) (any, error) { return c.CampaignAnalytics(ctx, 1) },
		`{"id":1,"name":"SECRET","client_name":"SECRET","client_email":"SECRET@acme.example","reply_count":"<1>",
			"campaign_lead_stats":{"total":<1>,"note":"SECRET"},"tags":["SECRET"]}`,
	},
	{
		"LeadCategories",
		func(ctx context.Context, c *smartlead.Client) (any, error) { return c.LeadCategories(ctx) },
		`[{"id":<1>,"name":"Interested","description":"SECRET","sentiment_type":"positive"}]`,
	},
	{
		"Sequences",
		func(ctx context.Context, c *smartlead.Client) (any, error) { return c.Sequences(ctx, 1) },
		`[{"id":<1>,"seq_number":1,"subject":"SECRET","email_body":"<p>SECRET","sequence_variants":[{"id":2,"variant_label":"A","subject":"SECRET","email_body":"SECRET"}]}]`,
	},
	{
		"OverallStats",
		func(ctx context.Context, c *smartlead.Client) (any, error) { return c.OverallStats(ctx) },
		`{"data":{"note":"SECRET","campaign_wise_performance":[{"id":<1>,"campaign_name":"SECRET","unique_lead_count":"3"}]}}`,
	},
}

const rowOfALead = `{"total_stats":"1","data":[{"lead_name":"SECRET","lead_email":"SECRET@acme.example","email_subject":"SECRET",` +
	`"email_message":"<b>SECRET</b>","stats_id":"SECRET","lead_category":"Interested","sequence_number":1,"sent_time":"2026-01-05T10:00:00Z",` +
	`"reply_time":"2026-01-05T11:00:00Z","open_count":<1>}]}`

// askEndpoint calls an endpoint, without any further try, on which the server answers with a status and a body.
func askEndpoint(t *testing.T, call func(context.Context, *smartlead.Client) (any, error), status int, text string) (any, error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	client := newClient(t, nil, func(o *smartlead.Options) {
		o.Key = func() (string, error) { return canary, nil }
		o.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
			resp, err := bodyBytes([]byte(text))(r)
			resp.StatusCode = status
			return resp, err
		})
		o.Trace.Request = func(r smartlead.RequestInfo) {
			assertSilent(t, "RequestInfo", r)
			assertSilentError(t, r.Err)
			if r.Err != nil {
				cancel() // or it would be tried again, later
			}
		}
	})
	got, err := call(ctx, client)
	assertSilentError(t, err)
	if err == nil {
		assertSilent(t, "the result", got)
	}
	return got, err
}

// Neither the key nor anything that isn't wanted leaves the client, whether the answer is good or bad.
func TestEndpointsKeepSecrets(t *testing.T) {
	for _, tt := range endpoints {
		t.Run(tt.name, func(t *testing.T) {
			good := strings.NewReplacer("SECRET", secret, "<1>", "1").Replace(tt.good)
			if got, err := askEndpoint(t, tt.call, http.StatusOK, good); err != nil {
				t.Fatalf("got %v and %v", got, err)
			}
			for _, wrong := range []string{
				`-1`, `1.5`, `{}`, `"` + secret + `"`, `"` + secret + `@acme.example"`, secret, `"` + jsonString(canary), ``,
				`1,"` + secret + `":`, `1}` + secret, `"\ud800` + secret + `"`,
			} {
				bad := strings.NewReplacer("SECRET", secret, "<1>", wrong).Replace(tt.good)
				if got, err := askEndpoint(t, tt.call, http.StatusOK, bad); err == nil {
					t.Errorf("with %s: got %v, want an error", wrong, got)
				}
			}
			for _, status := range []int{200, 302, 400, 401, 403, 404, 408, 422, 429, 500, 524} {
				for wrapping, wrap := range wrappings {
					if got, err := askEndpoint(t, tt.call, status, wrap(canary)); err == nil {
						t.Errorf("%d with %s: got %v, want an error", status, wrapping, got)
					}
					if _, err := askEndpoint(t, tt.call, status, wrap("somebody@"+secret+".example")); err == nil {
						t.Errorf("%d with the address in %s: want an error", status, wrapping)
					}
				}
			}
		})
	}
}
