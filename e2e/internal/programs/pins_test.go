package programs_test

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"smartlead_exporter/e2e/internal/programs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const repository = "../../.."

// built returns where make has put the programs.
func built() string {
	return cmp.Or(os.Getenv("TOOLS_DIR"), filepath.Join(repository, ".tools"))
}

// tools returns a folder of tools with this file as prometheus.
func tools(t *testing.T, file string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	file, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, filepath.Join(dir, "bin", "prometheus")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// pinning returns a repository that pins this version of Prometheus.
func pinning(t *testing.T, version string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "tools", "prometheus"), 0o700); err != nil {
		t.Fatal(err)
	}
	text := "module x\n\nrequire github.com/prometheus/prometheus " + version + "\n"
	if err := os.WriteFile(filepath.Join(dir, "tools", "prometheus", "go.mod"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestPath(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "plain")
	script := filepath.Join(t.TempDir(), "script")
	for file, mode := range map[string]os.FileMode{plain: 0o600, script: 0o700} {
		if err := os.WriteFile(file, []byte("#!/bin/sh\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	prometheus := filepath.Join(built(), "bin", "prometheus")
	for _, tt := range []struct {
		name string
		in   programs.Installation
		want []string // in the error; none for no error
	}{
		{"the pinned one", programs.Installation{Repository: repository, ToolsDir: tools(t, prometheus)}, nil},
		{"missing", programs.Installation{Repository: repository, ToolsDir: t.TempDir()}, []string{"bin/prometheus is missing", "run make tools"}},
		{"not to be run", programs.Installation{Repository: repository, ToolsDir: tools(t, plain)}, []string{"can't be run", "run make tools"}},
		{"not built by Go", programs.Installation{Repository: repository, ToolsDir: tools(t, script)}, []string{"doesn't tell its version", "run make tools"}},
		{
			"another program", programs.Installation{Repository: repository, ToolsDir: tools(t, filepath.Join(built(), "bin", "alertmanager"))},
			[]string{"is github.com/prometheus/alertmanager v", "tools/prometheus/go.mod pins github.com/prometheus/prometheus v", "run make tools"},
		},
		{
			"another version", programs.Installation{Repository: pinning(t, "v0.399.0"), ToolsDir: tools(t, prometheus)},
			[]string{"is github.com/prometheus/prometheus v0.", "pins github.com/prometheus/prometheus v0.399.0", "run make tools"},
		},
		{"no pin", programs.Installation{Repository: t.TempDir(), ToolsDir: tools(t, prometheus)}, []string{"couldn't read which prometheus is wanted"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path, err := tt.in.Path(programs.Prometheus)
			if len(tt.want) == 0 {
				if err != nil || !filepath.IsAbs(path) {
					t.Errorf("got %q, %v", path, err)
				}
				return
			}
			if err == nil {
				t.Fatalf("got %q, want an error", path)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want it to say %q", err, want)
				}
			}
		})
	}
}
