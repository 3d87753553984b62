package exporter_test

import (
	"log/slog"
	"testing"

	sloggokit "github.com/tjhop/slog-gokit"

	"smartlead_exporter/exporter"
	"smartlead_exporter/internal/testkit"
)

// Lines of slog have the same key for the time as all others.
func TestOneForm(t *testing.T) {
	t.Parallel()
	var journal testkit.Journal
	slog.New(sloggokit.NewGoKitHandler(exporter.OneForm(&journal), slog.LevelInfo)).Info("Listening on", "address", "a")
	if line := journal.Take()[0]; line["ts"] == "" || line["time"] != "" || line["address"] != "a" || line["msg"] != "Listening on" {
		t.Errorf("the line is %v, want one with ts in place of time", line)
	}
}
