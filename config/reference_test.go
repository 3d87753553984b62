package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"smartlead_exporter/config"
)

const reference = "../docs/configuration.md"

// section is what docs/configuration.md says of one key.
type section struct {
	kind, fallback string // its type and its default, without backticks
	example        string // YAML
}

// TestReferenceIsComplete compares the reference with the types: each key has a section, each section a key, and what a
// section says of its key's type is so.
func TestReferenceIsComplete(t *testing.T) {
	sections := readReference(t)
	want := make(map[string]string)
	collectKinds(reflect.TypeFor[config.Config](), "", want)
	for path, kind := range want {
		switch s, ok := sections[path]; {
		case !ok:
			t.Errorf("%s has no section `%s`", reference, path)
		case s.kind != kind:
			t.Errorf("`%s`: the type is given as %q, want %q", path, s.kind, kind)
		}
	}
	for path := range sections {
		if want[path] == "" {
			t.Errorf("%s has a section `%s`, which is no key", reference, path)
		}
	}
}

// TestReferenceDefaults compares the defaults in the reference with what a configuration has that sets nothing.
func TestReferenceDefaults(t *testing.T) {
	t.Setenv("SMARTLEAD_API_KEY", "a-key")
	cfg, err := config.Parse("config.yml", []byte("accounts: [{discovery: {}, campaigns: [1]}]"))
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := yaml.Unmarshal([]byte(cfg.String()), &tree); err != nil {
		t.Fatal(err)
	}
	for path, s := range readReference(t) {
		want := "none"
		switch value := lookUp(tree, path).(type) {
		case map[string]any, []any:
			continue // what is in them has sections of its own
		case nil:
		default:
			want = fmt.Sprint(value)
		}
		if s.fallback != want && s.fallback != "required" {
			t.Errorf("`%s`: the default is given as %q, want %q", path, s.fallback, want)
		}
	}
}

// TestReferenceExamples loads each example, after adding the campaigns that an account has to have, and looks for the key
// that it is about.
func TestReferenceExamples(t *testing.T) {
	t.Setenv("SMARTLEAD_API_KEY", "a-key")
	t.Setenv("AGENCY_API_KEY", "a-key")
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	if err := os.WriteFile(key, []byte("a-key"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, s := range readReference(t) {
		t.Run(path, func(t *testing.T) {
			var tree map[string]any
			if err := yaml.Unmarshal([]byte(s.example), &tree); err != nil {
				t.Fatal(err)
			}
			if lookUp(tree, path) == nil {
				t.Errorf("the example doesn't have the key:\n%s", s.example)
			}
			if tree["accounts"] == nil {
				tree["accounts"] = []any{map[string]any{}}
			}
			if cache, ok := tree["cache"].(map[string]any); ok && cache["file"] != nil {
				cache["file"] = filepath.Join(dir, "cache")
			}
			for _, account := range tree["accounts"].([]any) {
				account := account.(map[string]any)
				if account["campaigns"] == nil && account["discovery"] == nil {
					account["discovery"] = map[string]any{}
				}
				if account["api_key_file"] != nil {
					account["api_key_file"] = key
				}
				if account["api_key"] != nil { // what stands there is no key, which is told
					account["api_key"] = "a-key"
				}
			}
			text, err := yaml.Marshal(tree)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := config.Parse("config.yml", text); err != nil {
				t.Errorf("%v\n%s", err, text)
			}
		})
	}
}

var (
	heading = regexp.MustCompile("(?m)^### `(.+)`$")
	facts   = regexp.MustCompile(`(?m)^\| Type \| Default \| Range \|\n\|---\|---\|---\|\n\| (.+?) \| (.+?) \|.*\|$`)
	fenced  = regexp.MustCompile("(?s)\n```yaml\n(.*?)```\n")
)

// readReference returns the reference's sections by key.
func readReference(t *testing.T) map[string]section {
	t.Helper()
	text, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	sections := make(map[string]section)
	headings := heading.FindAllSubmatchIndex(text, -1)
	for i, at := range headings {
		path, end := string(text[at[2]:at[3]]), len(text)
		if i+1 < len(headings) {
			end = headings[i+1][0]
		}
		body := string(text[at[1]:end])
		row, example := facts.FindStringSubmatch(body), fenced.FindStringSubmatch(body)
		if row == nil || example == nil {
			t.Fatalf("%s: the section `%s` lacks its table or its example", reference, path)
		}
		if _, twice := sections[path]; twice {
			t.Fatalf("%s has two sections `%s`", reference, path)
		}
		sections[path] = section{kind: row[1], fallback: strings.Trim(row[2], "`"), example: example[1]}
	}
	return sections
}

// collectKinds adds to kinds every key of t, with the type that the reference gives it.
func collectKinds(t reflect.Type, prefix string, kinds map[string]string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	for field := range t.Fields() {
		key, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if !field.IsExported() || key == "-" {
			continue
		}
		path := prefix + key
		kinds[path] = kindOf(field.Type)
		switch kinds[path] {
		case "mapping":
			if field.Type != reflect.TypeFor[promconfig.HTTPClientConfig]() { // Prometheus documents its keys
				collectKinds(field.Type, path+".", kinds)
			}
		case "list":
			if elem := field.Type.Elem(); kindOf(elem) == "mapping" {
				collectKinds(elem, path+"[].", kinds)
			}
		}
	}
}

func kindOf(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[model.Duration]():
		return "duration"
	case reflect.TypeFor[time.Time]():
		return "time"
	case reflect.TypeFor[config.Regexp]():
		return "expression"
	case reflect.TypeFor[config.Shard]():
		return "shard"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return kindOf(t.Elem())
	case reflect.Struct:
		return "mapping"
	case reflect.Slice:
		return "list"
	case reflect.Int, reflect.Int64:
		return "number"
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	}
	return t.String()
}

// lookUp returns the value at a path such as accounts[].name, in whichever item of a list has it, or nil.
func lookUp(tree any, path string) any {
	key, rest, deeper := strings.Cut(path, ".")
	name, isList := strings.CutSuffix(key, "[]")
	mapping, ok := tree.(map[string]any)
	if !ok {
		return nil
	}
	values := []any{mapping[name]}
	if isList {
		values, _ = mapping[name].([]any)
	}
	if !deeper {
		return mapping[name]
	}
	i := slices.IndexFunc(values, func(v any) bool { return lookUp(v, rest) != nil })
	if i < 0 {
		return nil
	}
	return lookUp(values[i], rest)
}
