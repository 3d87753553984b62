package testkit

import (
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Updating reports whether the flag -update is set: what tests compare with files is to be written into them instead.
func Updating() bool { return *update }

// Golden compares a text with a file in the folder testdata of the package under test. With the flag -update it writes the
// file instead.
func Golden(t testing.TB, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; go test -run %s -update writes it", err, t.Name())
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s is different (-want +got); if the new one is right, go test -update writes it:\n%s", path, diff)
	}
}

// Write puts files into a new directory, which ends with the test, and returns it.
func Write(t testing.TB, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		Overwrite(t, filepath.Join(dir, name), files[name])
	}
	return dir
}

// Overwrite writes a file the way editors and orchestrators do, so that nobody reads half of it.
func Overwrite(t testing.TB, path, text string) {
	t.Helper()
	temporary := path + ".new"
	err := errors.Join(os.WriteFile(temporary, []byte(text), 0o600), os.Rename(temporary, path))
	if err != nil {
		t.Fatal(err)
	}
}
