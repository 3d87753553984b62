package exporter

import (
	"bytes"
	"io"

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
