package config

import (
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

const (
	maxRequestTimeout = model.Duration(10 * time.Minute)
	maxRate           = 1_000_000
	maxConcurrency    = 64
)

var accountName = regexp.MustCompile(`^[a-zA-Z0-9_.-]+$`)

// config reads the root of the document.
func (r *reader) config(root *yaml.Node) *Config {
	c := &Config{Cache: Cache{TTL: DefaultTTL, MaxStale: DefaultMaxStale}}
	at := r.mapping(root, "the configuration", "accounts: and a list below it", fields{
		"cache": func(_ string, value *yaml.Node, _ int) { r.cache(&c.Cache, value) },
		"accounts": r.list("name: default", func(item *yaml.Node) {
			c.Accounts = append(c.Accounts, r.account(item))
		}),
	})
	if line := at.of("accounts"); len(c.Accounts) == 0 && !r.toldAt(line) {
		r.problemf(line, "no accounts: write accounts: and below it a list of at least one, such as - campaigns: [12345]")
	}
	return c
}

func (r *reader) cache(c *Cache, n *yaml.Node) {
	at := r.mapping(n, "cache", "ttl: 45s", fields{
		"ttl":       r.duration(&c.TTL),
		"max_stale": r.duration(&c.MaxStale),
		"file":      r.text(&c.File),
	})
	switch line := at.of("file"); {
	case at["file"] == 0:
	case strings.TrimSpace(c.File) == "":
		r.problemf(line, "file is empty: write the path of a file that the exporter may write, or leave it out")
	default:
		c.File = promconfig.JoinDir(r.dir, c.File)
	}
	if c.TTL <= 0 {
		r.problemf(at.of("ttl"), "ttl is 0: write a little less than the scrape interval, such as 45s")
	}
	if c.MaxStale != 0 && c.MaxStale < c.TTL {
		r.problemf(at.of("max_stale", "ttl"), "max_stale (%v) is shorter than ttl (%v): write at least the ttl, or 0s to serve nothing stale", c.MaxStale, c.TTL)
	}
}

func (r *reader) account(n *yaml.Node) *Account {
	a := &Account{
		Name:             DefaultAccountName,
		BaseURL:          DefaultBaseURL,
		RequestTimeout:   DefaultRequestTimeout,
		MetadataInterval: DefaultMetadataInterval,
		RateLimit: RateLimit{
			PerMinute:   DefaultPerMinute,
			PerHour:     DefaultPerHour,
			Concurrency: DefaultConcurrency,
		},
		HTTPConfig: defaultHTTPConfig(),
	}
	var apiKey string
	at := r.mapping(n, "an account", "campaigns: [12345]", fields{
		"name":            r.text(&a.Name),
		"base_url":        r.text(&a.BaseURL),
		"api_key_env":     r.text(&a.APIKeyEnv),
		"api_key_file":    r.text(&a.APIKeyFile),
		"api_key":         r.text(&apiKey),
		"request_timeout": r.duration(&a.RequestTimeout),
		"rate_limit":      func(_ string, value *yaml.Node, _ int) { r.rateLimit(&a.RateLimit, value) },
		"http_config":     r.httpConfig(&a.HTTPConfig),
		"campaigns": r.list("12345", func(item *yaml.Node) {
			a.Campaigns = append(a.Campaigns, r.campaign(item))
		}),
		"discovery":         r.discovery(&a.Discovery),
		"metadata_interval": r.duration(&a.MetadataInterval),
	})

	r.name(a, at.of("name"))
	r.baseURL(a, at.of("base_url"))
	if a.RequestTimeout <= 0 || a.RequestTimeout > maxRequestTimeout {
		r.problemf(at.of("request_timeout"), "request_timeout is %v: write a time above 0s, at most %v", a.RequestTimeout, maxRequestTimeout)
	}
	r.keySource(a, apiKey, at)
	if line := at.of("campaigns", "discovery"); len(a.Campaigns) == 0 && a.Discovery == nil && !r.toldAt(line) {
		r.problemf(line, "account %s has neither campaigns nor discovery: write campaigns: and below it a list of ids, such as - 12345, or discovery: {} for every campaign", quote(a.Name))
	}
	return a
}

func (r *reader) name(a *Account, line int) {
	if !accountName.MatchString(a.Name) {
		r.problemf(line, "name is %s: write letters, digits, and _ . - only, such as agency-1", quote(a.Name))
		return
	}
	if first, ok := r.accounts[a.Name]; ok {
		r.problemf(line, "a second account named %s, after that of line %d: write a name: of its own in each", quote(a.Name), first)
		return
	}
	r.accounts[a.Name] = line
}

// baseURL checks where the requests go. The URL is in no message: who pastes one
// with a key in it must not find it in the log.
func (r *reader) baseURL(a *Account, line int) {
	const instead = "write https, a host and a path, such as " + DefaultBaseURL
	u, err := url.Parse(a.BaseURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		r.problemf(line, "base_url is not an http URL: %s", instead)
		return
	}
	if u.User != nil {
		r.problemf(line, "base_url has a user name or password: %s; basic_auth belongs in http_config", instead)
	}
	if u.RawQuery != "" || u.ForceQuery {
		r.problemf(line, "base_url has a query: %s; the key belongs in api_key_file or api_key_env", instead)
	}
	if strings.Contains(a.BaseURL, "#") {
		r.problemf(line, "base_url has a fragment: %s", instead)
	}
	if port := u.Port(); port != "" {
		if number, err := strconv.Atoi(port); err != nil || number < 1 || number > 65535 {
			r.problemf(line, "base_url has a port that is not from 1 to 65535: %s", instead)
		}
	}
	if u.Scheme == "http" && !isLoopback(u.Hostname()) {
		r.problemf(line, "base_url is plain http, which sends the key in the clear: write https:// (http:// is for localhost only)")
	}
	a.BaseURL = strings.TrimRight(a.BaseURL, "/")
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

func (r *reader) rateLimit(l *RateLimit, n *yaml.Node) {
	r.mapping(n, "rate_limit", "per_minute: 60", fields{
		"per_minute":  r.integer(&l.PerMinute, maxRate),
		"per_hour":    r.integer(&l.PerHour, maxRate),
		"concurrency": r.integer(&l.Concurrency, maxConcurrency),
	})
}
