package process_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"smartlead_exporter/internal/testkit"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(exitCode int) {
		testkit.RemoveProgram()
		os.Exit(exitCode)
	}))
}
