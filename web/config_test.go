package web_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/web"
)

// Each mistake in a web configuration is told by one line with file, line and remedy, and no password is.
func TestWebConfigurationIsChecked(t *testing.T) {
	t.Parallel()
	const password = "correct-horse"
	for name, tc := range map[string]struct{ content, line, says, do string }{
		"a certificate that is missing": {"tls_server_config:\n  key_file: web.yml\n  cert_file: none.pem\n", ":3", "none.pem", "write the path of a certificate in PEM form"},
		"a key that is missing":         {"tls_server_config:\n  cert_file: web.yml\n  key_file: none.pem\n", ":3", "none.pem", "write the path of a key in PEM form"},
		"a certificate that is none":    {"tls_server_config:\n  cert_file: web.yml\n  key_file: web.yml\n", ":2", "failed to find any PEM data", "write a certificate in PEM form"},
		"half of a pair":                {"http_server_config: {http2: true}\ntls_server_config:\n  cert_file: web.yml\n", ":2", "missing one of key", "write cert_file: and key_file:"},
		"a policy alone":                {"tls_server_config:\n  client_auth_type: NoClientCert\n", ":1", "missing one of cert", "write cert_file: and key_file:"},
		"an unknown TLS version":        {"tls_server_config:\n  min_version: TLS9\n", ":2", "unknown TLS version", "write TLS10, TLS11, TLS12 or TLS13"},
		"an unknown cipher":             {"tls_server_config:\n  cipher_suites: [x]\n", ":2", "unknown cipher suite", "or leave cipher_suites out"},
		"an unknown curve":              {"tls_server_config:\n  curve_preferences: [x]\n", ":2", "unknown curve", "or leave curve_preferences out"},
		"a header that isn't allowed":   {"http_server_config:\n  headers: {X: y}\n", ":2", `HTTP header "X" can not be configured`, "write one of those"},
		"a header's value":              {"http_server_config:\n  headers: {X-Frame-Options: x}\n", ":2", "invalid value for X-Frame-Options", "or leave the header out"},
		"a password in the clear":       {"basic_auth_users:\n  a: " + password + "\n", ":1", "isn't hashed by bcrypt", "htpasswd"},
		"a password that is empty":      {"basic_auth_users: {a: }\n", ":1", "isn't hashed by bcrypt", "htpasswd"},
		"a list of users":               {"http_server_config: {}\nbasic_auth_users: [" + password + "]\n", ":2", "a value of the wrong kind", "see exporter-toolkit's documentation"},
		"a password alone":              {"basic_auth_users: " + password + "\n", ":1", "a value of the wrong kind", "see exporter-toolkit's documentation"},
		"an unknown key":                {"\ntls_serverconfig: {}\n", ":2", `unknown key "tls_serverconfig"`, "write one of tls_server_config"},
		"an unknown key further in":     {"tls_server_config:\n  cert: x\n  key_fil: y\n", ":3", `unknown key "key_fil"`, "write one of tls_server_config"},
		"no YAML":                       {"basic_auth_users: [" + password, ":1", "not a web configuration", "write YAML"},
		"a text":                        {password, ":1", "a value of the wrong kind", "see exporter-toolkit's documentation"},
		"a missing file":                {"", "", "no such file", "or leave that flag out"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(testkit.Write(t, map[string]string{"web.yml": tc.content}), "web.yml")
			if tc.content == "" {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			}
			err := web.CheckConfig(path)
			if err == nil {
				t.Fatal("it passes")
			}
			if got := err.Error(); !strings.HasPrefix(got, path+tc.line+": ") || !strings.Contains(got, tc.says) || !strings.Contains(got, tc.do) || strings.ContainsAny(got, "\n") {
				t.Errorf("got  %s\nwant %s%s: %s … %s, in one line", got, path, tc.line, tc.says, tc.do)
			}
			if strings.Contains(err.Error(), password) {
				t.Errorf("it shows a password: %v", err)
			}
		})
	}
}

func TestGoodWebConfigurations(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"", "{}", "http_server_config: {http2: false, headers: {X-Frame-Options: deny}}", "basic_auth_users:\n  a: $2a$04$o0NgP2mxrmB8xOuA/An05u5NH4BamGMWaQ4Z0HRoezSrWiytMGrNG\n"} {
		if err := web.CheckConfig(filepath.Join(testkit.Write(t, map[string]string{"web.yml": content}), "web.yml")); err != nil {
			t.Errorf("%q: %v", content, err)
		}
	}
	if err := web.CheckConfig(""); err != nil {
		t.Error(err)
	}
}

func TestFilesOfWebConfigurations(t *testing.T) {
	t.Parallel()
	dir := testkit.Write(t, map[string]string{"web.yml": "tls_server_config: {cert_file: c.pem, key_file: sub/k.pem, client_ca_file: /ca.pem}", "bad.yml": "["})
	want := []string{filepath.Join(dir, "web.yml"), filepath.Join(dir, "c.pem"), filepath.Join(dir, "sub", "k.pem"), "/ca.pem"}
	if got := web.ConfigFiles(want[0]); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	bad := filepath.Join(dir, "bad.yml")
	if got := web.ConfigFiles(bad); !slices.Equal(got, []string{bad}) {
		t.Errorf("of a bad one: got %v, want itself", got)
	}
	if got := web.ConfigFiles(""); got != nil {
		t.Errorf("of none: got %v", got)
	}
}
