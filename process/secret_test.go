package process_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"smartlead_exporter/internal/testkit"
)

const (
	// canary is a key with every character that some escaping changes. Its two ends survive any escaping, so that
	// they show wherever it, or part of it, does.
	canary     = canaryHead + `/+&=%"<>` + canaryTail
	canaryHead = "canaryHead7F3a"
	canaryTail = "canaryTail9Qzz"

	// What must not be shown of e-mails and the people they went to.
	personName    = "Personalia McSecret"
	personAddress = "personalia@private.example"
	personSubject = "SubjectOfAnEmail"
)

// Whatever an API does with the key, nothing that the exporter writes or serves has it, at any level of the log,
// wherever the key comes from. Nor has it anything of the people who were written to.
func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for retries of many accounts")
	}
	var config strings.Builder
	config.WriteString("cache: {file: cache.json}\naccounts:\n")
	accounts := nastyAccounts(t)
	ids := map[string]int{}
	sources := []string{"api_key: '" + canary + "'", "api_key_file: key", "api_key_env: CANARY_KEY", "api_key_env: SMARTLEAD_API_KEY"}
	for name, url := range accounts {
		ids[name] = 1000 + len(ids)
		timeout := "300ms"
		if name == "good" {
			timeout = patience.String()
		}
		fmt.Fprintf(&config, "  - {name: %s, base_url: %s, request_timeout: %s, metadata_interval: 0s, campaigns: [%d], %s}\n",
			name, url, timeout, ids[name], sources[len(ids)%len(sources)])
	}
	// Lists fail, too.
	for _, name := range []string{"json-500", "ok-error", "ok-text", "ok-key", "text-404"} {
		fmt.Fprintf(&config, "  - {name: list-%s, base_url: %s, discovery: {}, api_key_file: key}\n", name, accounts[name])
	}
	dir := testkit.Write(t, map[string]string{"config.yml": config.String(), "key": canary + "\n"})
	env := []string{"CANARY_KEY=" + canary, "SMARTLEAD_API_KEY=" + canary}
	p := start(t, launch{args: []string{"--log.level=debug", "--web.enable-lifecycle", "--web.enable-pprof"}, env: env, dir: dir})

	good := sent(int64(ids["good"]), 1)
	for { // until every campaign but the good one has failed, which takes up to four tries, and that one is shown
		r := p.get("/metrics", "X-Prometheus-Scrape-Timeout-Seconds", "1")
		metrics := parse(t, r.body)
		failed := map[string]bool{}
		for series, value := range metrics {
			if rest, ok := strings.CutPrefix(series, `smartlead_exporter_refresh_failures_total{account="`); ok && value > 0 {
				name, _, _ := strings.Cut(rest, `"`)
				failed[name] = true
			}
		}
		failed["json-429"], failed["good"] = true, true // the one has to wait for longer, and the other doesn't fail
		if _, ok := metrics[good]; ok && len(failed) == len(accounts) {
			break
		}
	}

	shown := map[string]string{}
	for _, path := range []string{"/metrics", "/", "/sd", "/status", "/config", "/-/healthy", "/nowhere", "/debug/pprof/cmdline"} {
		shown[path] = p.get(path, "X-Prometheus-Scrape-Timeout-Seconds", "1").body
	}
	shown["/status as JSON"] = p.get("/status", "Accept", "application/json").body
	for _, id := range ids {
		for _, path := range []string{fmt.Sprintf("/probe?campaign_id=%d", id), fmt.Sprintf("/status/campaigns/%d", id)} {
			shown[path] = p.get(path, "X-Prometheus-Scrape-Timeout-Seconds", "0.01").body
		}
	}
	shown["a good reload"] = p.post("/-/reload").body
	for name, broken := range brokenWithKeys {
		testkit.Overwrite(t, filepath.Join(dir, "config.yml"), strings.ReplaceAll(broken, "KEY", canary))
		r := p.post("/-/reload")
		if r.status != http.StatusBadRequest {
			t.Errorf("%s: status %d, want that the configuration is refused", name, r.status)
		}
		shown["reload: "+name] = r.body
		check := run(t, launch{args: []string{"--config.check"}, env: env, dir: dir})
		check.wait()
		shown["check: "+name] = check.stdout.String() + check.stderr.String()
	}
	p.leave(shown)

	for what, text := range shown {
		lookForSecrets(t, what, text)
	}
	// The errors were there to be seen.
	for name := range accounts {
		if !strings.Contains(shown["stderr"], "account="+name) {
			t.Errorf("the log says nothing of account %s", name)
		}
	}
	for _, want := range []string{"redacted", "Unsolicited response"} {
		if !strings.Contains(shown["stderr"], want) {
			t.Errorf("the log has no %q: do the APIs repeat the key?", want)
		}
	}
	parse(t, shown["/metrics"]).Want(t, "of the API that answers well", page{good: 1})
}

// The same of an online check, by the answers that it doesn't ask for again.
func TestSecretsStaySecretInChecks(t *testing.T) {
	t.Parallel()
	var config strings.Builder
	config.WriteString("accounts:\n")
	id := 0
	for name, url := range nastyAccounts(t) {
		if strings.HasPrefix(name, "ok-") || strings.Contains(name, "-40") && !strings.Contains(name, "408") || name == "raw-unsolicited" || name == "good" {
			id++
			fmt.Fprintf(&config, "  - {name: %s, base_url: %s, metadata_interval: 0s, campaigns: [%d, %d], api_key: '%s'}\n", name, url, id, 1000+id, canary)
		}
	}
	p := run(t, launch{args: []string{"--config.check-online"}, dir: testkit.Write(t, map[string]string{"config.yml": config.String()})})
	if status := p.wait(); status != 1 {
		t.Errorf("exit status %d, want 1", status)
	}
	lookForSecrets(t, "stdout", p.stdout.String())
	lookForSecrets(t, "stderr", p.stderr.String())
	for _, want := range []string{"account ok-data", "account raw-unsolicited", "redacted", "key:        accepted"} {
		if !strings.Contains(p.stdout.String(), want) {
			t.Errorf("the check says nothing of %q", want)
		}
	}
}

// brokenWithKeys are configurations with a key, KEY, where it should be or where it shouldn't.
var brokenWithKeys = map[string]string{
	"unknown key beside it": "accounts: [{campaigns: [1], api_key: 'KEY', campaign: 2}]",
	"two sources":           "accounts: [{campaigns: [1], api_key: 'KEY', api_key_env: CANARY_KEY}]",
	"no end of quotes":      "accounts:\n  - campaigns: [1]\n    api_key: 'KEY\n",
	"no space":              "accounts:\n  - campaigns: [1]\n    api_key:'KEY'\n",
	"as a list":             "accounts: [{campaigns: [1], api_key: ['KEY']}]",
	"as a variable's name":  "accounts: [{campaigns: [1], api_key_env: 'KEY'}]",
	"as a file's name":      "accounts: [{campaigns: [1], api_key_file: 'KEY'}]",
	"in the URL":            "accounts: [{campaigns: [1], base_url: 'https://server.smartlead.ai/api/v1?api_key=KEY'}]",
	"as a password":         "accounts: [{campaigns: [1], base_url: 'https://KEY@server.smartlead.ai/api/v1'}]",
	"as the document":       "'KEY'",
	"in the proxy's URL":    "accounts: [{campaigns: [1], http_config: {proxy_url: 'KEY'}}]",
	"in http_config":        "accounts: [{campaigns: [1], http_config: {basic_auth: {password: 'KEY', password_file: key}}}]",
	"beside a missing file": "accounts: [{campaigns: [1], api_key: 'KEY', http_config: {basic_auth: {username: u, password: 'KEY'}, tls_config: {ca_file: missing.pem}}}]",
}

func lookForSecrets(t *testing.T, what, text string) {
	t.Helper()
	for _, secret := range []string{canaryHead, canaryTail, "Personalia", "McSecret", personAddress, personSubject} {
		for line := range strings.Lines(text) {
			if i := strings.Index(line, secret); i >= 0 {
				t.Errorf("%s has %s: …%.300s", what, secret, line[max(0, i-200):])
				break // one line of it is enough
			}
		}
	}
}
