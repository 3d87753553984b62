package reliability_test

import (
	"os"
	"runtime/debug"
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
