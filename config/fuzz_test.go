package config_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"smartlead_exporter/config"
)

// FuzzParse proves that any bytes are refused with problems that name their line, or give a configuration which,
// printed, is accepted again and reads the same; and that neither takes long.
func FuzzParse(f *testing.F) {
	f.Setenv("SMARTLEAD_API_KEY", "key")
	// Short ones: go test spends its time on making a long seed shorter.
	for _, seed := range []string{
		"",
		inAccount("campaigns: [1, {id: 2, sequence_numbers: [1, 2], sent_after: 2026-01-01}]", "api_key: x"),
		inAccount("campaigns: [1]", "http_config: {bearer_token: x, proxy_url: 'http://a:b@c', http_headers: {X-A: {values: [b]}}}"),
		inAccount("campaigns: [1]", "http_config: {oauth2: {client_id: a, token_url: 'https://b', claims: {c: [1, {d: e}]}}}"),
		inAccount("discovery: {statuses: [active, x], name: 'Q4 .*', exclude_name: '(?i).*test', client_ids: [77, a], tags: [b], shard: 2/3}"),
		"accounts:\n- &a {name: a, campaigns: [1]}\n- {<<: [*a, {base_url: 'http://[::1]'}], name: b, campaigns: [2]}\n",
		"accounts: &a [*a, {<<: *a}]\n",
		"a: \xff\x01\t- !!binary x",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		start := time.Now()
		cfg, err := config.Parse("config.yml", data)
		if took := time.Since(start); took > time.Minute { // milliseconds, but for a machine that is very busy
			t.Errorf("took %v for %d bytes", took, len(data))
		}
		if err != nil {
			checkRefusal(t, err)
			return
		}
		printed := printable(t, cfg)
		// What takes a key's place is refused as a key.
		again, err := config.Parse("config.yml", bytes.ReplaceAll(printed, []byte("api_key: <secret>"), []byte("api_key: a-key")))
		if err != nil {
			t.Fatalf("accepted, but not when printed: %v\n%s", err, printed)
		}
		if twice := printable(t, again); !bytes.Equal(twice, printed) {
			t.Errorf("read again, it is another:\n%s\n%s", printed, twice)
		}
	})
}

func checkRefusal(t *testing.T, err error) {
	t.Helper()
	for line := range strings.Lines(message(t, err)) {
		if !strings.HasPrefix(line, "config.yml:") {
			t.Errorf("a problem that does not say where: %q", line)
		}
	}
}

func printable(t *testing.T, cfg *config.Config) []byte {
	t.Helper()
	printed, err := yaml.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return printed
}

// None of these would come to an end if it were read as it is.
func TestAliasesThatMultiply(t *testing.T) {
	t.Setenv("SMARTLEAD_API_KEY", "key")
	level := func(name, of string) string {
		return name + ": &" + name + " {<<: [" + strings.TrimSuffix(strings.Repeat("*"+of+", ", 100), ", ") + "]}\n"
	}
	for name, text := range map[string]string{
		"merges": "a: &a {}\n" + level("b", "a") + level("c", "b") + level("d", "c") + level("e", "d") +
			"accounts:\n- {<<: *e, campaigns: [1]}\n",
		"lists": "accounts:\n- campaigns: &c [" + strings.TrimSuffix(strings.Repeat("{name: x}, ", 5000), ", ") + "]\n" +
			"- &a {name: a, campaigns: *c}\n" + strings.Repeat("- *a\n", 5000),
		"wide merges": "accounts:\n- &a {name: a, http_config: &h {" + strings.Repeat("'': , ", 5000) + "}}\n" +
			"- http_config: {<<: [" + strings.Repeat("*h, ", 5000) + "*h]}\n",
		"claims": inAccount("campaigns: [1]", "http_config:", "  oauth2:", "    client_id: a", "    token_url: https://a",
			"    claims:", "      a: &a {}", "      b: &b ["+strings.Repeat("*a, ", 1000)+"]", "      c: &c ["+strings.Repeat("*b, ", 1000)+"]",
			"      d: ["+strings.Repeat("*c, ", 1000)+"]"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.Parse("config.yml", []byte(text))
			want := "aliases multiply to too many values: use fewer, or write their values out"
			if name == "claims" {
				want = "http_config: a value can't be read"
			}
			if got := message(t, err); !strings.Contains(got, want) {
				t.Errorf("got %s\nwant %s", got, want)
			}
		})
	}
}

func TestManyProblems(t *testing.T) {
	t.Setenv("SMARTLEAD_API_KEY", "key")
	_, err := config.Parse("config.yml", []byte("accounts:\n- campaigns:\n"+strings.Repeat("  - 0\n", 5000)))
	told := strings.Split(message(t, err), "\n")
	if len(told) != 101 || told[100] != "config.yml:103: more than 100 problems: correct those above first" {
		t.Errorf("got %d problems, the last %q", len(told), told[len(told)-1])
	}
}

// TestManyCampaigns proves that a file without aliases does not meet the bounds that are meant for them.
func TestManyCampaigns(t *testing.T) {
	t.Setenv("SMARTLEAD_API_KEY", "key")
	var text strings.Builder
	text.WriteString("accounts:\n- campaigns:\n")
	for id := range 50_000 {
		fmt.Fprintf(&text, "  - %d\n", id+1)
	}
	if got := len(parse(t, text.String()).Accounts[0].Campaigns); got != 50_000 {
		t.Errorf("got %d campaigns", got)
	}
}

// FuzzKeyFile proves that any bytes in a key file are a key that can be sent, or refused in one line with a remedy.
func FuzzKeyFile(f *testing.F) {
	for _, seed := range []string{"key\n", smartleadKey, "\ufeffkey", "K=v", "\"key\"", "<key>", "…", "\xff\xfek\x00", "a\u200bb", "https://a?api_key=b", "$KEY", "/a/b", "key,", "a b"} {
		f.Add([]byte(seed))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, "key"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := config.Parse(filepath.Join(dir, "config.yml"), []byte(inAccount("campaigns: [1]", "api_key_file: key")))
		if err != nil {
			if got := message(t, err); !strings.Contains(got, "config.yml:3: the key file ") || !strings.Contains(got, ": write the ") || strings.Contains(got, "\n") {
				t.Errorf("got %q", got)
			}
			return
		}
		key, err := cfg.Accounts[0].Key()
		if err != nil || key == "" || strings.ContainsFunc(key, func(c rune) bool { return c <= ' ' || c > '~' }) {
			t.Errorf("got the key %q, %v", key, err)
		}
	})
}
