package reliability_test

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

var update = flag.Bool("update", false, "write the table in docs/reliability.md anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
