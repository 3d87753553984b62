//go:build unix

package cachefile_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"smartlead_exporter/cachefile"
)

// A pipe has no end: nothing waits for one, and none is removed, wherever it stands.
func TestPipesAreRefused(t *testing.T) {
	for _, suffix := range []string{"", ".new"} {
		t.Run("at "+suffix, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "cache")
			if err := syscall.Mkfifo(path+suffix, 0o600); err != nil {
				t.Skip(err)
			}
			if err := cachefile.Check(path); err == nil || !strings.Contains(err.Error(), path+suffix) {
				t.Errorf("the check says %v, want the pipe to be refused by its name", err)
			}
			if suffix != "" {
				if err := cachefile.Save(path, cachefile.Memory{}); err == nil || !strings.Contains(err.Error(), path+suffix) {
					t.Errorf("saving says %v, want the pipe to be refused by its name", err)
				}
			}
			if info, err := os.Lstat(path + suffix); err != nil || info.Mode().IsRegular() {
				t.Errorf("the pipe is gone: %v, %v", info, err)
			}
		})
	}
}
