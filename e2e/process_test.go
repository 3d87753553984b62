package e2e_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"smartlead_exporter/e2e/internal/programs"
)

// start starts a program, waits until the URL is answered with 200, and ends it with the test. Where the test failed,
// it shows the program's last words.
func start(t *testing.T, ready string, c programs.Command) *programs.Process {
	t.Helper()
	if c.Log == "" {
		c.Log = filepath.Join(t.TempDir(), "log")
	}
	p, err := programs.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !p.End() {
			t.Errorf("%s had to be killed", c.Name)
		}
		if t.Failed() {
			t.Logf("the last lines of %s:\n%s", c.Name, p.LogTail())
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := p.AwaitReady(ctx, ready); err != nil {
		t.Fatal(err)
	}
	return p
}

// await tries until it succeeds, and fails the test if it doesn't in time.
func await(t *testing.T, what string, try func() error) {
	t.Helper()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-ticker.C:
		case <-timeout.C:
			t.Fatalf("waited for %s of %s in vain: %v", patience, what, err)
		case <-t.Context().Done():
			t.Fatalf("%s: %v", what, err)
		}
	}
}

// freeAddress returns a loopback address on which nobody listens yet.
func freeAddress(t *testing.T) string {
	t.Helper()
	address, err := programs.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// write writes a file, with the folders that it needs, and returns its path.
func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// readFile returns the text of a file.
func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// read returns the text of a file of the repository.
func read(t *testing.T, path string) string {
	t.Helper()
	return readFile(t, filepath.Join(repository, filepath.FromSlash(path)))
}

// files returns the files of the repository that match a pattern, by their paths in it. There must be some.
func files(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(repository, filepath.FromSlash(pattern)))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files match %s: %v", pattern, err)
	}
	for i, path := range paths {
		paths[i] = strings.TrimPrefix(filepath.ToSlash(path), repository+"/")
	}
	return paths
}

// environment is that of the tests, without what would configure a program.
func environment(more ...string) []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "SMARTLEAD_") || strings.HasPrefix(v, "MAKE") || strings.HasPrefix(v, "MFLAGS=")
	})
	return append(env, more...)
}
