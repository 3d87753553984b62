package process_test

import (
	"flag"
	"os"
	"testing"

	"go.uber.org/goleak"

	"smartlead_exporter/internal/testkit"
)

func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "4"); err != nil { // they wait, mostly; the command line may say otherwise
		panic(err)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(exitCode int) {
		testkit.RemoveProgram()
		os.Exit(exitCode)
	}))
}
