package exporter

import (
	"bytes"
	"io"
	"slices"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
)

// StandardLog returns what the standard library logs to by itself. It passes on a line up to the first quotation mark:
// net/http quotes there what a server sent that it wasn't asked for, which can be the URL of a request, with the key in it.
func StandardLog(logger log.Logger) io.Writer { return unquoted{logger} }

type unquoted struct{ logger log.Logger }

func (u unquoted) Write(line []byte) (int, error) {
	text, _, _ := bytes.Cut(line, []byte{'"'})
	_ = level.Warn(u.logger).Log("msg", "the HTTP client complains", "of", string(bytes.TrimSpace(text)))
	return len(line), nil
}

// OneForm returns a logger for lines of slog, in which they have the form of all others: the time's key is "ts", not "time",
// and stands before the caller.
func OneForm(logger log.Logger) log.Logger {
	return log.LoggerFunc(func(keyvals ...any) error {
		keyvals = slices.Clone(keyvals)
		caller := -1
		for i := 0; i+1 < len(keyvals); i += 2 {
			switch keyvals[i] {
			case "caller":
				caller = i
			case "time":
				keyvals[i] = "ts"
				if caller >= 0 {
					keyvals[caller], keyvals[i] = keyvals[i], keyvals[caller]
					keyvals[caller+1], keyvals[i+1] = keyvals[i+1], keyvals[caller+1]
				}
			}
		}
		return logger.Log(keyvals...)
	})
}
