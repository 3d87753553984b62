// Package deploy_test checks what stands in deploy and has no tool of its own that does.
package deploy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"smartlead_exporter/config"
)

// TestConfigurations loads each configuration that is shipped, with a key where it expects one.
func TestConfigurations(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "api_key")
	if err := os.WriteFile(key, []byte("a-key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SMARTLEAD_API_KEY", "a-key")
	keyFile := regexp.MustCompile(`(api_key_file: )\S+`)
	cacheFile := regexp.MustCompile(`(\sfile: )\S+`)
	for _, path := range []string{
		"image/config.yml",
		"kubernetes/example/config.yml",
		"kubernetes/exporter/config.yml",
		"systemd/config.yml",
	} {
		t.Run(path, func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			text = cacheFile.ReplaceAll(keyFile.ReplaceAll(text, []byte("${1}"+key)), []byte("${1}"+filepath.Join(dir, "cache")))
			cfg, err := config.Parse(filepath.Join(dir, "config.yml"), text)
			if err != nil {
				t.Fatal(err)
			}
			if len(cfg.Warnings) > 0 {
				t.Errorf("warnings: %v", cfg.Warnings)
			}
			if cfg.Accounts[0].Discovery == nil {
				t.Error("it exports no campaigns of its reader's")
			}
		})
	}
}
