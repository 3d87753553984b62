package testkit

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// Program builds the exporter, once, with the race detector if the tests have it, and returns the binary. RemoveProgram is
// to be called in the end.
//
// A result that go test has cached counts for the same binary only: Program looks at each source file of the program that
// the test binary doesn't hold, which go test takes note of.
var Program = sync.OnceValues(func() (path string, err error) {
	out, err := exec.CommandContext(context.Background(), "go", "list", "-f", "{{.Dir}}", "smartlead_exporter").Output()
	if err != nil {
		return "", fmt.Errorf("couldn't find the exporter's source: %w", err)
	}
	root := string(out[:len(out)-1])
	sources, err := filepath.Glob(filepath.Join(root, "*.go"))
	if err != nil {
		return "", err
	}
	for _, source := range sources {
		if _, err := os.ReadFile(source); err != nil {
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
