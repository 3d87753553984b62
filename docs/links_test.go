// Package docs_test checks what can be checked of the documentation as a whole.
package docs_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	fences  = regexp.MustCompile("(?s)\n```.*?\n```")
	links   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	// punctuation is what GitHub leaves out of a heading's anchor.
	punctuation = regexp.MustCompile(`[^\p{L}\p{N}\p{M}_ -]`)
)

// TestLinks follows every link that doesn't leave the repository, to its file and to its heading.
func TestLinks(t *testing.T) {
	pages := pagesOf(t, "..")
	if len(pages) < 5 {
		t.Fatalf("found %q only", pages)
	}
	for _, page := range pages {
		for _, match := range links.FindAllSubmatch(fences.ReplaceAll(read(t, page), nil), -1) {
			link := string(match[1])
			if strings.Contains(link, "://") || strings.HasPrefix(link, "mailto:") {
				continue
			}
			path, anchor, _ := strings.Cut(link, "#")
			target := filepath.Join(filepath.Dir(page), path)
			if path == "" {
				target = page
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s: %v", page, link, err)
				continue
			}
			if anchor != "" && !slices.Contains(anchors(read(t, target)), anchor) {
				t.Errorf("%s links to %s: there is no such heading", page, link)
			}
		}
	}
}

// pagesOf returns the Markdown files below a folder, hidden ones and built ones left out.
func pagesOf(t *testing.T, root string) []string {
	t.Helper()
	var pages []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch name := entry.Name(); {
		case err != nil:
			return err
		case entry.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "dist" || name == "testdata"):
			return filepath.SkipDir
		case strings.HasSuffix(name, ".md"):
			pages = append(pages, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// anchors returns what GitHub calls the headings of a page.
func anchors(text []byte) []string {
	var found []string
	for _, match := range heading.FindAllSubmatch(fences.ReplaceAll(text, nil), -1) {
		name := punctuation.ReplaceAll(bytes.ToLower(match[1]), nil)
		found = append(found, strings.ReplaceAll(string(name), " ", "-"))
	}
	return found
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
