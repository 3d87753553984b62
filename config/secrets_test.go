package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"smartlead_exporter/config"
)

// Whatever is sent besides the key, and is nobody else's business, is among the secrets of the account: inline or in a
// file, by itself and as it is sent.
func TestSecretsOfAnAccount(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "secret")
	for _, tt := range []struct {
		name, http string
		want       []string
	}{
		{"nothing", "{}", nil},
		{"basic_auth", "{basic_auth: {username: user, password: hunter2}}", []string{"hunter2", "dXNlcjpodW50ZXIy"}},
		{"basic_auth from a file", "{basic_auth: {username: user, password_file: " + file + "}}", []string{"from-file", "dXNlcjpmcm9tLWZpbGU="}},
		{"authorization", "{authorization: {credentials: tok3n}}", []string{"tok3n"}},
		{"authorization from a file", "{authorization: {credentials_file: " + file + "}}", []string{"from-file"}},
		{"bearer_token", "{bearer_token: tok3n}", []string{"tok3n"}},
		{"bearer_token_file", "{bearer_token_file: " + file + "}", []string{"from-file"}},
		{"oauth2", "{oauth2: {client_id: user, client_secret: hunter2, token_url: 'https://idp.example/token'}}", []string{"hunter2", "dXNlcjpodW50ZXIy"}},
		{"oauth2 from a file", "{oauth2: {client_id: user, client_secret_file: " + file + ", token_url: 'https://idp.example/token'}}", []string{"from-file"}},
		{"http_headers", "{http_headers: {X-A: {values: [one]}, X-B: {secrets: ['Token two']}, X-C: {files: [" + file + "]}}}", []string{"one", "Token two", "two", "from-file"}},
		{"proxy_url", "{proxy_url: 'http://user:p%40ss@proxy.example:3128'}", []string{"p@ss", "user:p%40ss", "dXNlcjpwQHNz"}},
		{"proxy_connect_header", "{proxy_url: 'http://proxy.example:3128', proxy_connect_header: {Proxy-Authorization: ['Basic abc']}}", []string{"Basic abc", "abc"}},
		{"proxy_from_environment", "{proxy_from_environment: true}", []string{"env-pass"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("HTTPS_PROXY", "user:env-pass@proxy.example:3128")
			if err := os.WriteFile(file, []byte("from-file\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			cfg, err := config.Parse(filepath.Join(dir, "config.yml"), []byte("accounts: [{api_key: the-key-of-a-test, campaigns: [1], http_config: "+tt.http+"}]"))
			if err != nil {
				t.Fatal(err)
			}
			got := cfg.Accounts[0].Secrets()
			for _, want := range tt.want {
				if !slices.Contains(got, want) {
					t.Errorf("%q is not among the secrets %q", want, got)
				}
			}
			if tt.want == nil && len(got) > 0 {
				t.Errorf("got %q, want none", got)
			}
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			for _, secret := range cfg.Accounts[0].Secrets() {
				if secret == "from-file" {
					t.Error("a file that is gone is remembered")
				}
			}
		})
	}
}
