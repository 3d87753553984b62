// Package programs finds the pinned programs around the exporter, starts them, and ends them.
package programs

import (
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Program is one that tools/ pins and make builds.
type Program struct {
	name   string
	module string // that it comes from
	pin    string // the go.mod that has its version, from the repository's root
}

// The programs.
var (
	Prometheus   = Program{"prometheus", "github.com/prometheus/prometheus", "tools/prometheus/go.mod"}
	Promtool     = Program{"promtool", "github.com/prometheus/prometheus", "tools/prometheus/go.mod"}
	Alertmanager = Program{"alertmanager", "github.com/prometheus/alertmanager", "tools/alertmanager/go.mod"}
	Amtool       = Program{"amtool", "github.com/prometheus/alertmanager", "tools/alertmanager/go.mod"}
)

// Installation is where programs and their pins are.
type Installation struct {
	Repository string // the root of the checkout
	ToolsDir   string // what make calls TOOLS_DIR
}

// Pin returns the version of p's module that the repository asks for, such as v0.315.0.
func (i Installation) Pin(p Program) (string, error) {
	file := filepath.Join(i.Repository, filepath.FromSlash(p.pin))
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("couldn't read which %s is wanted: %w", p.name, err)
	}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require ")); len(words) >= 2 && words[0] == p.module {
			return words[1], nil
		}
	}
	return "", fmt.Errorf("%s doesn't pin %s", file, p.module)
}

// Path returns the absolute path of p. It returns an error that says what to do if p is missing, or isn't the version
// that is pinned.
func (i Installation) Path(p Program) (string, error) {
	pin, err := i.Pin(p)
	if err != nil {
		return "", err
	}
	path, err := filepath.Abs(filepath.Join(i.ToolsDir, "bin", p.name))
	if err != nil {
		return "", err
	}
	const remedy = "run make tools, or set TOOLS_DIR to where they are"
	found, err := exec.LookPath(path)
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("%s is missing: %s", path, remedy)
	}
	if err != nil {
		return "", fmt.Errorf("%s can't be run (%w): remove it and %s", path, err, remedy)
	}
	info, err := buildinfo.ReadFile(found)
	if err != nil {
		return "", fmt.Errorf("%s doesn't tell its version (%w): remove it and %s", found, err, remedy)
	}
	if info.Main.Path != p.module || info.Main.Version != pin {
		return "", fmt.Errorf("%s is %s %s, but %s pins %s %s: remove it and %s",
			found, info.Main.Path, info.Main.Version, p.pin, p.module, pin, remedy)
	}
	return found, nil
}
