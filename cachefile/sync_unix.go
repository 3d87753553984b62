//go:build unix

package cachefile

import (
	"errors"
	"os"
)

// syncDirectory puts a rename on the disk.
func syncDirectory(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
