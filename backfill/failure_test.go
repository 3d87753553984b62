package backfill_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"smartlead_exporter/backfill"
	"smartlead_exporter/internal/testkit"
)

// Where a campaign fails, the others are had, no history is written, and the next run asks for that campaign alone.
func TestFailedCampaign(t *testing.T) {
	t.Parallel()
	w := newWorld(t, living(1, nil), living(2, nil), living(3, nil))
	const settings = "campaigns: [1, 2, 3]"
	want, _ := write(t, flags(t, nil), settings, w)

	f := flags(t, nil)
	o, logged := options(t, f, settings, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/2/") {
			http.Error(rw, `{"message":"no"}`, http.StatusBadRequest)
			return
		}
		w.ServeHTTP(rw, r)
	}))
	err := backfill.Run(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "run the same command again") {
		t.Errorf("got %v, want a remedy", err)
	}
	if testkit.CountLines(logged.String(), "a campaign failed") != 1 || strings.Contains(logged.String(), "the-key") {
		t.Errorf("the log is %s", logged)
	}
	if _, err := os.Stat(f.File); err == nil {
		t.Error("there is a history without a campaign")
	}
	before := len(w.Requests())
	got, _ := write(t, f, settings, w)
	if got != want {
		t.Error("the history differs from that of one go")
	}
	for _, r := range w.Requests()[before:] {
		if !strings.Contains(r.Path, "/2/") {
			t.Errorf("%s was asked for again", r.Path)
		}
	}
}
