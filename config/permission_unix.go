//go:build linux || darwin || freebsd || netbsd || openbsd

package config

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// writable returns why files can't be made in a directory, as far as that can be told without making one.
func writable(dir string) error {
	const write, search = 2, 1
	return syscall.Access(filepath.Clean(dir), write|search)
}

// exposed reports whether a file can be read, or written, by users that have no need to. A group is one if the file is
// the exporter's own; where it is root's, as secrets are that a system mounts, it is by the group that we can read it.
func exposed(info fs.FileInfo) bool {
	mode := info.Mode().Perm()
	if mode&0o007 != 0 || mode&0o020 != 0 {
		return true
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	return mode&0o070 != 0 && (!ok || int(owner.Uid) == os.Geteuid())
}
