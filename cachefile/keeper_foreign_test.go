package cachefile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"smartlead_exporter/cachefile"
	"smartlead_exporter/collector"
	"smartlead_exporter/internal/testkit"
)

// A file that is of no use is told of and put aside, whether it is there at the start or where a reload leads to.
// Nothing is lost of it, and it isn't fatal.
func TestKeeperPutsAside(t *testing.T) {
	good := func(t *testing.T) string {
		path := filepath.Join(t.TempDir(), "cache")
		k := keep(t)
		k.mustConfigure(path, 1, 2)
		k.fetch()
		k.Save()
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	change := func(old, replacement string) func(*testing.T) string {
		return func(t *testing.T) string {
			content := good(t)
			if !strings.Contains(content, old) {
				t.Fatalf("%s isn't in the file", old)
			}
			return strings.Replace(content, old, replacement, 1)
		}
	}
	for name, tt := range map[string]struct {
		content func(*testing.T) string
		want    string // in the log
	}{
		"empty":           {func(*testing.T) string { return "" }, "isn't a cache file"},
		"cut off":         {func(t *testing.T) string { s := good(t); return s[:len(s)-10] }, "damaged or cut off"},
		"damaged":         {change(`"Sent":1`, `"Sent":7`), "damaged or cut off"},
		"another version": {change(`"version":2`, `"version":3`), "of version 3"},
	} {
		for _, at := range []string{"start", "reload", "reload without a file before"} {
			t.Run(name+" at "+at, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					dir := t.TempDir()
					path := filepath.Join(dir, "cache")
					content := tt.content(t)
					if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
						t.Fatal(err)
					}
					k := keep(t)
					switch at {
					case "reload":
						k.mustConfigure(filepath.Join(dir, "before"), 1)
					case "reload without a file before":
						k.mustConfigure("", 1)
					}
					k.mustConfigure(path, 1)
					if got := k.log.Count(tt.want); got != 1 || k.log.Count("moved_to="+path+".ignored") != 1 {
						t.Errorf("no line says %q and where the file is:\n%s", tt.want, k.log)
					}
					aside, err := os.ReadFile(path + ".ignored")
					if err != nil || string(aside) != content {
						t.Errorf("what was put aside is %q (%v), want %q", aside, err, content)
					}
					if states := k.store.Snapshot()[0].Campaigns; states[0].State != collector.StateNever {
						t.Errorf("something of it was believed: %+v", states)
					}
					k.fetch()
					k.Save()
					wantFetched(t, "after the first fetch", path, 1)
				})
			})
		}
	}
}

// Where a file of another version can't be put aside, it stays what it is.
func TestKeeperNeverOverwritesWhatIsOfNoUse(t *testing.T) {
	const content = `{"format":"smartlead_exporter cache","version":99}` + "\n"
	dir := testkit.Write(t, map[string]string{"cache": content})
	path := filepath.Join(dir, "cache")
	if err := os.MkdirAll(filepath.Join(path+".ignored", "inside"), 0o700); err != nil { // which no file can take the place of
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		k := keep(t)
		k.mustConfigure(path, 1)
		k.fetch()
		k.Save()
		if got, err := os.ReadFile(path); err != nil || string(got) != content {
			t.Errorf("the file is %q (%v), want %q", got, err, content)
		}
		if k.log.Count("of version 99") != 1 || k.log.Count("nothing is kept") != 1 {
			t.Errorf("the log doesn't tell that nothing is kept:\n%s", k.log)
		}

		// Once there is room for it, the next reload moves it.
		if err := os.RemoveAll(path + ".ignored"); err != nil {
			t.Fatal(err)
		}
		k.mustConfigure(path, 1)
		k.Save()
		wantFetched(t, "after the reload", path, 1)
		if got, err := os.ReadFile(path + ".ignored"); err != nil || string(got) != content {
			t.Errorf("what was put aside is %q (%v), want %q", got, err, content)
		}
	})
}

// Nothing is taken away beside the file either: what stands where it is written before it takes its place, and where one of
// no use is put, is somebody's unless it begins as ours.
func TestForeignFilesBesidesAreKept(t *testing.T) {
	for _, suffix := range []string{".new", ".ignored"} {
		for name, content := range map[string]string{"notes": "my notes\n", "a key": "8f2c", "JSON": `{"format":"something else"}`} {
			t.Run(name+" at "+suffix, func(t *testing.T) {
				dir := testkit.Write(t, map[string]string{
					"cache": `{"format":"smartlead_exporter cache","version":99}` + "\n", "cache" + suffix: content,
				})
				path := filepath.Join(dir, "cache")
				synctest.Test(t, func(t *testing.T) {
					k := keep(t)
					if err := k.configure(path, 1); err == nil {
						k.fetch()
						k.Begin()
						k.Save()
						k.End()
					} else if !strings.Contains(err.Error(), path+suffix) {
						t.Errorf("got %v, want the file to be refused by its name", err)
					}
					if got, err := os.ReadFile(path + suffix); err != nil || string(got) != content {
						t.Errorf("%s holds %q (%v), want what it held", suffix, got, err)
					}
				})
				if err := cachefile.CheckSetting(path); suffix == ".new" && (err == nil || !strings.Contains(err.Error(), path+suffix)) {
					t.Errorf("the check says %v, want the file to be refused by its name", err)
				}
			})
		}
	}
	t.Run("at .new since the start", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "cache")
		synctest.Test(t, func(t *testing.T) {
			k := keep(t)
			k.mustConfigure(path, 1)
			k.fetch()
			if err := os.WriteFile(path+".new", []byte("my notes"), 0o600); err != nil {
				t.Fatal(err)
			}
			k.Save()
			if got, err := os.ReadFile(path + ".new"); err != nil || string(got) != "my notes" {
				t.Errorf("it holds %q (%v), want what it held", got, err)
			}
			if _, err := k.Failing(); err == nil || !strings.Contains(err.Error(), path+".new") {
				t.Errorf("got %v, want it to be told which file is in the way", err)
			}
		})
	})
}
