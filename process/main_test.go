package process_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	// What the program is made of: go test keeps a result only as long as none of it changes.
	_ "smartlead_exporter/cachefile"
	_ "smartlead_exporter/collector"
	_ "smartlead_exporter/config"
	_ "smartlead_exporter/estimate"
	_ "smartlead_exporter/exporter"
	_ "smartlead_exporter/web"

	"smartlead_exporter/internal/testkit"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(exitCode int) {
		testkit.RemoveProgram()
		os.Exit(exitCode)
	}))
}
