// Package config reads the exporter's configuration file: strictly, with a
// remedy for everything it refuses, and with the API keys kept out of whatever
// is printed. A [Holder] keeps the last good configuration through reloads that
// fail.
//
// The grammar of the file is in docs/configuration.md; config.yml at the top of
// the repository is a commented example.
package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"time"

	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// What an absent key stands for.
const (
	DefaultTTL            = model.Duration(45 * time.Second)
	DefaultMaxStale       = model.Duration(time.Hour)
	DefaultAccountName    = "default"
	DefaultBaseURL        = "https://server.smartlead.ai/api/v1"
	DefaultAPIKeyEnv      = "SMARTLEAD_API_KEY" //nolint:gosec // The name of a variable, not what it holds.
	DefaultRequestTimeout = model.Duration(90 * time.Second)
	// The campaigns' names and statuses change seldom.
	DefaultMetadataInterval = model.Duration(time.Hour)
	DefaultPerMinute        = 60
	DefaultPerHour          = 1000
	DefaultConcurrency      = 4
)

// How campaigns are counted.
const (
	CountingAuto = "auto" // by what a detector says has moved, where that is worth it
	CountingRows = "rows" // by all rows, each time
)

// maxFileBytes bounds a configuration file. A hundred thousand campaigns in the
// long form fit; a disk image given by mistake does not get read to its end.
const maxFileBytes = 16 << 20

// Config is a validated configuration. It is not changed after [Load] returned
// it, so that it can be shared without a lock.
type Config struct {
	Cache    Cache      `yaml:"cache"`
	Accounts []*Account `yaml:"accounts"`

	// Warnings tells what is accepted but deserves a line in the log.
	Warnings []Problem `yaml:"-"`

	// cacheFile is where cache.file is written.
	cacheFile Problem
}

// CacheFileError returns why cache.file can't be used, as something wrong with the configuration, at its line.
func (c *Config) CacheFileError(err error) error {
	p := c.cacheFile
	p.Message = err.Error()
	return &Error{Problems: []Problem{p}, cause: err}
}

// Cache says how long fetched statistics are served.
type Cache struct {
	// TTL is how long a fetched campaign counts as fresh; above 0.
	TTL model.Duration `yaml:"ttl"`
	// MaxStale is how long the last good values are served when refreshing
	// fails: 0 for not at all, else at least TTL.
	MaxStale model.Duration `yaml:"max_stale"`
	// File keeps the values over a restart; empty for not at all.
	File string `yaml:"file,omitempty"`
}

// Account is one Smartlead account: a key, the budget that goes with it, and
// the campaigns to export.
//
// At most one of APIKeyEnv, APIKeyFile and APIKey is set; use [Account.Key].
// An Account prints as its YAML, secrets replaced, whatever the verb.
type Account struct {
	// Name is unique among the accounts and matches [a-zA-Z0-9_.-]+.
	Name string `yaml:"name"`
	// BaseURL has no trailing slash, user info, query or fragment, and is
	// https unless it points to this host.
	BaseURL    string            `yaml:"base_url"`
	APIKeyEnv  string            `yaml:"api_key_env,omitempty"`
	APIKeyFile string            `yaml:"api_key_file,omitempty"`
	APIKey     promconfig.Secret `yaml:"api_key,omitempty"`
	// RequestTimeout bounds one page; above 0, at most 10m.
	RequestTimeout model.Duration `yaml:"request_timeout"`
	RateLimit      RateLimit      `yaml:"rate_limit"`
	// HTTPConfig never follows redirects: they would carry the key elsewhere.
	HTTPConfig promconfig.HTTPClientConfig `yaml:"http_config"`
	Campaigns  []Campaign                  `yaml:"campaigns,omitempty"`
	// Discovery adds campaigns to those listed, or is nil. Without it Campaigns
	// is not empty.
	Discovery *Discovery `yaml:"discovery,omitempty"`
	// MetadataInterval is the time between two looks at the names and statuses
	// of the listed campaigns; 0 for never.
	MetadataInterval model.Duration `yaml:"metadata_interval"`
	// Collect names what is collected beyond the steps' counts, each once.
	Collect []string `yaml:"collect,omitempty"`
	// MailboxAddresses has the addresses of the account's mailboxes shown.
	MailboxAddresses bool `yaml:"mailbox_addresses"`

	// Counting is CountingAuto or CountingRows.
	Counting string `yaml:"counting"`

	// SharesKeyWith names the first account of those before it that have the same
	// key and base URL, and so one quota with it; empty if there is none.
	SharesKeyWith string `yaml:"-"`

	// envKey is what APIKeyEnv held when the file was loaded.
	envKey string
}

// RateLimit is what an account's requests may use up, all programs' share of
// the same key not counted.
type RateLimit struct {
	// PerMinute and PerHour bound the requests in any sliding minute and hour;
	// at least 1.
	PerMinute int `yaml:"per_minute"`
	PerHour   int `yaml:"per_hour"`
	// Concurrency bounds the requests under way at once; 1 to 64.
	Concurrency int `yaml:"concurrency"`

	// PerMinuteGiven and PerHourGiven tell which of them are written down, and not the default: those are the
	// account's shares of its key's quota.
	PerMinuteGiven bool `yaml:"-"`
	PerHourGiven   bool `yaml:"-"`
}

// Campaign is one campaign to export and which of its e-mails count.
type Campaign struct {
	// ID is above 0 and unique among the campaigns of all accounts.
	ID int64 `yaml:"id"`
	// Name has at most 256 characters; empty if not configured.
	Name string `yaml:"name,omitempty"`
	// SequenceNumbers are the steps to export, 1 to 20 each, none twice. Empty
	// means every step.
	SequenceNumbers []int `yaml:"sequence_numbers,omitempty,flow"`
	// SentAfter and SentBefore bound the sending time of the e-mails that
	// count; zero where there is no bound.
	SentAfter  time.Time `yaml:"sent_after,omitempty"`
	SentBefore time.Time `yaml:"sent_before,omitempty"`
	// SentWithin is a window that ends now, instead of the two above; 0 if not
	// configured.
	SentWithin model.Duration `yaml:"sent_within,omitempty"`
}

// Load reads and validates the configuration file at path. It looks up the
// environment variables and reads the key files and the files of http_config
// that the file names, relative ones from the directory of path; where cache.file
// is to be, it only looks. The error is an [*Error] that lists everything wrong
// with the file.
func Load(path string, reserved ...Reserved) (*Config, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, data, reserved...)
}

// Reserved is a file that something else than the configuration uses, so that
// cache.file must not name it.
type Reserved struct {
	// By says what uses it, such as a flag's name.
	By   string
	Path string
}

// Parse is [Load] for a file that has been read already: name is its path, from
// which problems are named and relative paths start.
func Parse(name string, data []byte, reserved ...Reserved) (*Config, error) {
	r := newReader(name)
	r.reserved = reserved
	root, err := r.document(data)
	if err != nil {
		return nil, err
	}
	cfg := r.config(root)
	if err := r.err(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(r.warnings, func(a, b Problem) int { return a.Line - b.Line })
	cfg.Warnings = r.warnings
	return cfg, nil
}

// String returns the configuration as YAML with its secrets replaced.
func (c Config) String() string {
	return marshal(c)
}

// String returns the account as YAML with its secrets replaced.
func (a Account) String() string {
	return marshal(a)
}

// Format implements [fmt.Formatter], since the default for %+v and %#v would
// print the key.
func (a Account) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, a.String()) // A fmt.State has nowhere to report it.
}

func marshal(v any) string {
	out, err := yaml.Marshal(v)
	if err != nil {
		return fmt.Sprintf("configuration that can't be printed: %T", err) // Not err: it may quote.
	}
	return string(out)
}

// readFile reads the configuration file, of which no more than maxFileBytes are
// wanted.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fileError(path, err, "no such file: name the configuration by --config.file, or copy the example config.yml and put your campaigns in it")
	case err != nil:
		return nil, fileError(path, err, "cannot be opened: %v: make it readable to the user that runs the exporter", bare(err))
	}
	defer file.Close()

	data, err := io.ReadAll(io.LimitReader(file, maxFileBytes+1))
	if err != nil {
		return nil, fileError(path, err, "cannot be read: %v: --config.file wants a YAML file", bare(err))
	}
	if len(data) > maxFileBytes {
		return nil, fileError(path, nil, "is larger than %d MiB: name a configuration file by --config.file", maxFileBytes>>20)
	}
	return data, nil
}

// bare takes the path off an error of package os, since it stands before the
// message already.
func bare(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}

// AsksLike reports whether requests for one account are sent as those for another of its name are: to the same address,
// with the key from the same source, over the same kind of connection, within the same limits, and to count in the same way.
func (a *Account) AsksLike(b *Account) bool {
	return a.Name == b.Name && a.BaseURL == b.BaseURL && a.APIKeyEnv == b.APIKeyEnv && a.APIKeyFile == b.APIKeyFile && a.APIKey == b.APIKey &&
		a.envKey == b.envKey && a.RequestTimeout == b.RequestTimeout && a.RateLimit == b.RateLimit && a.Counting == b.Counting &&
		reflect.DeepEqual(a.HTTPConfig, b.HTTPConfig)
}
