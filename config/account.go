package config

import (
	"regexp"
	"slices"
	"strings"
	"time"

	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

const (
	// minRequestTimeout is the shortest that somebody may mean.
	minRequestTimeout = model.Duration(time.Second)
	maxRequestTimeout = model.Duration(10 * time.Minute)
	maxRate           = 1_000_000
	maxConcurrency    = 64
)

var accountName = regexp.MustCompile(`^[a-zA-Z0-9_.-]+$`)

// config reads the root of the document.
func (r *reader) config(root *yaml.Node) *Config {
	c := &Config{Cache: Cache{TTL: DefaultTTL, MaxStale: DefaultMaxStale}}
	cacheFileLine, items := 0, 0
	at := r.mapping(root, "the configuration", "accounts: and a list below it", fields{
		"cache": func(_ string, value *yaml.Node, _ int) { cacheFileLine = r.cache(&c.Cache, value) },
		"accounts": r.list("name: default", func(item *yaml.Node) {
			items++
			if r.isAccount(item) {
				c.Accounts = append(c.Accounts, r.account(item))
			}
		}),
	})
	if line := at.of("accounts"); items == 0 && !r.toldAt(line) && !r.isMisplaced("campaigns", "discovery") {
		r.problemf(line, "no accounts: write accounts: and below it a list of at least one, such as - campaigns: [12345]")
	}
	if !r.isMisplaced("campaigns", "discovery") {
		for _, p := range r.idle {
			r.problem(p)
		}
	}
	// Last, when all other files are known.
	c.cacheFile = Problem{File: r.file, Line: cacheFileLine}
	if cacheFileLine != 0 {
		r.cacheFile(c.Cache.File, cacheFileLine)
	}
	return c
}

// cache reads how long to keep what, and returns the line of a file that is worth
// a look at the end, else 0.
func (r *reader) cache(c *Cache, n *yaml.Node) (fileLine int) {
	at := r.mapping(n, "cache", "ttl: 45s", fields{
		"ttl":       r.duration(&c.TTL),
		"max_stale": r.duration(&c.MaxStale),
		"file":      r.text(&c.File),
	})
	switch line := at.of("file"); {
	case at["file"] == 0 || r.toldAt(line) && c.File == "":
	case strings.TrimSpace(c.File) == "":
		r.problemf(line, "file is empty: write the path of a file that the exporter may write, or leave it out")
	default:
		c.File = promconfig.JoinDir(r.dir, c.File)
		fileLine = line
	}
	if c.TTL <= 0 {
		r.problemf(at.of("ttl"), "ttl is 0: write a little less than the scrape interval, such as 45s")
	}
	if c.MaxStale != 0 && c.MaxStale < c.TTL {
		r.problemf(at.of("max_stale", "ttl"), "max_stale (%v) is shorter than ttl (%v): write at least the ttl, or 0s to have values go at the first failure", c.MaxStale, c.TTL)
	}
	return fileLine
}

// unspaced matches a key whose value follows it without a space, so that YAML takes both for a text.
var unspaced = regexp.MustCompile(`^[a-z_]+:\S`)

// isAccount reports whether an item of accounts can be read; one that can't is told, and nothing that follows from it.
func (r *reader) isAccount(item *yaml.Node) bool {
	switch n := resolved(item); {
	case isNull(item):
		r.problemf(item.Line, "an empty item in accounts: write an account, such as - campaigns: [12345], or leave it out")
	case n.Kind == yaml.ScalarNode && unspaced.MatchString(n.Value):
		r.problemf(item.Line, "an account is not a mapping: write a space after the colon, as in campaigns: [12345]")
	case n.Kind != yaml.MappingNode:
		r.problemf(item.Line, "an account is not a mapping: write key: value, such as campaigns: [12345]")
	default:
		return true
	}
	return false
}

func (r *reader) account(n *yaml.Node) *Account {
	a := &Account{
		Name:             DefaultAccountName,
		BaseURL:          DefaultBaseURL,
		RequestTimeout:   DefaultRequestTimeout,
		MetadataInterval: DefaultMetadataInterval,
		Counting:         CountingAuto,
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
		"api_key_env":     r.source(&a.APIKeyEnv, "a variable's name"),
		"api_key_file":    r.source(&a.APIKeyFile, "the path of a file that holds the key"),
		"api_key":         r.source(&apiKey, "the API key in quotes, or better its file's path as api_key_file"),
		"request_timeout": r.duration(&a.RequestTimeout),
		"rate_limit":      func(_ string, value *yaml.Node, _ int) { r.rateLimit(&a.RateLimit, value) },
		"http_config":     r.httpConfig(&a.HTTPConfig),
		"campaigns": r.list("12345", func(item *yaml.Node) {
			a.Campaigns = append(a.Campaigns, r.campaign(item))
		}),
		"discovery":         r.discovery(&a.Discovery),
		"metadata_interval": r.duration(&a.MetadataInterval),
		"counting":          r.text(&a.Counting),
		"collect":           r.collect(&a.Collect),
		"mailbox_addresses": r.flag(&a.MailboxAddresses),
	})

	if a.RequestTimeout <= 0 || a.RequestTimeout > maxRequestTimeout {
		r.problemf(at.of("request_timeout"), "request_timeout is %v: write a time above 0s, at most %v", a.RequestTimeout, maxRequestTimeout)
	}
	if a.RequestTimeout > 0 && a.RequestTimeout < minRequestTimeout {
		r.warnf(at.of("request_timeout"), "request_timeout is %v, in which the API hardly answers: is the unit right?", a.RequestTimeout)
	}
	if a.MetadataInterval != 0 && a.MetadataInterval < minDiscoveryInterval {
		r.problemf(at.of("metadata_interval"), "metadata_interval is %v: write at least %v, since each list of campaigns takes from the request budget, or 0s for never", a.MetadataInterval, minDiscoveryInterval)
	}
	if a.Counting != CountingAuto && a.Counting != CountingRows {
		r.problemf(at.of("counting"), "counting is %s: write auto, or rows to count every row, always", quote(a.Counting))
	}
	if line := at["mailbox_addresses"]; a.MailboxAddresses && !slices.Contains(a.Collect, "mailboxes") && !r.toldAt(at.of("collect")) {
		r.warnf(line, "mailbox_addresses is true, and mailboxes aren't collected: write collect: [mailboxes] as well")
	}
	key := ""
	if a.APIKeyEnv != noSource && a.APIKeyFile != noSource && apiKey != noSource {
		key = r.keySource(a, apiKey, at)
	}
	r.baseURL(a, key, at.of("base_url"))
	r.name(a, key, at.of("name"))
	r.shareKey(a, key, at[""])
	if line := at["campaigns"]; line != 0 && len(a.Campaigns) == 0 && a.Discovery != nil && !r.toldAt(line) {
		r.problemf(line, "campaigns is empty: write ids, such as [12345], or leave it out where discovery finds all")
	}
	if line := at.of("campaigns", "discovery"); len(a.Campaigns) == 0 && a.Discovery == nil && !r.toldAt(line) {
		r.idlef(line, "account %s has neither campaigns nor discovery: write campaigns: and below it a list of ids, such as - 12345, or discovery: {} for every campaign", quote(a.Name))
	}
	return a
}

func (r *reader) name(a *Account, key string, line int) {
	if looksLikeKey(a.Name) || holdsKey(a.Name, key) {
		r.problemf(line, "name looks like an API key, and would be shown in every metric: write a name such as agency-1; the key belongs in api_key_file or api_key_env")
		return
	}
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

// holdsKey reports whether a key stands in a text. A short one, as tests and
// simulators have, may do so by chance.
func holdsKey(text, key string) bool {
	return len(key) >= 8 && strings.Contains(text, key)
}

func (r *reader) rateLimit(l *RateLimit, n *yaml.Node) {
	at := r.mapping(n, "rate_limit", "per_minute: 60", fields{
		"per_minute":  r.integer(&l.PerMinute, maxRate),
		"per_hour":    r.integer(&l.PerHour, maxRate),
		"concurrency": r.integer(&l.Concurrency, maxConcurrency),
	})
	l.PerMinuteGiven, l.PerHourGiven = at["per_minute"] != 0, at["per_hour"] != 0

	_, minute := at["per_minute"]
	_, hour := at["per_hour"]
	line := at.of("per_hour", "per_minute")
	switch below := l.PerHour < l.PerMinute && !r.toldAt(at.of("per_minute")) && !r.toldAt(line); {
	case below && minute && hour:
		r.problemf(line, "per_hour (%d) is below per_minute (%d), which then never counts: exchange the two, or leave per_minute out", l.PerHour, l.PerMinute)
	case below && minute:
		r.warnf(line, "per_minute (%d) is above per_hour, which is %d unless it is written: write per_hour as well", l.PerMinute, l.PerHour)
	}
}
