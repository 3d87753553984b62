package config_test

import (
	"fmt"
	"testing"
)

func TestRefusedHTTPConfig(t *testing.T) {
	check(t, []refusal{
		{
			"no mapping", inAccount("campaigns: [1]", "http_config: x"),
			"config.yml:3: http_config is not a mapping: write its settings as key: value below it",
		},
		{
			"an unknown key", inAccount("campaigns: [1]", "http_config:", "  proxy_uri: http://proxy:3128"),
			`config.yml:4: unknown key "proxy_uri" in http_config: did you mean proxy_url?`,
		},
		{
			"an unknown key further in", inAccount("campaigns: [1]", "http_config:", "  tls_config:", "    insecure: true"),
			`config.yml:5: unknown key "insecure" in tls_config: write one of ca, ca_file, ca_ref, cert, cert_file, cert_ref, insecure_skip_verify, key, key_file, key_ref, max_version, min_version, server_name`,
		},
		{
			"a key twice", inAccount("campaigns: [1]", "http_config:", "  enable_http2: true", "  enable_http2: false"),
			"config.yml:5: enable_http2 is given twice, first on line 4: keep one of the two",
		},
		{
			"no mapping further in", inAccount("campaigns: [1]", "http_config:", "  authorization: x"),
			"config.yml:4: authorization is not a mapping: write its settings as key: value below it",
		},
		{
			"a list for a text", inAccount("campaigns: [1]", "http_config:", "  bearer_token: [x]"),
			"config.yml:4: bearer_token is not a single value: write bearer_token: followed by one, in quotes if it has special characters",
		},
		{
			"a text for a list", inAccount("campaigns: [1]", "http_config:", "  http_headers:", "    X-A:", "      values: x"),
			"config.yml:6: values is not a list: write each item on a line of its own, such as - a value",
		},
		{
			"a text for a truth", inAccount("campaigns: [1]", "http_config: {enable_http2: maybe}"),
			"config.yml:3: enable_http2 is neither true nor false: write one of them",
		},
		{
			"a bad proxy", inAccount("campaigns: [1]", "http_config:", `  proxy_url: "http://a:b/c@proxy"`),
			"config.yml:4: proxy_url is not a URL: write http://host:port, with special characters in a password escaped",
		},
		{
			"a bad TLS version", inAccount("campaigns: [1]", "http_config:", "  tls_config: {min_version: TLS1}"),
			"config.yml:4: min_version is not a TLS version: write one of TLS10, TLS11, TLS12, TLS13",
		},
		{
			"two kinds of authorization", inAccount("campaigns: [1]", "http_config:", "  basic_auth: {username: a}", "  bearer_token: x"),
			"config.yml:3: http_config: at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured: see http_config in Prometheus' documentation",
		},
		{
			"half a client certificate", inAccount("campaigns: [1]", "http_config:", "  tls_config: {cert_file: a.pem}"),
			"config.yml:3: http_config: exactly one of key or key_file must be configured when a client certificate is configured: see http_config in Prometheus' documentation",
		},
		{
			"a header that is reserved", inAccount("campaigns: [1]", "http_config:", "  http_headers: {User-Agent: {values: [x]}}"),
			`config.yml:3: http_config: setting header "User-Agent" is not allowed: see http_config in Prometheus' documentation`,
		},
		{
			"a header without a space", inAccount("campaigns: [1]", "http_config:", `  http_headers: {X-Token:x}`),
			"config.yml:3: http_config has a header whose name is none: write letters, digits and -, then a colon and a space",
		},
		{
			"an alias that holds itself", inAccount("campaigns: [1]", "http_config:", "  oauth2:", "    client_id: a", "    token_url: https://a", "    claims: &c", "      c: *c"),
			"config.yml:3: http_config: a value can't be read: see http_config in Prometheus' documentation",
		},
		{
			"a wrong tag",
			inAccount("campaigns: [1]", "http_config: {bearer_token: !!binary '*'}"),
			"config.yml:3: bearer_token has a tag that is not supported: write the value alone, in quotes if it starts with !",
		},
	})
}

func TestRedirectsAreNeverFollowed(t *testing.T) {
	t.Setenv("SMARTLEAD_API_KEY", "key")
	for setting, want := range map[string]string{
		"enable_http2: true":      "[]",
		"follow_redirects: false": "[]",
		"follow_redirects: true":  "[config.yml:4: follow_redirects has no effect, since a redirect would carry the key elsewhere: leave it out]",
	} {
		cfg := parse(t, inAccount("campaigns: [1]", "http_config:", "  "+setting))
		if cfg.Accounts[0].HTTPConfig.FollowRedirects {
			t.Errorf("%s: redirects are followed", setting)
		}
		if got := fmt.Sprint(cfg.Warnings); got != want {
			t.Errorf("%s: got warnings %s, want %s", setting, got, want)
		}
	}
}
