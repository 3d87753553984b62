package exporter_test

import (
	"bytes"
	"log/slog"
	"regexp"
	"testing"

	"github.com/go-kit/log"
	sloggokit "github.com/tjhop/slog-gokit"

	"smartlead_exporter/exporter"
	"smartlead_exporter/internal/testkit"
)

// Lines of slog have the same form as all others: the level, the time, the caller, and what there is to say.
func TestOneForm(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	slogger := slog.New(sloggokit.NewGoKitHandler(exporter.OneForm(log.NewLogfmtLogger(&text)), slog.LevelInfo))
	slogger.Info("Listening on", "address", "a")
	form := regexp.MustCompile(`^level=info ts=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.?\d*Z caller=stdlog_form_test.go:\d+ msg="Listening on" address=a\n$`)
	if !form.Match(text.Bytes()) {
		t.Errorf("the line is %q", &text)
	}
	var journal testkit.Journal
	slog.New(sloggokit.NewGoKitHandler(exporter.OneForm(&journal), slog.LevelInfo)).Info("Listening on", "address", "a")
	if line := journal.Take()[0]; line["ts"] == "" || line["time"] != "" || line["address"] != "a" || line["msg"] != "Listening on" {
		t.Errorf("the line is %v, want one with ts in place of time", line)
	}
}
