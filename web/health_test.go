package web_test

import (
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	toolkit "github.com/prometheus/exporter-toolkit/web"

	"smartlead_exporter/web"
)

func TestCheckHealth(t *testing.T) {
	for _, tc := range []struct {
		name    string
		status  int
		body    string
		wantErr string // empty: healthy
	}{
		{"healthy", http.StatusOK, "healthy\n", ""},
		{"behind basic authentication", http.StatusUnauthorized, "Unauthorized\n", ""},
		{"unhealthy", http.StatusServiceUnavailable, "ending\n", `/-/healthy answers 503 Service Unavailable: "ending"`},
		{"something else", http.StatusNotFound, "<html>", `/-/healthy answers 404 Not Found: "<html>"`},
		{"sent elsewhere", http.StatusFound, "", "answers 302 Found"},
		{"a book", http.StatusInternalServerError, strings.Repeat("x", 10_000), strings.Repeat("x", 512) + `"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server := httptest.NewServer(healthyHandler(t, tc.status, tc.body))
			defer server.Close()

			err := web.CheckHealth(t.Context(), healthFlags("", server.Listener.Addr().String()))
			checkHealthError(t, err, tc.wantErr)
		})
	}
}

func TestCheckHealthByTLS(t *testing.T) {
	server := httptest.NewTLSServer(healthyHandler(t, http.StatusOK, "healthy\n"))
	defer server.Close()
	address := server.Listener.Addr().String()

	err := web.CheckHealth(t.Context(), healthFlags(webConfig(t, "tls_server_config: {cert_file: a, key_file: b}"), address))
	checkHealthError(t, err, "")

	err = web.CheckHealth(t.Context(), healthFlags(webConfig(t, "basic_auth_users: {a: b}"), address))
	checkHealthError(t, err, "answers 400 Bad Request")
}

func TestCheckHealthWhereClientCertificatesAreWanted(t *testing.T) {
	server := newMutualTLSServer(t, healthyHandler(t, http.StatusOK, "healthy\n"))

	err := web.CheckHealth(t.Context(), healthFlags(webConfig(t, "tls_server_config: {client_auth_type: RequireAnyClientCert}"), server))
	checkHealthError(t, err, "")
}

func TestCheckHealthOfNobody(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	address := server.Listener.Addr().String()
	server.Close()

	err := web.CheckHealth(t.Context(), healthFlags("", address))
	checkHealthError(t, err, "couldn't reach http://"+address+"/-/healthy: ")
}

func checkHealthError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Fatal(err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Fatalf("got error %v, want one with %q", err, want)
	case err != nil && (strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "s3cret")):
		t.Fatalf("an error of several lines, or with a secret: %v", err)
	}
}

func healthyHandler(t *testing.T, status int, body string) http.Handler {
	t.Helper()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/-/healthy" {
			t.Errorf("was asked %s %s", r.Method, r.URL)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})
}

// newMutualTLSServer serves to those alone who have a certificate, and returns its address.
func newMutualTLSServer(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // Whoever has none is told to the log.
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func healthFlags(webConfigFile string, listen ...string) *toolkit.FlagConfig {
	return &toolkit.FlagConfig{WebListenAddresses: &listen, WebConfigFile: &webConfigFile}
}

func webConfig(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "web.yml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
