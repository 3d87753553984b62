package main_test

import (
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/exporter-toolkit/web"

	exporter "smartlead_exporter"
)

func TestHealthFlag(t *testing.T) {
	running := start(t, launch{args: []string{"--demo"}})
	flag := "--web.listen-address=" + strings.TrimPrefix(running.url, "http://")

	healthy := run(t, launch{args: []string{"--health", flag}})
	if status := healthy.wait(); status != 0 || healthy.stdout.String() != "" || healthy.stderr.String() != "" {
		t.Errorf("while it runs: status %d, said %s%s", status, healthy.stdout, healthy.stderr)
	}

	running.signal(os.Interrupt)
	running.wait()
	unhealthy := run(t, launch{args: []string{"--health", flag}})
	if status := unhealthy.wait(); status != 1 {
		t.Errorf("once it has ended: status %d, want 1", status)
	}
	if said := unhealthy.stderr.String(); !strings.HasPrefix(said, "couldn't reach "+running.url+"/-/healthy: ") || strings.Count(said, "\n") != 1 {
		t.Errorf("once it has ended, said: %s", said)
	}
}

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
		{"a book", http.StatusInternalServerError, strings.Repeat("x", 10_000), strings.Repeat("x", exporter.MaxHealthAnswer) + `"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server := httptest.NewServer(healthyHandler(t, tc.status, tc.body))
			defer server.Close()

			err := exporter.CheckHealth(t.Context(), healthFlags("", server.Listener.Addr().String()))
			checkHealthError(t, err, tc.wantErr)
		})
	}
}

func TestCheckHealthByTLS(t *testing.T) {
	server := httptest.NewTLSServer(healthyHandler(t, http.StatusOK, "healthy\n"))
	defer server.Close()
	address := server.Listener.Addr().String()

	err := exporter.CheckHealth(t.Context(), healthFlags(webConfig(t, "tls_server_config: {cert_file: a, key_file: b}"), address))
	checkHealthError(t, err, "")

	err = exporter.CheckHealth(t.Context(), healthFlags(webConfig(t, "basic_auth_users: {a: b}"), address))
	checkHealthError(t, err, "answers 400 Bad Request")
}

func TestCheckHealthWhereClientCertificatesAreWanted(t *testing.T) {
	server := newMutualTLSServer(t, healthyHandler(t, http.StatusOK, "healthy\n"))

	err := exporter.CheckHealth(t.Context(), healthFlags(webConfig(t, "tls_server_config: {client_auth_type: RequireAnyClientCert}"), server))
	checkHealthError(t, err, "")
}

func TestCheckHealthOfNobody(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	address := server.Listener.Addr().String()
	server.Close()

	err := exporter.CheckHealth(t.Context(), healthFlags("", address))
	checkHealthError(t, err, "couldn't reach http://"+address+"/-/healthy: ")
}

func TestHealthURL(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.yml")
	for _, tc := range []struct {
		name    string
		listen  []string
		file    string
		want    string
		wantErr string
	}{
		{"every address", []string{":10045"}, "", "http://127.0.0.1:10045/-/healthy", ""},
		{"every IPv4 address", []string{"0.0.0.0:10045"}, "", "http://127.0.0.1:10045/-/healthy", ""},
		{"every IPv6 address", []string{"[::]:10045"}, "", "http://[::1]:10045/-/healthy", ""},
		{"one address", []string{"192.0.2.1:80"}, "", "http://192.0.2.1:80/-/healthy", ""},
		{"one IPv6 address", []string{"[2001:db8::1]:80"}, "", "http://[2001:db8::1]:80/-/healthy", ""},
		{"a name", []string{"localhost:10045"}, "", "http://localhost:10045/-/healthy", ""},
		{"the first of several", []string{"127.0.0.1:1", "127.0.0.1:2"}, "", "http://127.0.0.1:1/-/healthy", ""},
		{"the first by TCP", []string{"vsock://:9100", ":10045"}, "", "http://127.0.0.1:10045/-/healthy", ""},
		{"TLS", []string{":10045"}, webConfig(t, "tls_server_config: {cert_file: a}"), "https://127.0.0.1:10045/-/healthy", ""},
		{"basic authentication alone", []string{":10045"}, webConfig(t, "basic_auth_users: {a: b}"), "http://127.0.0.1:10045/-/healthy", ""},
		{"none by TCP", []string{"vsock://:9100"}, "", "", "a health check wants a host and a port"},
		{"no port", []string{"localhost"}, "", "", "--web.listen-address=localhost: a health check wants"},
		{"no such file", []string{":10045"}, missing, "", "couldn't read --web.config.file: open " + missing},
		{"no configuration", []string{":10045"}, webConfig(t, "basic_auth_users: s3cret"), "", "it isn't a web configuration"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := exporter.HealthURL(tc.listen, tc.file)
			checkHealthError(t, err, tc.wantErr)
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
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

func healthFlags(webConfigFile string, listen ...string) *web.FlagConfig {
	return &web.FlagConfig{WebListenAddresses: &listen, WebConfigFile: &webConfigFile}
}

func webConfig(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "web.yml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
