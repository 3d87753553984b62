package testkit

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// Program builds the exporter, once, with the race detector if the tests have it, and returns the binary. RemoveProgram is
// to be called in the end.
//
// It looks at all folders that the program is made of, for go test to take note: a result that it keeps counts for the same
// files only.
var Program = sync.OnceValues(func() (path string, err error) {
	own := "{{with .Module}}{{if .Main}}{{$.Dir}}{{end}}{{end}}"
	folders, err := exec.CommandContext(context.Background(), "go", "list", "-deps", "-f", own, "smartlead_exporter").Output()
	if err != nil {
		return "", fmt.Errorf("couldn't find the exporter's source: %w", err)
	}
	for folder := range strings.Lines(string(folders)) {
		if _, err := os.ReadDir(strings.TrimSpace(folder)); err != nil {
			return "", err
		}
	}
	if programDir, err = os.MkdirTemp("", "smartlead_exporter"); err != nil {
		return "", err
	}
	path = filepath.Join(programDir, "smartlead_exporter")
	arguments := append([]string{"build", "-o", path}, buildFlags...)
	//nolint:gosec // The arguments are those above.
	build := exec.CommandContext(context.Background(), "go", append(arguments, "smartlead_exporter")...)
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("couldn't build the exporter: %w: %s", err, out)
	}
	return path, nil
})

var programDir string

// RemoveProgram removes what Program built, if it did.
func RemoveProgram() {
	if programDir != "" {
		_ = os.RemoveAll(programDir) // it is the operating system's folder for what nobody misses
	}
}
