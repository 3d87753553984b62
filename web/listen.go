package web

import (
	"errors"
	"fmt"
	"net"
)

// ListenError names the flag where an address can't be listened on; other errors are returned as they are.
func ListenError(err error) error {
	if failed, ok := errors.AsType[*net.OpError](err); ok && failed.Op == "listen" {
		return fmt.Errorf("--web.listen-address: write a free address, such as :10045: %w", err)
	}
	return err
}
