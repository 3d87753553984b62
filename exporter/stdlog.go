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

// OneForm returns a logger for lines whose time has the key "time", as slog's have: it is "ts", as in all other lines.
func OneForm(logger log.Logger) log.Logger {
	return log.LoggerFunc(func(keyvals ...any) error {
		keyvals = slices.Clone(keyvals)
		for i := 0; i+1 < len(keyvals); i += 2 {
			if key, ok := keyvals[i].(string); ok && key == "time" {
				keyvals[i] = "ts"
			}
		}
		return logger.Log(keyvals...)
	})
}
