package config

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// knownSubjects are what can be collected beyond the steps' counts.
var knownSubjects = []string{"mailboxes", "leads", "replies", "people", "variants"}

// Subjects returns what can be collected beyond the steps' counts.
func Subjects() []string { return slices.Clone(knownSubjects) }

// collect reads what to collect beyond the steps' counts. An empty list is nothing, as none is.
func (r *reader) collect(dst *[]string) func(string, *yaml.Node, int) {
	known := strings.Join(knownSubjects, ", ")
	return r.list("mailboxes", func(item *yaml.Node) {
		name, ok := r.listed("collect", item)
		if !ok {
			return
		}
		near := nearest(name, knownSubjects)
		switch {
		case slices.Contains(*dst, name):
			r.problemf(item.Line, "%s is in collect twice: keep one of the two", name)
		case slices.Contains(knownSubjects, name):
			*dst = append(*dst, name)
		case near != "":
			r.problemf(item.Line, "%s in collect is not known: did you mean %s?", quote(name), near)
		default:
			r.problemf(item.Line, "%s in collect is not known: write some of %s", quote(name), known)
		}
	})
}

// flag reads true or false.
func (r *reader) flag(dst *bool) func(string, *yaml.Node, int) {
	return func(key string, value *yaml.Node, line int) {
		s, ok := r.scalar(key, value, line)
		if !ok {
			return
		}
		switch s {
		case "true", "True", "TRUE":
			*dst = true
		case "false", "False", "FALSE":
			*dst = false
		default:
			r.problemf(line, "%s is %s: write true or false", key, quote(s))
		}
	}
}
