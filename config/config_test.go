package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"

	"smartlead_exporter/config"
)

// parse returns the configuration in a text that is expected to be accepted.
func parse(t *testing.T, text string) *config.Config {
	t.Helper()
	cfg, err := config.Parse("config.yml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// write makes a file in a directory of the test and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// diff compares what can be seen of two configurations.
func diff(want, got any) string {
	return cmp.Diff(want, got, cmpopts.IgnoreUnexported(config.Config{}, config.Account{}, promconfig.ProxyConfig{}))
}

func TestDefaults(t *testing.T) {
	t.Setenv("SMARTLEAD_API_KEY", "key")
	want := &config.Config{
		Cache: config.Cache{TTL: model.Duration(45 * time.Second), MaxStale: model.Duration(time.Hour)},
		Accounts: []*config.Account{{
			Name:             "default",
			BaseURL:          "https://server.smartlead.ai/api/v1",
			APIKeyEnv:        "SMARTLEAD_API_KEY",
			RequestTimeout:   model.Duration(90 * time.Second),
			RateLimit:        config.RateLimit{PerMinute: 60, PerHour: 1000, Concurrency: 4},
			HTTPConfig:       promconfig.HTTPClientConfig{EnableHTTP2: true},
			Campaigns:        []config.Campaign{{ID: 12345}},
			MetadataInterval: model.Duration(time.Hour),
			Counting:         config.CountingAuto,
		}},
	}
	for name, text := range map[string]string{
		"absent": "accounts: [campaigns: [12345]]",
		"null":   "cache:\naccounts:\n- {campaigns: [12345], name: , base_url: , rate_limit: , http_config: , request_timeout: ~}",
		"empty":  "cache: {}\naccounts:\n- {campaigns: [id: 12345], rate_limit: {}, http_config: {}}",
	} {
		t.Run(name, func(t *testing.T) {
			if d := diff(want, parse(t, text)); d != "" {
				t.Errorf("configuration (-want +got):\n%s", d)
			}
		})
	}
}

func TestEverySetting(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "key"), []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	authority, _ := certificate(t)
	for name, text := range map[string]string{"ca.pem": authority, "credentials": "token"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("OTHER_KEY", "other")
	cfg, err := config.Parse(filepath.Join(dir, "config.yml"), []byte(`
cache: {ttl: 4m30s, max_stale: 0s}
accounts:
  - name: agency-1
    base_url: http://127.0.0.1:8080/api/v1/
    api_key_file: key
    request_timeout: 1m
    metadata_interval: 0s
    counting: rows
    rate_limit: {per_minute: 120, per_hour: 3000, concurrency: 8}
    http_config:
      proxy_url: http://user:password@proxy.example:3128
      tls_config: {ca_file: ca.pem, min_version: TLS13}
      authorization: {credentials_file: ./credentials}
      enable_http2: false
    campaigns:
      - 12345
      - id: "67890" # As templates write it.
        name: Q4 outreach
        sequence_numbers: [3, 1]
        sent_after: 2026-01-01
        sent_before: 2026-12-31T00:00:00+02:00
      - {id: 13579, sent_within: 30d}
  - {name: b.c, api_key_env: OTHER_KEY, campaigns: [9223372036854775807]}
`))
	if err != nil {
		t.Fatal(err)
	}
	first := cfg.Accounts[0]
	if got := first.HTTPConfig.ProxyURL.Host; got != "proxy.example:3128" {
		t.Errorf("got proxy %q", got)
	}
	first.HTTPConfig.ProxyURL = promconfig.URL{}
	want := &config.Config{
		Cache: config.Cache{TTL: model.Duration(270 * time.Second)},
		Accounts: []*config.Account{{
			Name:           "agency-1",
			BaseURL:        "http://127.0.0.1:8080/api/v1",
			APIKeyFile:     filepath.Join(dir, "key"),
			RequestTimeout: model.Duration(time.Minute),
			RateLimit:      config.RateLimit{PerMinute: 120, PerHour: 3000, Concurrency: 8, PerMinuteGiven: true, PerHourGiven: true},
			HTTPConfig: promconfig.HTTPClientConfig{
				Authorization: &promconfig.Authorization{Type: "Bearer", CredentialsFile: filepath.Join(dir, "credentials")},
				TLSConfig:     promconfig.TLSConfig{CAFile: filepath.Join(dir, "ca.pem"), MinVersion: promconfig.TLSVersions["TLS13"]},
			},
			Campaigns: []config.Campaign{
				{ID: 12345},
				{
					ID: 67890, Name: "Q4 outreach", SequenceNumbers: []int{3, 1},
					SentAfter:  time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
					SentBefore: time.Date(2026, 12, 30, 22, 0, 0, 0, time.UTC),
				},
				{ID: 13579, SentWithin: model.Duration(30 * 24 * time.Hour)},
			},
			Counting: config.CountingRows,
		}, {
			Name:             "b.c",
			BaseURL:          config.DefaultBaseURL,
			APIKeyEnv:        "OTHER_KEY",
			RequestTimeout:   config.DefaultRequestTimeout,
			RateLimit:        config.RateLimit{PerMinute: 60, PerHour: 1000, Concurrency: 4},
			HTTPConfig:       promconfig.HTTPClientConfig{EnableHTTP2: true},
			Campaigns:        []config.Campaign{{ID: 9223372036854775807}},
			MetadataInterval: config.DefaultMetadataInterval,
			Counting:         config.CountingAuto,
		}},
	}
	if d := diff(want, cfg); d != "" {
		t.Errorf("configuration (-want +got):\n%s", d)
	}
}

func TestAcceptedBaseURLs(t *testing.T) {
	t.Setenv("SMARTLEAD_API_KEY", "key")
	for url, want := range map[string]string{
		"https://smartlead.example":            "https://smartlead.example",
		"https://smartlead.example:8443/api//": "https://smartlead.example:8443/api",
		"http://localhost:8080":                "http://localhost:8080",
		"http://LOCALHOST/":                    "http://LOCALHOST",
		"http://127.8.9.1:1/v1":                "http://127.8.9.1:1/v1",
		"http://[::1]:8080":                    "http://[::1]:8080",
	} {
		cfg := parse(t, inAccount(`base_url: "`+url+`"`, "campaigns: [1]"))
		if got := cfg.Accounts[0].BaseURL; got != want {
			t.Errorf("%s: got %s, want %s", url, got, want)
		}
	}
}

func TestAnchorsAndMerges(t *testing.T) {
	t.Setenv("SMARTLEAD_API_KEY", "key")
	cfg := parse(t, `
accounts:
  - &a
    name: a
    request_timeout: &timeout 30s
    rate_limit: &limit {per_minute: 30, per_hour: 500}
    campaigns: [1]
  - <<: *a
    name: b
    rate_limit: {<<: *limit, per_hour: 100}
    campaigns: [2]
  - {<<: [{request_timeout: *timeout}, *a], name: c, campaigns: [3]}
`)
	for i, want := range []struct {
		name    string
		perHour int
	}{{"a", 500}, {"b", 100}, {"c", 500}} {
		got := cfg.Accounts[i]
		if got.Name != want.name || got.RateLimit.PerHour != want.perHour || got.RateLimit.PerMinute != 30 ||
			got.RequestTimeout != model.Duration(30*time.Second) || got.Campaigns[0].ID != int64(i+1) {
			t.Errorf("account %d: got %v, want %+v", i, got, want)
		}
	}
}

func TestLoadExample(t *testing.T) {
	t.Setenv("SMARTLEAD_API_KEY", "key")
	cfg, err := config.Load("../config.yml")
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.Warnings) != 0 {
		t.Errorf("the example warns: %v", cfg.Warnings)
	}
	want := []config.Campaign{{ID: 12345}, {ID: 67890, Name: "Q4 outreach"}}
	if d := diff(want, cfg.Accounts[0].Campaigns); d != "" {
		t.Errorf("campaigns (-want +got):\n%s", d)
	}
}

// TestExampleWithoutComments proves that what the example has commented out is right as well.
func TestExampleWithoutComments(t *testing.T) {
	data, err := os.ReadFile("../config.yml")
	if err != nil {
		t.Fatal(err)
	}
	excludesAnother := regexp.MustCompile(`(?m)^ *# (api_key_file|api_key|sent_within): .*\n`)
	setting := regexp.MustCompile(`(?m)^( *)# ( *[a-z_]+:( .*)?)$`)
	settings := setting.ReplaceAllString(excludesAnother.ReplaceAllString(string(data), ""), "$1$2")
	t.Setenv("SMARTLEAD_API_KEY", "key")
	authority, _ := certificate(t)
	t.Chdir(filepath.Dir(write(t, "proxy-ca.pem", authority)))
	cfg := parse(t, settings)
	account := cfg.Accounts[0]
	if account.BaseURL != config.DefaultBaseURL || account.RequestTimeout != config.DefaultRequestTimeout ||
		account.RateLimit != (config.RateLimit{PerMinute: 60, PerHour: 1000, Concurrency: 4, PerMinuteGiven: true, PerHourGiven: true}) {
		t.Errorf("the example's defaults are not the defaults: %v", account)
	}
	if account.HTTPConfig.ProxyURL.URL == nil || account.HTTPConfig.TLSConfig.CAFile != "proxy-ca.pem" {
		t.Errorf("http_config was not taken in: %v", account)
	}
	if d := account.Discovery; d == nil || d.Interval != config.DefaultDiscoveryInterval || len(d.Statuses) != 2 || d.Shard.Count != 3 {
		t.Errorf("discovery was not taken in: %v", account)
	}
	if long := account.Campaigns[1]; len(long.SequenceNumbers) != 3 || long.SentBefore.IsZero() {
		t.Errorf("the long form was not taken in: %+v", long)
	}
}

func TestFileThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "config.yml")
	for _, tc := range []struct{ name, path, want string }{
		{"missing", missing, missing + ": no such file: name the configuration by --config.file, or copy the example config.yml and put your campaigns in it"},
		{"a directory", dir, dir + ": cannot be read: is a directory: --config.file wants a YAML file"},
		{"without end", "/dev/zero", "/dev/zero: is larger than 16 MiB: name a configuration file by --config.file"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := config.Load(tc.path)
			if got := message(t, err); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
	if _, err := config.Load(missing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v does not unwrap to %v", err, fs.ErrNotExist)
	}
}
