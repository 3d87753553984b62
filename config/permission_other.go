//go:build !(linux || darwin || freebsd || netbsd || openbsd)

package config

import "io/fs"

// writable leaves it to writing to find out.
func writable(string) error { return nil }

// exposed can't be told from a mode here.
func exposed(fs.FileInfo) bool { return false }
