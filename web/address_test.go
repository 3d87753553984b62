package web_test

import (
	"path/filepath"
	"testing"

	"smartlead_exporter/web"
)

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
			got, err := web.HealthURL(tc.listen, tc.file)
			checkHealthError(t, err, tc.wantErr)
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestBrowserURL(t *testing.T) {
	for _, tc := range []struct {
		listen []string
		tls    bool
		path   string
		want   string
	}{
		{[]string{":10045"}, false, "/metrics", "http://localhost:10045/metrics"},
		{[]string{"0.0.0.0:80"}, false, "/metrics", "http://localhost:80/metrics"},
		{[]string{"[::]:80"}, false, "/metrics", "http://localhost:80/metrics"},
		{[]string{"10.1.2.3:80"}, false, "/metrics", "http://10.1.2.3:80/metrics"},
		{[]string{"[::1]:80", ":81"}, false, "/metrics", "http://[::1]:80/metrics"},
		{[]string{":10045"}, false, "/numbers", "http://localhost:10045/numbers"},
		{[]string{":10045"}, true, "/metrics", "https://localhost:10045/metrics"},
		{[]string{"127.0.0.1:0"}, false, "/metrics", "/metrics"}, // the log's next line tells the port
		{[]string{"vsock://:9100"}, false, "/other/numbers", "/other/numbers"},
	} {
		if got := web.BrowserURL(tc.listen, tc.tls, tc.path); got != tc.want {
			t.Errorf("%v, TLS %t: %s, want %s", tc.listen, tc.tls, got, tc.want)
		}
	}
}
