package main

import (
	"bytes"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
)

// unquoted takes in what the standard library logs by itself and passes it on up to the first quotation mark: net/http
// quotes there what a server sent that it wasn't asked for, which can be the URL of a request, with the key in it.
type unquoted struct{ logger log.Logger }

func (u unquoted) Write(line []byte) (int, error) {
	text, _, _ := bytes.Cut(line, []byte{'"'})
	_ = level.Warn(u.logger).Log("msg", "the HTTP client complains", "of", string(bytes.TrimSpace(text)))
	return len(line), nil
}
