package process_test

import (
	"testing"

	"github.com/go-json-experiment/json"

	"smartlead_exporter/internal/testkit"
)

// What most tests look at, in short.
type page = testkit.Page

const none = testkit.None

var (
	parse = testkit.Parse
	sent  = testkit.Sent
	up    = testkit.Up
)

const (
	reloadSuccessful = "smartlead_exporter_config_last_reload_successful"
	reloadTime       = "smartlead_exporter_config_last_reload_success_timestamp_seconds"
)

// unmarshal reads JSON.
func unmarshal[T any](t testing.TB, text string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v, json.RejectUnknownMembers(true)); err != nil {
		t.Errorf("couldn't read %q: %v", text, err)
	}
	return v
}
