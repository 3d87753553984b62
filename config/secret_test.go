package config_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"smartlead_exporter/config"
)

// canary stands for a secret. Nothing that is printed may hold any run of six of its characters.
const canary = "Zq7/vX+kW&m4=pTjR9"

func tells(printed string) (part string, tells bool) {
	for i := range len(canary) - 5 {
		if strings.Contains(printed, canary[i:i+6]) {
			return canary[i : i+6], true
		}
	}
	return "", false
}

func TestPrintingShowsNoSecret(t *testing.T) {
	t.Setenv("SMARTLEAD_API_KEY", canary)
	cert, key := certificate(t)
	indented := func(pem string) string {
		return strings.ReplaceAll(strings.TrimSpace(pem), "\n", "\n          ")
	}
	cfg := parse(t, `
accounts:
  - campaigns: [1]
  - name: inline
    api_key: "`+canary+`"
    campaigns: [2]
    http_config:
      proxy_url: http://user:Zq7%2FvX+kW&m4=pTjR9@proxy:3128
      authorization: {credentials: "`+canary+`"}
      tls_config:
        cert: |
          `+indented(cert)+`
        key: |
          `+indented(key)+`
      http_headers: {X-Token: {secrets: ["`+canary+`"]}}
`)
	for i := range cfg.Accounts {
		if key, err := cfg.Accounts[i].Key(); key != canary || err != nil {
			t.Fatalf("the account has no secret to tell: %q, %v", key, err)
		}
	}

	printed := map[string]string{"String": cfg.String(), "Account.String": cfg.Accounts[1].String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		printed["Config "+verb] = fmt.Sprintf(verb, cfg)
		printed["Config value "+verb] = fmt.Sprintf(verb, *cfg)
		printed["Accounts "+verb] = fmt.Sprintf(verb, cfg.Accounts)
		printed["Account value "+verb] = fmt.Sprintf(verb, *cfg.Accounts[1])
	}
	marshaled, err := yaml.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	printed["yaml.Marshal"] = string(marshaled)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("loaded", "config", cfg, "account", cfg.Accounts[1])
	printed["slog"] = log.String()

	for name, text := range printed {
		if text == "" {
			t.Errorf("%s prints nothing", name)
		}
		if part, told := tells(text); told {
			t.Errorf("%s tells %q of the key:\n%s", name, part, text)
		}
		if strings.Contains(text, strings.Split(key, "\n")[1]) {
			t.Errorf("%s tells the client certificate's key:\n%s", name, text)
		}
	}
	if !strings.Contains(cfg.String(), "api_key: <secret>") {
		t.Errorf("an inline key is not shown to be there:\n%s", cfg)
	}
}

// TestRefusalsShowNoSecret puts a secret wherever a person may put one, rightly or by mistake, in files that are
// refused.
func TestRefusalsShowNoSecret(t *testing.T) {
	t.Setenv("SMARTLEAD_API_KEY", "key")
	t.Setenv("UNCLEAN", canary+" "+canary)
	for name, text := range map[string]string{
		"a list":                inAccount("campaigns: [1]", `api_key: ["`+canary+`"]`),
		"a mapping":             inAccount("campaigns: [1]", `api_key: {"`+canary+`": x}`),
		"a tag":                 inAccount("campaigns: [1]", `api_key: !!int "`+canary+`"`, "x: y"),
		"another tag":           inAccount("campaigns: [1]", `api_key: !`+canary),
		"an anchor":             inAccount("campaigns: [1]", `api_key: *`+canary),
		"two words":             inAccount("campaigns: [1]", `api_key: `+canary+" "+canary),
		"no quotes":             inAccount("campaigns: [1]", `api_key: @`+canary),
		"no space":              inAccount("campaigns: [1]", `api_key:`+canary),
		"no space in braces":    "accounts: [{campaigns: [1], api_key:" + canary + "}]\n",
		"no colon":              "accounts: [{campaigns: [1], " + canary + "}]\n",
		"twice":                 inAccount("campaigns: [1]", `"`+canary+`": 1`, `"`+canary+`": 2`),
		"two sources":           inAccount("campaigns: [1]", "api_key: "+canary, "api_key_file: "+canary),
		"another mistake":       inAccount("campaigns: [0]", "api_key: "+canary),
		"as a variable":         inAccount("campaigns: [1]", "api_key_env: "+canary),
		"in a variable":         inAccount("campaigns: [1]", "api_key_env: UNCLEAN"),
		"as a file":             inAccount("campaigns: [1]", "api_key_file: "+canary),
		"in the URL":            inAccount("campaigns: [1]", "base_url: https://a.example/?api_key="+canary),
		"in the URL's password": inAccount("campaigns: [1]", "base_url: https://a:"+canary+"@a.example/"),
		"in the URL's port":     inAccount("campaigns: [1]", "base_url: https://a.example:"+canary),
		"in the proxy's URL":    inAccount("campaigns: [1]", "http_config: {proxy_url: 'http://a:"+canary+"@proxy'}"),
		"in a URL used twice": "accounts:\n- {name: a, campaigns: [1], http_config: &h {proxy_url: 'http://a:" + canary + "@proxy'}}\n" +
			"- {name: b, campaigns: [2], http_config: *h}\n",
		"after too many problems": inAccount("campaigns: "+strings.Repeat("\n      - 0", 150),
			"http_config: {proxy_url: 'http://a:"+canary+"@proxy'}"),
		"after too many aliases": "accounts:\n- &a {name: a, rate_limit: &r {" + strings.Repeat("x: , ", 2000) + "}}\n" +
			"- {name: b, rate_limit: {<<: [" + strings.Repeat("*r, ", 100) + "]}, http_config: {proxy_url: 'http://a:" + canary + "@proxy'}}\n",
		"as authorization":             inAccount("campaigns: [1]", "http_config: {authorization: '"+canary+"'}"),
		"as basic_auth":                inAccount("campaigns: [1]", "http_config: {basic_auth: ['"+canary+"']}"),
		"as credentials":               inAccount("campaigns: [1]", "http_config: {authorization: {credentials: ['"+canary+"']}}"),
		"as a truth":                   inAccount("campaigns: [1]", "http_config: {enable_http2: '"+canary+"'}"),
		"as a TLS version":             inAccount("campaigns: [1]", "http_config: {tls_config: {min_version: '"+canary+"'}}"),
		"as a header":                  inAccount("campaigns: [1]", "http_config: {http_headers: {X-Token:"+canary+"}}"),
		"as a header's value":          inAccount("campaigns: [1]", "http_config: {http_headers: {X-Token: '"+canary+"'}}"),
		"as a binary value":            inAccount("campaigns: [1]", "http_config: {bearer_token: !!binary '"+canary+"'}"),
		"beside another authorization": inAccount("campaigns: [1]", "http_config: {bearer_token: '"+canary+"', basic_auth: {password: '"+canary+"'}}"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.Parse("config.yml", []byte(text))
			if part, told := tells(message(t, err)); told {
				t.Errorf("tells %q of the key: %v", part, err)
			}
		})
	}
}
