package config

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// What an absent key of discovery stands for.
const (
	DefaultDiscoveryInterval = model.Duration(10 * time.Minute)
	DefaultMaxCampaigns      = 1000
)

const (
	minDiscoveryInterval = model.Duration(time.Minute)
	maxMaxCampaigns      = 100_000
)

// knownStatuses are those that Smartlead documents. Others are accepted, since it may add to them, but warned about.
var knownStatuses = []string{"DRAFTED", "ACTIVE", "PAUSED", "STOPPED", "COMPLETED", "ARCHIVED"}

// Discovery says which of an account's campaigns to export without listing them. A campaign is exported if it fits all
// that is configured, and fits a list if it fits one item of it.
type Discovery struct {
	// Interval is the time between two lists of campaigns; at least 1m.
	Interval model.Duration `yaml:"interval"`
	// Statuses are in upper case. Empty means every one but DRAFTED and ARCHIVED.
	Statuses []string `yaml:"statuses,omitempty,flow"`
	// Name and ExcludeName are zero if not configured: use [Discovery.MatchesName].
	Name        Regexp `yaml:"name,omitempty"`
	ExcludeName Regexp `yaml:"exclude_name,omitempty"`
	// ClientIDs are in the form in which they print: the API has them as numbers and as texts. Empty means every
	// client, and none.
	ClientIDs []string `yaml:"client_ids,omitempty,flow"`
	// Tags are names of tags. Empty means any tags, and none.
	Tags []string `yaml:"tags,omitempty,flow"`
	// MaxCampaigns bounds how many campaigns are exported; 1 to 100000.
	MaxCampaigns int `yaml:"max_campaigns"`
	// Shard is this exporter's part of the campaigns; zero for all of them.
	Shard Shard `yaml:"shard,omitempty"`
}

// MatchesName reports whether a campaign of that name fits Name, if configured, and not ExcludeName.
func (d *Discovery) MatchesName(name string) bool {
	return (d.Name.IsZero() || d.Name.MatchString(name)) &&
		(d.ExcludeName.IsZero() || !d.ExcludeName.MatchString(name))
}

// Regexp is an RE2 expression that matches a whole text, newlines included, as Prometheus' relabelling does. The zero
// value is none, and has no methods of regexp.Regexp to call.
type Regexp struct {
	*regexp.Regexp

	original string
}

// NewRegexp compiles an expression. The error says what is wrong with it.
func NewRegexp(s string) (Regexp, error) {
	// By itself first: a)|(b would compile in the group around it.
	if _, err := regexp.Compile(s); err != nil {
		if syntaxErr, ok := errors.AsType[*syntax.Error](err); ok {
			return Regexp{}, errors.New(syntaxErr.Code.String())
		}
		return Regexp{}, err
	}
	anchored, err := regexp.Compile("^(?s:" + s + ")$")
	if err != nil {
		return Regexp{}, err
	}
	return Regexp{Regexp: anchored, original: s}, nil
}

// IsZero reports whether there is no expression.
func (r Regexp) IsZero() bool {
	return r.Regexp == nil
}

// String returns the expression as it was written, without its anchors.
func (r Regexp) String() string {
	return r.original
}

// MarshalYAML implements [yaml.Marshaler].
func (r Regexp) MarshalYAML() (any, error) {
	return r.original, nil
}

// Shard is one of Count parts of equal size. Index counts from 1; the zero value stands for the whole.
type Shard struct {
	Index, Count int
}

// ParseShard reads "1/3", the first of three.
func ParseShard(s string) (Shard, error) {
	index, count, ok := strings.Cut(s, "/")
	if !ok {
		return Shard{}, errors.New("has no /")
	}
	var shard Shard
	var err error
	if shard.Index, err = strconv.Atoi(index); err != nil {
		return Shard{}, errors.New("has no number before the /")
	}
	if shard.Count, err = strconv.Atoi(count); err != nil {
		return Shard{}, errors.New("has no number after the /")
	}
	if shard.Index < 1 || shard.Index > shard.Count {
		return Shard{}, fmt.Errorf("has no part %d among %d", shard.Index, shard.Count)
	}
	return shard, nil
}

// IsZero reports whether the shard is the whole.
func (s Shard) IsZero() bool {
	return s == Shard{}
}

// String returns the shard as "1/3", or "" for the whole.
func (s Shard) String() string {
	if s.IsZero() {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Count)
}

// MarshalYAML implements [yaml.Marshaler].
func (s Shard) MarshalYAML() (any, error) {
	return s.String(), nil
}

// discovery reads the discovery of an account. Without a value it is refused: it could mean all campaigns as well as
// none.
func (r *reader) discovery(dst **Discovery) func(string, *yaml.Node, int) {
	return func(key string, value *yaml.Node, line int) {
		if isNull(value) {
			r.problemf(line, "%s has no value: write %s: {} for every campaign, conditions below it, or leave it out", key, key)
			return
		}
		d := &Discovery{Interval: DefaultDiscoveryInterval, MaxCampaigns: DefaultMaxCampaigns}
		*dst = d
		at := r.mapping(value, key, "interval: 10m", fields{
			"interval":      r.duration(&d.Interval),
			"statuses":      r.statuses(d),
			"name":          r.regexp(&d.Name),
			"exclude_name":  r.regexp(&d.ExcludeName),
			"client_ids":    r.filled(r.texts(&d.ClientIDs, "77"), "write the clients' ids, such as [77, 78], or leave it out for all"),
			"tags":          r.filled(r.texts(&d.Tags, "outbound"), "write tags, such as [outbound], or leave it out for campaigns with any tags and none"),
			"max_campaigns": r.integer(&d.MaxCampaigns, maxMaxCampaigns),
			"shard":         r.shard(&d.Shard),
		})
		for _, name := range []string{"name", "exclude_name"} {
			if expression := map[string]Regexp{"name": d.Name, "exclude_name": d.ExcludeName}[name]; !expression.IsZero() && expression.String() == "" {
				r.warnf(at.of(name), "%s is empty, which fits no campaign that has a name: write an expression such as \"Q4 .*\", or leave it out", name)
			}
		}
		if d.Interval < minDiscoveryInterval {
			r.problemf(at.of("interval"), "interval is %v: write at least %v, since each list of campaigns takes from the request budget", d.Interval, minDiscoveryInterval)
		}
	}
}

func (r *reader) statuses(d *Discovery) func(string, *yaml.Node, int) {
	return r.filled(r.list("ACTIVE", func(item *yaml.Node) {
		s, ok := r.listed("statuses", item)
		if !ok {
			return
		}
		status := strings.ToUpper(s)
		if slices.Contains(d.Statuses, status) {
			r.warnf(item.Line, "%s is in statuses twice: keep one of the two", quote(status))
			return
		}
		d.Statuses = append(d.Statuses, status)
		if slices.Contains(knownStatuses, status) {
			return
		}
		meant := "the known ones are " + strings.Join(knownStatuses, ", ")
		if near := nearest(status, knownStatuses); near != "" {
			meant = "did you mean " + near + "?"
		}
		r.warnf(item.Line, "status %s is not known: %s", quote(s), meant)
	}), "write those to export, such as [ACTIVE], or leave it out for all but DRAFTED and ARCHIVED")
}

// texts reads a list of texts; example is one.
func (r *reader) texts(dst *[]string, example string) func(string, *yaml.Node, int) {
	return func(key string, value *yaml.Node, line int) {
		r.list(example, func(item *yaml.Node) {
			s, ok := r.listed(key, item)
			if ok && slices.Contains(*dst, s) {
				r.warnf(item.Line, "%s is in %s twice: keep one of the two", quote(s), key)
				return
			}
			if ok {
				*dst = append(*dst, s)
			}
		})(key, value, line)
	}
}

// listed returns the text of an item of a list, which must have one.
func (r *reader) listed(list string, item *yaml.Node) (string, bool) {
	s, ok := r.scalar("an item of "+list, item, item.Line)
	if s = strings.TrimSpace(s); s == "" && (ok || isNull(item)) {
		r.problemf(item.Line, "an empty item in %s: write a value, or leave it out", list)
		return "", false
	}
	return s, ok
}

func (r *reader) regexp(dst *Regexp) func(string, *yaml.Node, int) {
	return func(key string, value *yaml.Node, line int) {
		s, ok := r.scalar(key, value, line)
		if !ok {
			return
		}
		compiled, err := NewRegexp(s)
		if err != nil {
			r.problemf(line, `%s is %s, which is no regular expression: %v: write RE2 syntax, such as "Q4 .*"`, key, quote(s), err)
			return
		}
		*dst = compiled
	}
}

func (r *reader) shard(dst *Shard) func(string, *yaml.Node, int) {
	return func(key string, value *yaml.Node, line int) {
		s, ok := r.scalar(key, value, line)
		if !ok {
			return
		}
		shard, err := ParseShard(s)
		if err != nil {
			r.problemf(line, "%s is %s, which %v: write 1/3, 2/3 or 3/3 for a part of three", key, quote(s), err)
			return
		}
		*dst = shard
	}
}
