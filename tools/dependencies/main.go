// Command licenses checks that every module that the packages given as arguments need comes under a licence that may go
// into a binary under Apache-2.0. It prints a line a module and fails if there is one whose licence it doesn't
// know or doesn't like.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	classifier "github.com/google/licenseclassifier/v2"
	"github.com/google/licenseclassifier/v2/assets"
)

// allowed are permissive licences: whoever passes a binary on has to keep their texts, and nothing else.
var allowed = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"}

var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying)(\.(md|txt|mit|bsd|apache))?$`)

func main() {
	modules, err := modulesOf(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "licenses:", err)
		os.Exit(1)
	}
	known, err := assets.DefaultClassifier()
	if err != nil {
		fmt.Fprintln(os.Stderr, "licenses:", err)
		os.Exit(1)
	}
	failed := false
	for _, module := range modules {
		name, dir, _ := strings.Cut(module, "\t")
		found, err := licences(known, dir)
		if err == nil && len(found) == 0 {
			err = fmt.Errorf("no licence was found in %s", dir)
		}
		for _, licence := range found {
			if !slices.Contains(allowed, licence) {
				err = fmt.Errorf("%s is not one of %s", licence, strings.Join(allowed, ", "))
			}
		}
		if err != nil {
			fmt.Printf("%s: %v: replace the module, or, if its licence permits, add that to tools/dependencies\n", name, err)
			failed = true
			continue
		}
		fmt.Printf("%s: %s\n", name, strings.Join(found, ", "))
	}
	if failed {
		os.Exit(1)
	}
}

// modulesOf returns the other modules that packages need to be built, each as its name and its folder.
func modulesOf(packages []string) ([]string, error) {
	const format = `{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}{{"\t"}}{{.Dir}}{{end}}{{end}}`
	list := exec.Command("go", append([]string{"list", "-deps", "-f", format}, packages...)...)
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var modules []string
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		if lines.Text() != "" {
			modules = append(modules, lines.Text())
		}
	}
	slices.Sort(modules)
	return slices.Compact(modules), nil
}

// licences returns what the licence files of a module's folder are, by their SPDX names.
func licences(known *classifier.Classifier, dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, entry := range entries {
		if !licenceFile.MatchString(entry.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		for _, match := range known.Match(text).Matches {
			if match.MatchType == "License" || match.MatchType == "Header" {
				found = append(found, match.Name)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}
