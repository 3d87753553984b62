package process_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"smartlead_exporter/smartlead/simulator"
)

// reference is an example of the API's reference, to the letter.
func reference(t testing.TB, name string) simulator.Effect {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("..", "smartlead", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return simulator.Respond(simulator.Answer{
		Name: name, Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: string(body),
	})
}

// keyInEnv configures the key of accounts that don't say where theirs is.
func keyInEnv(key string) []string { return []string{"SMARTLEAD_API_KEY=" + key} }
