package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What the program is built from isn't kept from the builder of its image.
func TestImageIsBuiltFromAllItTakes(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f",
		`{{if not .Standard}}{{$dir := .Dir}}{{range .GoFiles}}{{$dir}}/{{.}}{{"\n"}}{{end}}{{range .EmbedFiles}}{{$dir}}/{{.}}{{"\n"}}{{end}}{{end}}`, ".")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../.dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for file := range strings.Lines(string(out)) {
		name, ours := strings.CutPrefix(strings.TrimSpace(file), root+"/")
		if !ours {
			continue
		}
		n++
		if ignored(string(text), name) {
			t.Errorf("%s is kept from the builder by .dockerignore", name)
		}
	}
	if n < 100 {
		t.Errorf("the program is made from %d files only", n)
	}
	for name, want := range map[string]bool{"go.mod": false, "README.md": true, "docs/images/overview.png": true, "web/web_test.go": true, "internal/testkit/api.go": true, ".git/HEAD": true} {
		if got := ignored(string(text), name); got != want {
			t.Errorf("%s is kept from the builder: %t, want %t", name, got, want)
		}
	}
}

// ignored reports whether the last pattern that fits a file, or a folder above it, keeps it from the builder.
func ignored(patterns, name string) (ignored bool) {
	for line := range strings.Lines(patterns) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		pattern, back := strings.CutPrefix(line, "!")
		expression := regexp.QuoteMeta(strings.TrimPrefix(pattern, "/"))
		expression = strings.NewReplacer(`\*\*/`, `(?:.*/)?`, `\*`, `[^/]*`).Replace(expression)
		if regexp.MustCompile("^" + expression + "(?:/|$)").MatchString(name) {
			ignored = !back
		}
	}
	return ignored
}
