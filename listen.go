package main

import (
	"errors"
	"fmt"
	"net"
)

// listenError names the flag where an address can't be listened on.
func listenError(err error) error {
	if failed, ok := errors.AsType[*net.OpError](err); ok && failed.Op == "listen" {
		return fmt.Errorf("--web.listen-address: write a free address, such as :10045: %w", err)
	}
	return err
}
