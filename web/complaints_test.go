package web_test

import (
	"testing"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/web"
)

// What net/http complains of is logged as it is, with no caller but the logger's own.
func TestComplaintsOfConnections(t *testing.T) {
	t.Parallel()
	h := handle(t, defaults(), testkit.NewFetcher(), 1)
	var log testkit.Journal
	server := web.NewServer(&log, h.Handler)
	const complaint = "http: TLS handshake error from 127.0.0.1:1234: EOF"
	server.ErrorLog.Print(complaint)
	if line := log.Take()[0]; line["msg"] != complaint || line["level"] != "warn" || line["caller"] != "" || line["file"] != "" {
		t.Errorf("the line is %v, want %q", line, complaint)
	}
}
