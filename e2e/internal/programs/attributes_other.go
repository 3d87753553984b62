//go:build !linux

package programs

import "syscall"

// attributes keeps the terminal's Ctrl-C from the program, as whoever started it ends it.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}

// EndWithParent does nothing where the system has no such offer.
func EndWithParent() {}
