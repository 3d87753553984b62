package programs

import "syscall"

// attributes keeps the terminal's Ctrl-C from the program, as whoever started it ends it, and ends it with this process
// however that ends.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// EndWithParent has this process told to end when the one that started it is gone, however that ended.
func EndWithParent() {
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_PDEATHSIG, uintptr(syscall.SIGTERM), 0)
}
