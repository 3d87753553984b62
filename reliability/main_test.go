package reliability_test

import (
	"flag"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"smartlead_exporter/internal/testkit"
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // simulated weeks make much garbage and keep little; it saves a fifth of the time
	goleak.VerifyTestMain(m, goleak.Cleanup(func(exitCode int) {
		testkit.RemoveProgram()
		os.Exit(exitCode)
	}))
}

// askedFor reports whether -test.run names one of these tests. Among all tests long ones do a part of what they do then.
func askedFor(names ...string) bool {
	run := flag.Lookup("test.run").Value.String()
	return slices.ContainsFunc(names, func(name string) bool { return strings.Contains(run, name) })
}

// wholeMatrix reports whether all cells of the matrices are to be run, or a sixth of the faults.
func wholeMatrix() bool { return askedFor("FaultMatrix", "FaultsOfSubjects") }

// isInPart reports whether a fault belongs to the part of a matrix that is run, by its place in the list.
func isInPart(place int) bool { return wholeMatrix() || place%6 == 0 }
