package programs

import "syscall"

// attributes keeps the terminal's Ctrl-C from the program, as whoever started
// it ends it, and ends it with this process however that ends.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
