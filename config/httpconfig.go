package config

import (
	"errors"
	"maps"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"

	promconfig "github.com/prometheus/common/config"
	"go.yaml.in/yaml/v3"
)

// headerName is what HTTP calls a token.
var headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

// defaultHTTPConfig is Prometheus' default, except that redirects are not
// followed: the key stands in the URL, and goes wherever that is sent.
func defaultHTTPConfig() promconfig.HTTPClientConfig {
	c := promconfig.DefaultHTTPClientConfig
	c.FollowRedirects = false
	return c
}

// httpConfig reads Prometheus' HTTP client settings. Their own decoder would
// let unknown keys pass, and quote passwords when it refuses something; so the
// shape is checked before, after which only settings that contradict each other
// are left to it.
func (r *reader) httpConfig(dst *promconfig.HTTPClientConfig) func(string, *yaml.Node, int) {
	return func(key string, value *yaml.Node, line int) {
		if isNull(value) {
			return
		}
		before := r.failures
		r.httpPaths = nil
		r.shape(reflect.TypeFor[promconfig.HTTPClientConfig](), key, value, line)
		if r.failures > before {
			return
		}

		var c promconfig.HTTPClientConfig
		if err := resolved(value).Decode(&c); err != nil {
			reason := err.Error()
			if _, ok := errors.AsType[*yaml.TypeError](err); ok || strings.HasPrefix(reason, "yaml:") {
				reason = "a value can't be read"
			}
			r.problemf(line, "%s: %s: see http_config in Prometheus' documentation", key, reason)
			return
		}
		r.headerNames(key, c, line)
		for _, file := range r.httpPaths {
			r.httpFile(file.setting, file.path, file.line)
		}
		for _, p := range r.pairs(resolved(value), 0) {
			if p.key.Value == "follow_redirects" && c.FollowRedirects {
				r.warnf(p.key.Line, "follow_redirects has no effect, since a redirect would carry the key elsewhere: leave it out")
			}
		}
		c.FollowRedirects = false
		c.SetDirectory(r.dir)
		r.certificates(&c.TLSConfig, line)
		if c.OAuth2 != nil {
			r.certificates(&c.OAuth2.TLSConfig, line)
		}
		*dst = c
	}
}

// headerNames refuses names that would make every request fail, with an error
// that quotes the name: in {X-Token:x}, without a space, it holds the secret.
func (r *reader) headerNames(key string, c promconfig.HTTPClientConfig, line int) {
	names := slices.Collect(maps.Keys(c.ProxyConnectHeader))
	if c.HTTPHeaders != nil {
		names = slices.AppendSeq(names, maps.Keys(c.HTTPHeaders.Headers))
	}
	if slices.ContainsFunc(names, func(name string) bool { return !headerName.MatchString(name) }) {
		r.problemf(line, "%s has a header whose name is none: write letters, digits and -, then a colon and a space", key)
	}
}

// shape checks that n can be decoded into a t: known keys, and the right kind of
// value for each.
func (r *reader) shape(t reflect.Type, what string, n *yaml.Node, line int) {
	n = resolved(n)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if isNull(n) || t.Kind() == reflect.Interface {
		return
	}
	switch t {
	case reflect.TypeFor[promconfig.URL]():
		// The library's error quotes part of the password.
		if s, ok := r.scalar(what, n, line); ok {
			if u, err := url.Parse(s); err != nil || u.Host == "" {
				r.problemf(line, "%s is not a URL: write http://host:port, with special characters in a password escaped", what)
			}
		}
		return
	case reflect.TypeFor[promconfig.TLSVersion]():
		if s, ok := r.scalar(what, n, line); ok && promconfig.TLSVersions[s] == 0 {
			r.problemf(line, "%s is not a TLS version: write one of %s", what, strings.Join(slices.Sorted(maps.Keys(promconfig.TLSVersions)), ", "))
		}
		return
	}

	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		r.mappingShape(t, what, n, line)
	case reflect.Slice:
		read := r.list("a value", func(item *yaml.Node) { r.shape(t.Elem(), what, item, item.Line) })
		r.filled(read, "write a value, or leave it out")(what, n, line)
	case reflect.Bool:
		var b bool
		if n.Kind != yaml.ScalarNode || n.Decode(&b) != nil {
			r.problemf(line, "%s is neither true nor false: write one of them", what)
		}
	default:
		s, ok := r.scalar(what, n, line)
		if what == "files" {
			what = "http_headers"
		}
		switch {
		case ok && strings.HasSuffix(what, "_ref"):
			r.problemf(line, "%s names a secret of a secret manager, and there is none: write the secret into a file, and its path as %s_file", what, strings.TrimSuffix(what, "_ref"))
		case ok && httpFiles[what].named:
			r.httpPaths = append(r.httpPaths, usedFile{what, s, line})
		}
	}
}

func (r *reader) mappingShape(t reflect.Type, what string, n *yaml.Node, line int) {
	if n.Kind != yaml.MappingNode {
		r.problemf(line, "%s is not a mapping: write its settings as key: value below it", what)
		return
	}
	known := make(map[string]reflect.Type)
	anyKey := collectKeys(t, known)
	for _, p := range r.pairs(n, 0) {
		key := p.key.Value
		switch settingType, ok := known[key]; {
		case ok:
			r.shape(settingType, key, p.value, p.key.Line)
		case anyKey != nil && p.key.Kind == yaml.ScalarNode:
			r.shape(anyKey, "a value of "+what, p.value, p.key.Line)
		default:
			r.unknownKey(p.key, what, slices.Sorted(maps.Keys(known)))
		}
	}
}

// collectKeys adds to known the keys under which t is written in YAML, with the
// type of each. If any key is allowed it returns the type of their values.
func collectKeys(t reflect.Type, known map[string]reflect.Type) (anyKey reflect.Type) {
	if t.Kind() == reflect.Map {
		return t.Elem()
	}
	for field := range t.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		switch {
		case !field.IsExported() || name == "-":
		case strings.Contains(options, "inline"):
			if elem := collectKeys(field.Type, known); elem != nil {
				anyKey = elem
			}
		case name == "":
			known[strings.ToLower(field.Name)] = field.Type
		default:
			known[name] = field.Type
		}
	}
	return anyKey
}
