package config

import (
	"bytes"
	"reflect"
	"regexp"
	"slices"

	promconfig "github.com/prometheus/common/config"
	"go.yaml.in/yaml/v3"
)

// notOurs is said of a file that is no configuration, whatever else it is: a key, a log, a list of users. One line,
// without anything of what is in it.
const notOurs = "is not a configuration of this exporter: name one by --config.file, a YAML file that has accounts:, as the example config.yml"

// rootKeys are the keys of a configuration.
var rootKeys = []string{"accounts", "cache"}

// isOurs reports whether a document is meant as a configuration: whether one of its keys is ours, nearly so, or ours in
// another place. What is wrong with a list, or with a file of YAML in the wrong place, fits in a line as well.
func isOurs(root *yaml.Node) bool {
	root = resolved(root)
	if root.Kind != yaml.MappingNode {
		return root.Kind == yaml.SequenceNode
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key := resolved(root.Content[i]).Value
		if key == "<<" || nearest(key, rootKeys) != "" || isDistinct(key) {
			return true
		}
	}
	return len(root.Content) == 0 || resolved(root.Content[0]).Kind != yaml.ScalarNode
}

// isDistinct reports whether a key is one of ours that other programs don't have.
func isDistinct(key string) bool {
	switch key {
	case "file", "id", "interval", "name", "tags":
		return false
	}
	return placeOf(key) != ""
}

// lineKey is the key at the beginning of a line, or of a mapping in braces.
var lineKey = regexp.MustCompile(`(?m)^[ \t{-]*["']?([A-Za-z_]{1,40})["']?[ \t]*:(?:[ \t\r\n]|$)`)

// mayBeOurs is [isOurs] for what can't be read as YAML.
func mayBeOurs(data []byte) bool {
	if bytes.IndexByte(data, 0) >= 0 {
		return false
	}
	const enough = 64 << 10 // to meet a key of ours
	for _, m := range lineKey.FindAllSubmatch(data[:min(len(data), enough)], -1) {
		if key := string(m[1]); nearest(key, rootKeys) != "" || isDistinct(key) {
			return true
		}
	}
	return false
}

// isUTF16 reports whether there is the byte order mark of that encoding.
func isUTF16(data []byte) bool {
	return bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff"))
}

// places are the mappings below the root and the keys that each may have. The first of several is where a key most
// likely belongs.
var places = []struct {
	name string
	keys []string
}{
	{"an item of accounts", keysOf(reflect.TypeFor[Account]())},
	{"cache", keysOf(reflect.TypeFor[Cache]())},
	{"rate_limit", keysOf(reflect.TypeFor[RateLimit]())},
	{"discovery", keysOf(reflect.TypeFor[Discovery]())},
	{"an item of campaigns", keysOf(reflect.TypeFor[Campaign]())},
	{"http_config", keysOf(reflect.TypeFor[promconfig.HTTPClientConfig]())},
	{"tls_config in http_config", keysOf(reflect.TypeFor[promconfig.TLSConfig]())},
}

func keysOf(t reflect.Type) []string {
	known := make(map[string]reflect.Type)
	collectKeys(t, known)
	keys := make([]string, 0, len(known))
	for key := range known {
		keys = append(keys, key)
	}
	return keys
}

// placeOf returns where a key belongs that is unknown in another place, or "".
func placeOf(key string) string {
	if slices.Contains(rootKeys, key) {
		return "the top level, without indentation,"
	}
	for _, place := range places {
		if slices.Contains(place.keys, key) {
			return place.name
		}
	}
	return ""
}

// isMisplaced reports whether one of keys was met where it doesn't belong, which explains why it is missing where it
// does.
func (r *reader) isMisplaced(keys ...string) bool {
	return slices.ContainsFunc(keys, func(key string) bool { return r.misplaced[key] })
}
