package exporter

import (
	"io"
	"log/slog"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	sloggokit "github.com/tjhop/slog-gokit"
)

// lastWords is how long the end of the program waits for a log whose reader stalls.
const lastWords = time.Second

// NewLogger returns the logger for everything, from a level on and in the form logfmt or json, and the same as
// exporter-toolkit wants it, which adds its own time and caller. Nobody who logs waits for w; flush does, if not for ever.
func NewLogger(w io.Writer, lowest, format string) (logger log.Logger, slogger *slog.Logger, flush func()) {
	writer := NewLogWriter(w, func(lines int) {
		_ = level.Warn(logger).Log("msg", "lines were left out, since the log didn't take them", "lines", lines)
	})
	logger = log.NewLogfmtLogger(writer)
	if format == "json" {
		logger = log.NewJSONLogger(writer)
	}
	logger = level.NewFilter(logger, level.Allow(level.ParseDefault(lowest, level.InfoValue())))
	var slogLevel slog.Level
	_ = slogLevel.UnmarshalText([]byte(lowest)) // one of the four, which slog names alike
	slogger = slog.New(sloggokit.NewGoKitHandler(OneForm(logger), slogLevel))
	logger = log.With(logger, "ts", log.DefaultTimestampUTC, "caller", log.DefaultCaller)
	return logger, slogger, func() { writer.Flush(lastWords) }
}
