package config

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// fields are the keys that a mapping may have, and what reads the value of
// each. A null value is read like a key that is not there.
type fields map[string]func(key string, value *yaml.Node, line int)

// lines holds the line of each key that a mapping has, merged ones included,
// and under "" the line of the mapping itself.
type lines map[string]int

// of returns the line of the first of keys that is there, else that of the
// mapping.
func (l lines) of(keys ...string) int {
	for _, key := range keys {
		if line, ok := l[key]; ok {
			return line
		}
	}
	return l[""]
}

// mapping reads n, which what names in messages, key by key in the order of the
// file.
func (r *reader) mapping(n *yaml.Node, what, example string, known fields) lines {
	at := lines{"": n.Line}
	n = resolved(n)
	if isNull(n) {
		return at
	}
	if n.Kind != yaml.MappingNode {
		r.problemf(at[""], "%s is not a mapping: write key: value, such as %s", what, example)
		return at
	}
	for _, p := range r.pairs(n, 0) {
		read, ok := known[p.key.Value]
		if !ok {
			meant := r.unknownKey(p.key, what, slices.Sorted(maps.Keys(known)))
			if _, given := at[meant]; !given {
				at[meant] = p.key.Line // So that it isn't missed as well.
			}
			continue
		}
		if !isNull(p.value) {
			at[p.key.Value] = p.key.Line
		}
		read(p.key.Value, p.value, p.key.Line)
	}
	return at
}

// unknownKey refuses a key, and returns the one that was meant, if there is one
// near. It is shown only if it is a plain word: in {api_key:x}, without a space,
// the key holds the secret.
func (r *reader) unknownKey(key *yaml.Node, what string, known []string) (near string) {
	near = nearest(key.Value, known)
	isWord := word.MatchString(key.Value) && !looksLikeKey(key.Value)
	place := placeOf(key.Value)
	switch {
	case key.Kind != yaml.ScalarNode:
		r.problemf(key.Line, "a key of %s is not a text: write one of %s", what, strings.Join(known, ", "))
	case strings.Contains(key.Value, ":"):
		r.problemf(key.Line, "unknown key in %s: write a space after the colon, as in key: value", what)
	case what == "a campaign" && number.MatchString(key.Value):
		near = "id"
		r.problemf(key.Line, "unknown key %q in %s: write id: %s, and name: before what follows it", key.Value, what, key.Value)
	case near != "" && isWord:
		r.problemf(key.Line, "unknown key %q in %s: did you mean %s?", key.Value, what, near)
	case near != "":
		r.problemf(key.Line, "unknown key in %s: did you mean %s?", what, near)
	case place != "":
		r.misplaced[key.Value] = true
		r.problemf(key.Line, "unknown key %q in %s: write it below %s", key.Value, what, place)
	case isWord:
		r.problemf(key.Line, "unknown key %q in %s: write one of %s", key.Value, what, strings.Join(known, ", "))
	default:
		r.problemf(key.Line, "unknown key in %s: write one of %s", what, strings.Join(known, ", "))
	}
	return near
}

// word matches what people name settings. Digits are in short ones only, as in
// enable_http2: a long one may be an API key.
var word = regexp.MustCompile(`^([a-zA-Z_-]{1,40}|[a-zA-Z0-9_-]{1,16})$`)

// number matches a campaign's id.
var number = regexp.MustCompile(`^\d{1,18}$`)

type pair struct {
	key, value *yaml.Node
}

// maxMergeDepth bounds mappings that merge mappings that merge: none has reason
// to go that deep, except an anchor that merges itself.
const maxMergeDepth = 16

// pairs returns what a mapping holds: its own keys, then those it merges by <<
// and doesn't have itself. A key given twice is refused. It calls itself with
// depth for what is merged.
func (r *reader) pairs(n *yaml.Node, depth int) []pair {
	var own []pair
	var merged []*yaml.Node
	first := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		if !r.visit(n.Content[i]) {
			return own
		}
		key, value := resolved(n.Content[i]), n.Content[i+1]
		if key.Kind == yaml.ScalarNode && key.ShortTag() == "!!merge" {
			merged = append(merged, value)
			continue
		}
		if line, ok := first[key.Value]; ok && key.Kind == yaml.ScalarNode {
			shown := "key"
			if word.MatchString(key.Value) && !looksLikeKey(key.Value) {
				shown = key.Value
			}
			r.problemf(n.Content[i].Line, "%s is given twice, first on line %d: keep one of the two", shown, line)
			continue
		}
		first[key.Value] = n.Content[i].Line
		own = append(own, pair{key, value})
	}

	for _, source := range merged {
		for _, from := range mergeSources(source) {
			if !r.visit(source) {
				return own
			}
			if from.Kind != yaml.MappingNode || depth == maxMergeDepth {
				r.problemf(source.Line, "<< can't merge this: write << with * and the name of a mapping's anchor, defined above")
				return own
			}
			for _, p := range r.pairs(from, depth+1) {
				if _, ok := first[p.key.Value]; !ok {
					first[p.key.Value] = p.key.Line
					own = append(own, p)
				}
			}
		}
	}
	return own
}

func mergeSources(n *yaml.Node) []*yaml.Node {
	n = resolved(n)
	if n.Kind != yaml.SequenceNode {
		return []*yaml.Node{n}
	}
	sources := make([]*yaml.Node, len(n.Content))
	for i, source := range n.Content {
		sources[i] = resolved(source)
	}
	return sources
}

// list reads each item of a list; example is an item.
func (r *reader) list(example string, read func(item *yaml.Node)) func(string, *yaml.Node, int) {
	return func(key string, value *yaml.Node, line int) {
		value = resolved(value)
		if isNull(value) {
			return
		}
		if value.Kind != yaml.SequenceNode {
			r.problemf(line, "%s is not a list: write each item on a line of its own, such as - %s", key, example)
			return
		}
		for _, item := range value.Content {
			if !r.visit(item) {
				return
			}
			read(item)
		}
	}
}

// filled reads a list that is refused if it is empty; instead is what to write.
func (r *reader) filled(read func(string, *yaml.Node, int), instead string) func(string, *yaml.Node, int) {
	return func(key string, value *yaml.Node, line int) {
		read(key, value, line)
		if list := resolved(value); list.Kind == yaml.SequenceNode && len(list.Content) == 0 {
			r.problemf(line, "%s is empty: %s", key, instead)
		}
	}
}

// text reads a text. Its value is in no message, for it may be a key.
func (r *reader) text(dst *string) func(string, *yaml.Node, int) {
	return func(key string, value *yaml.Node, line int) {
		if s, ok := r.scalar(key, value, line); ok {
			*dst = s
		}
	}
}

// scalar returns the text of a value, if it has one.
func (r *reader) scalar(key string, value *yaml.Node, line int) (string, bool) {
	value = resolved(value)
	if isNull(value) {
		return "", false
	}
	if value.Kind != yaml.ScalarNode {
		r.problemf(line, "%s is not a single value: write %s: followed by one, in quotes if it has special characters", key, key)
		return "", false
	}
	switch value.ShortTag() {
	case "!!str", "!!int", "!!float", "!!bool", "!!timestamp", "!!merge":
		return value.Value, true
	}
	r.problemf(line, "%s has a tag that is not supported: write the value alone, in quotes if it starts with !", key)
	return "", false
}

// integer reads a whole number from 1 to high.
func (r *reader) integer(dst *int, high int) func(string, *yaml.Node, int) {
	return func(key string, value *yaml.Node, line int) {
		s, ok := r.scalar(key, value, line)
		if !ok {
			return
		}
		number, err := strconv.Atoi(s)
		if err != nil || number < 1 || number > high {
			r.problemf(line, "%s is %s: write a whole number from 1 to %d", key, quote(s), high)
			return
		}
		*dst = number
	}
}

// duration reads a duration in Prometheus' form.
func (r *reader) duration(dst *model.Duration) func(string, *yaml.Node, int) {
	return func(key string, value *yaml.Node, line int) {
		s, ok := r.scalar(key, value, line)
		if !ok {
			return
		}
		d, err := model.ParseDuration(s)
		if err != nil {
			r.problemf(line, "%s is %s, which is no duration: write a number with a unit, such as 45s, 5m, 1h30m or 30d", key, quote(s))
			return
		}
		*dst = d
	}
}

// instant reads a point in time; a date alone is its midnight in UTC.
func (r *reader) instant(dst *time.Time) func(string, *yaml.Node, int) {
	return func(key string, value *yaml.Node, line int) {
		s, ok := r.scalar(key, value, line)
		if !ok {
			return
		}
		for _, layout := range []string{time.RFC3339, time.DateOnly} {
			if t, err := time.Parse(layout, s); err == nil {
				*dst = t.UTC()
				return
			}
		}
		r.problemf(line, "%s is %s, which is no time: write 2026-01-31, or 2026-01-31T09:00:00Z with Z or an offset", key, quote(s))
	}
}

// resolved returns what an alias stands for, and any other node as it is.
func resolved(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool {
	n = resolved(n)
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}
