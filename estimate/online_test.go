package estimate_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/model"

	"smartlead_exporter/estimate"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead/simulator"
)

// A discovery that finds nothing is told what there is to find.
func TestDiscoveryThatFindsNothing(t *testing.T) {
	t.Parallel()
	tagged := func(names ...string) (tags []simulator.Tag) {
		for i, name := range names {
			tags = append(tags, simulator.Tag{ID: int64(i + 1), Name: name})
		}
		return tags
	}
	all := make([]simulator.Campaign, 0, 8)
	for i := range 8 {
		c := simulator.Campaign{ID: int64(i + 1), Name: fmt.Sprintf("Campaign %d", i+1), Tags: tagged("outbound")}
		switch i {
		case 0, 1:
			c.Status, c.ClientID, c.Tags = simulator.StatusPaused, 77, tagged("outbound", "nurture")
		case 2:
			c.ClientID, c.Tags = "78", tagged("a, \x1b[31mb")
		case 3:
			c.Status, c.Tags = simulator.StatusDrafted, nil
		}
		all = append(all, c)
	}
	many := make([]simulator.Campaign, 0, 30)
	for i := range 30 {
		many = append(many, simulator.Campaign{ID: int64(i + 1), Name: fmt.Sprintf("Campaign %02d", i+1), Tags: tagged(fmt.Sprintf("tag %02d", i+1))})
	}
	for name, tc := range map[string]struct {
		discovery string
		campaigns []simulator.Campaign
		want      []string
	}{
		"a tag": {"tags: [Outbound]", all, []string{
			`8 in the list, 0 fit; tags there: outbound, nurture, "a, \x1b[31mb"; clients: none, 77, 78; statuses: ACTIVE, PAUSED, DRAFTED`,
			"by each condition alone: a status other than DRAFTED and ARCHIVED: 7 fit, tags: 0 fit",
		}},
		"a client": {"client_ids: [79], statuses: [ACTIVE]", all, []string{
			"8 in the list, 0 fit; tags there: outbound, ", "by each condition alone: statuses: 5 fit, client_ids: 0 fit",
		}},
		"what doesn't go together": {"client_ids: [77], statuses: [ACTIVE], tags: [nurture]", all, []string{
			"8 in the list, 0 fit", "by each condition alone: statuses: 5 fit, client_ids: 2 fit, tags: 2 fit",
		}},
		"a name": {`name: "Campaign"`, all, []string{
			"8 in the list, 0 fit", "names there: Campaign 1, Campaign 2, Campaign 3, Campaign 4, Campaign 5, Campaign 6, Campaign 7, Campaign 8",
			"name and exclude_name: 0 fit",
		}},
		"a shard": {"shard: 100/100", all, []string{"8 in the list, 0 fit", "shard: 0 fit"}},
		"among many": {"tags: [x], name: Campaign 0.*", many, []string{
			"30 in the list, 0 fit; tags there: tag 01, tag 02, tag 03, tag 04, tag 05, tag 06, tag 07, tag 08, tag 09, tag 10, and 20 more; clients: none; statuses: ACTIVE",
			"Campaign 10, and 20 more", "name and exclude_name: 9 fit, tags: 0 fit",
		}},
		"none at all": {"", nil, []string{"there is none in the list: is this the key of the right account?"}},
		"drafts alone": {"", []simulator.Campaign{{ID: 1, Name: "Draft", Status: simulator.StatusDrafted}}, []string{
			"1 in the list, 0 fit; tags there: none; clients: none; statuses: DRAFTED", "a status other than DRAFTED and ARCHIVED: 0 fit",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := testkit.StartAPI(t, simulator.Options{Campaigns: tc.campaigns})
			got, err := check(t, api, "accounts: [{base_url: API, discovery: {"+tc.discovery+"}}]", true)
			if err != nil {
				t.Error(err)
			}
			for _, want := range append(tc.want, "chooses 0 campaigns") {
				if testkit.CountLines(got, want) != 1 {
					t.Errorf("no line of its own has %q", want)
				}
			}
			if t.Failed() {
				t.Log(got)
			}
			if strings.Contains(got, "\x1b") {
				t.Error("a tag reaches the terminal as it is")
			}
		})
	}
}

// What the API refuses is told with where to look.
func TestWhereToLook(t *testing.T) {
	t.Parallel()
	key := filepath.Join(testkit.Write(t, map[string]string{"key": "wrong\n"}), "key")
	if err := os.Chmod(key, 0o600); err != nil {
		t.Fatal(err)
	}
	page := func(status int) []simulator.Effect {
		return []simulator.Effect{simulator.RespondStatus(status, "<!DOCTYPE html><html><title>App</title></html>")}
	}
	const baseURL = "is base_url right, which ends where the API begins, as https://server.smartlead.ai/api/v1 does?"
	for name, tc := range map[string]struct {
		account string
		effects []simulator.Effect
		want    string
	}{
		"a key of the environment":    {"api_key_env: WRONG_KEY, discovery: {}", nil, "the key comes from the environment variable WRONG_KEY"},
		"a key of a file":             {"api_key_file: " + key + ", discovery: {}", nil, "the key comes from the file " + key},
		"a key of the configuration":  {"api_key: wrong, discovery: {}", nil, "the key comes from api_key in the configuration"},
		"a key, without a list":       {"api_key: wrong, campaigns: [1], metadata_interval: 0s", nil, "the key comes from api_key in the configuration"},
		"no list there":               {"discovery: {}", page(http.StatusNotFound), baseURL},
		"a page for the list":         {"discovery: {}", page(http.StatusOK), baseURL},
		"nothing there, without list": {"campaigns: [8, 9], metadata_interval: 0s", nil, baseURL},
		"a failure":                   {"discovery: {}", []simulator.Effect{simulator.RespondStatus(http.StatusForbidden, "go away")}, "forbidden (status 403): go away\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := testkit.StartAPI(t, simulator.Options{Keys: []string{testkit.Key}, Campaigns: []simulator.Campaign{testkit.Aggregated(1, 10)}})
			if tc.effects != nil {
				api.Inject(simulator.Fault{Effects: tc.effects})
			}
			got, err := check(t, api, "accounts: [{base_url: API, "+tc.account+"}]", true)
			if err == nil {
				t.Error("it found nothing wrong")
			}
			if testkit.CountLines(got, "failed: ") != 1 || !strings.Contains(got, tc.want) {
				t.Errorf("it doesn't tell %q: %s", tc.want, got)
			}
			if strings.Contains(strings.ReplaceAll(got, "WRONG_KEY", ""), "wrong") {
				t.Errorf("the key is shown: %s", got)
			}
		})
	}
}

// A host that isn't there, and a certificate that nobody knows, are told with where to look as well.
func TestWhereToLookForTheHost(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err  error
		want string
	}{
		"an unknown host":        {&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "api.example", IsNotFound: true}}, "is the host in base_url right"},
		"an unknown certificate": {&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, "tls_config.ca_file"},
		"another failure":        {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, "connection refused\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				refuse := roundTripper(func(*http.Request) (*http.Response, error) { return nil, tc.err })
				got, err := checkOver(t, refuse, "accounts: [{base_url: 'https://api.example/api/v1', discovery: {}}]", nil)
				if err == nil || !strings.Contains(got, tc.want) {
					t.Errorf("it doesn't tell %q: %s", tc.want, got)
				}
			})
		})
	}
}

// With many campaigns, what asking takes is told before it begins, and is so; a terminal is shown how far it is, and has
// nothing left of it at the end.
func TestAskingForManyCampaigns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := make([]simulator.Campaign, 0, 60)
		for i := range 60 {
			all = append(all, testkit.Aggregated(i+1, 10))
		}
		sim, err := simulator.New(simulator.Options{Campaigns: all})
		if err != nil {
			t.Fatal(err)
		}
		const config = "accounts: [{metadata_interval: 0s, campaigns: [LIST]}]"
		var terminal strings.Builder
		begun := time.Now()
		got, err := checkOver(t, simulator.Transport(sim), strings.Replace(config, "LIST", numbers(60), 1), &terminal)
		if err != nil {
			t.Error(err)
		}
		took := time.Since(begun)
		m := regexp.MustCompile(`asking:     for the sizes of campaigns takes 50 requests, which the limits let go in about (\S+)\n  key:`).FindStringSubmatch(got)
		if len(m) == 0 {
			t.Fatalf("it doesn't tell in advance what it takes:\n%s", got)
		}
		told, err := model.ParseDuration(m[1])
		if err != nil {
			t.Fatal(err)
		}
		if off := (time.Duration(told) - took).Abs(); off > took/10 {
			t.Errorf("it says %s, and takes %s", m[1], took)
		}
		shown := terminal.String()
		for _, want := range []string{"asking for campaign 1 of 50", "asking for campaign 50 of 50"} {
			if strings.Count(shown, want) != 1 {
				t.Errorf("a terminal isn't shown %q once: %q", want, shown)
			}
		}
		if !strings.HasSuffix(shown, "\r\x1b[K") || strings.Contains(shown, "\n") {
			t.Errorf("a terminal has something left at the end: %q", shown)
		}
		if strings.ContainsAny(got, "\r\x1b") {
			t.Error("what isn't a terminal is shown progress")
		}

		got, err = checkOver(t, simulator.Transport(sim), strings.Replace(config, "LIST", numbers(5), 1), nil)
		if err != nil || strings.Contains(got, "asking:") {
			t.Errorf("of a few it tells, or fails: %v\n%s", err, got)
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// checkOver is check online over a transport.
func checkOver(t *testing.T, transport http.RoundTripper, config string, terminal *strings.Builder) (string, error) {
	t.Helper()
	dir := testkit.Write(t, map[string]string{"config.yml": config})
	var out strings.Builder
	o := estimate.Options{File: filepath.Join(dir, "config.yml"), Online: true, Transport: transport}
	if terminal != nil {
		o.Terminal = terminal
	}
	err := estimate.Check(context.WithoutCancel(t.Context()), &out, o)
	return out.String(), err
}
