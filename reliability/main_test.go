package reliability_test

import (
	"flag"
	"os"
	"testing"

	"go.uber.org/goleak"
)

var update = flag.Bool("update", false, "write the table in docs/reliability.md anew")

// buildDir is where the program is built, for tests that run it; "" if none has.
var buildDir string

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(exitCode int) {
		if buildDir != "" {
			_ = os.RemoveAll(buildDir)
		}
		os.Exit(exitCode)
	}))
}
