package main_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	exporter "smartlead_exporter"
)

// runAsProgram is the environment variable that makes the test binary the program, so that exit statuses, signals and
// what is written to stderr are real.
const runAsProgram = "TEST_RUNS_SMARTLEAD_EXPORTER"

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) {
	if os.Getenv(runAsProgram) != "" {
		exporter.Main() // doesn't return
	}
	goleak.VerifyTestMain(m)
}

// golden compares a text with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; go test . -run %s -update writes it", err, t.Name())
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s is different (-want +got); if the new one is right, go test . -update writes it:\n%s", path, diff)
	}
}
