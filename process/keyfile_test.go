package process_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead/simulator"
)

const (
	unauthorized = `smartlead_exporter_refresh_failures_total{account="default",reason="unauthorized"}`
	asked200     = `smartlead_exporter_api_requests_total{account="default",code="200"}`
	asked401     = `smartlead_exporter_api_requests_total{account="default",code="401"}`
)

// rotations are how the content of a key file changes.
var rotations = map[string]struct {
	prepare func(t testing.TB, path, key string)
	rotate  func(t testing.TB, path, key string)
}{
	"a new file in its place": {testkit.Overwrite, testkit.Overwrite},
	"written in place": {testkit.Overwrite, func(t testing.TB, path, key string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(key), 0o600); err != nil {
			t.Fatal(err)
		}
	}},
	// As Kubernetes does: the file is a link through a directory that is exchanged as a whole.
	"a link to another directory": {
		func(t testing.TB, path, key string) {
			t.Helper()
			exchange(t, path, "..first", key)
			if err := os.Symlink(filepath.Join("..data", "key"), path); err != nil {
				t.Fatal(err)
			}
		},
		func(t testing.TB, path, key string) {
			t.Helper()
			exchange(t, path, "..second", key)
		},
	},
}

// exchange makes a directory with a key, and ..data a link to it.
func exchange(t testing.TB, path, name, key string) {
	t.Helper()
	dir := filepath.Dir(path)
	if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
		t.Fatal(err)
	}
	testkit.Overwrite(t, filepath.Join(dir, name, "key"), key)
	data := filepath.Join(dir, "..data")
	if err := os.Symlink(name, data+".new"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(data+".new", data); err != nil {
		t.Fatal(err)
	}
}

// A key that changes in its file is used by the next request, without a reload; and an account whose key was refused,
// which would wait for a minute, asks again at once.
func TestKeyFileChanges(t *testing.T) {
	t.Parallel()
	for name, rotation := range rotations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := testkit.StartAPI(t, simulator.Options{Keys: []string{"second"}, Campaigns: []simulator.Campaign{testkit.Aggregated(1, 10)}})
			path := filepath.Join(t.TempDir(), "key")
			rotation.prepare(t, path, "first\n")
			p := startWith(t, api, "accounts: [{base_url: API, metadata_interval: 0s, api_key_file: "+path+", campaigns: [1]}]")
			p.scrape().Want(t, "with a wrong key", page{up(1): 0, sent(1, 1): none, unauthorized: 1, asked401: 1})
			p.scrape().Want(t, "again", page{up(1): 0, unauthorized: 1, asked401: 1}) // without asking
			rotation.rotate(t, path, "second\n")
			p.scrape().Want(t, "with the right key", page{up(1): 1, sent(1, 1): 10, unauthorized: 1, asked401: 1, asked200: 1})
		})
	}
}

// A key file that can't be read is a failure to be counted, not the end.
func TestKeyFileGone(t *testing.T) {
	t.Parallel()
	api := testkit.StartAPI(t, simulator.Options{Campaigns: []simulator.Campaign{testkit.Aggregated(1, 10)}})
	dir := testkit.Write(t, map[string]string{
		"key":        testkit.Key,
		"config.yml": api.Configure("accounts: [{base_url: API, metadata_interval: 0s, api_key_file: key, campaigns: [1]}]"),
	})
	p := start(t, launch{dir: dir})
	if err := os.Remove(filepath.Join(dir, "key")); err != nil {
		t.Fatal(err)
	}
	if r := p.get("/metrics"); r.status != http.StatusOK {
		t.Errorf("status %d, want 200", r.status)
	}
	p.scrape().Want(t, "without a file", page{up(1): 0, unauthorized: 1, asked200: 0})
	testkit.Overwrite(t, filepath.Join(dir, "key"), "")
	p.scrape().Want(t, "with an empty one", page{up(1): 0, unauthorized: 1, asked200: 0})
	testkit.Overwrite(t, filepath.Join(dir, "key"), testkit.Key)
	p.scrape().Want(t, "with one that is good", page{up(1): 1, sent(1, 1): 10, asked200: 1})
}
