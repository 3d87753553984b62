package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	promconfig "github.com/prometheus/common/config"

	"smartlead_exporter/config"
)

func TestRefusedKeySources(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"good":  "key\n",
		"empty": " \n\t\n",
		"two":   "key\nkey\n",
		"large": strings.Repeat("k", 64<<10+1),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	t.Setenv("EMPTY_KEY", "")
	t.Setenv("TWO_KEYS", "a b")
	const unreadable = ": write the path of a file that holds the key and is readable to the user that runs the exporter (relative paths start from \".\")"
	check(t, []refusal{
		{
			"two sources", inAccount("api_key_env: A", "api_key_file: good", "campaigns: [1]"),
			"config.yml:3: api_key_file and api_key_env (line 2) both give the key: keep one of the two, best api_key_file",
		},
		{
			"three sources", inAccount("api_key: x", "api_key_file: good", "api_key_env: A", "campaigns: [1]"),
			"config.yml:3: api_key_file and api_key (line 2) both give the key: keep one of the two, best api_key_file",
		},
		{
			"a file that is missing", inAccount("api_key_file: missing", "campaigns: [1]"),
			"config.yml:2: the key file can't be read: no such file or directory" + unreadable,
		},
		{
			"a directory", inAccount("api_key_file: .", "campaigns: [1]"),
			"config.yml:2: the key file can't be read: is not a regular file" + unreadable,
		},
		{
			"a device", inAccount("api_key_file: /dev/zero", "campaigns: [1]"),
			"config.yml:2: the key file can't be read: is not a regular file" + unreadable,
		},
		{
			"a large file", inAccount("api_key_file: large", "campaigns: [1]"),
			"config.yml:2: the key file can't be read: is larger than 64 KiB" + unreadable,
		},
		{
			"an empty file", inAccount("api_key_file: empty", "campaigns: [1]"),
			"config.yml:2: the key file is empty: write the API key into it, and nothing else",
		},
		{
			"a file with two lines", inAccount("api_key_file: two", "campaigns: [1]"),
			"config.yml:2: the key file holds more than one word, or control characters: write the API key into it, and nothing else",
		},
		{
			"no path", inAccount(`api_key_file: ""`, "campaigns: [1]"),
			"config.yml:2: api_key_file is empty: write the path of a file that holds the key",
		},
		{
			"a variable that is not set", inAccount("api_key_env: NO_SUCH_KEY", "campaigns: [1]"),
			"config.yml:2: the environment variable NO_SUCH_KEY is not set: set it to the API key, or write api_key_file: and the path of a file that holds the key",
		},
		{
			"a variable that is empty", inAccount("api_key_env: EMPTY_KEY", "campaigns: [1]"),
			"config.yml:2: the environment variable EMPTY_KEY is empty: set it to the API key, or write api_key_file: and the path of a file that holds the key",
		},
		{
			"a variable with two words", inAccount("api_key_env: TWO_KEYS", "campaigns: [1]"),
			"config.yml:2: the environment variable TWO_KEYS holds more than one word, or control characters: set it to the API key, or write api_key_file: and the path of a file that holds the key",
		},
		{
			"a variable with a dollar sign", inAccount("api_key_env: $SMARTLEAD_API_KEY", "campaigns: [1]"),
			"config.yml:2: api_key_env is not a variable's name: write that, without $, such as SMARTLEAD_API_KEY; a key itself belongs into a file, see api_key_file",
		},
		{
			"an empty key", inAccount(`api_key: ""`, "campaigns: [1]"),
			"config.yml:2: api_key is empty: write the API key in quotes, or better its file's path as api_key_file",
		},
		{
			"a key with two words", inAccount("api_key: a b", "campaigns: [1]"),
			"config.yml:2: api_key holds more than one word, or control characters: write the API key in quotes, or better its file's path as api_key_file",
		},
		{
			"a variable for a key", inAccount("api_key: ${SMARTLEAD_API_KEY}", "campaigns: [1]"),
			"config.yml:2: api_key starts with $, but variables are not expanded: write api_key_env: and the variable's name, without $",
		},
		{
			"a list for a key", inAccount("api_key: [x]", "campaigns: [1]"),
			"config.yml:2: api_key is not a single value: write api_key: followed by one, in quotes if it has special characters",
		},
	})
}

func TestDefaultVariableNotSet(t *testing.T) {
	t.Setenv("SMARTLEAD_API_KEY", "") // Restores it after the test.
	if err := os.Unsetenv("SMARTLEAD_API_KEY"); err != nil {
		t.Fatal(err)
	}
	_, err := config.Parse("config.yml", []byte(inAccount("campaigns: [1]")))
	const want = "config.yml:2: the environment variable SMARTLEAD_API_KEY is not set: set it to the API key, or write api_key_file: and the path of a file that holds the key"
	if got := message(t, err); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestKeyFromEnvironmentIsThatOfLoading(t *testing.T) {
	t.Setenv("SMARTLEAD_API_KEY", " first\n")
	account := parse(t, inAccount("campaigns: [1]")).Accounts[0]
	t.Setenv("SMARTLEAD_API_KEY", "second")
	if got, err := account.Key(); got != "first" || err != nil {
		t.Errorf("got %q, %v, want the key without white space", got, err)
	}
}

func TestInlineKey(t *testing.T) {
	cfg := parse(t, inAccount("campaigns: [1]", `api_key: " a/+&=b "`))
	if got, err := cfg.Accounts[0].Key(); got != "a/+&=b" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	want := "[config.yml:3: the API key stands in the configuration: better put it into a file that only the exporter can read, and write api_key_file: and its path]"
	if got := fmt.Sprint(cfg.Warnings); got != want {
		t.Errorf("got warnings  %s\nwant %s", got, want)
	}
}

// TestKeyFileIsReadAnew swaps a directory as Kubernetes does it when a secret changes: the files are symbolic links
// through a link that is replaced.
func TestKeyFileIsReadAnew(t *testing.T) {
	dir := t.TempDir()
	for name, key := range map[string]string{"..1": "first\n", "..2": "second"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name, "key"), []byte(key), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	link := func(target, name string) {
		t.Helper()
		next := filepath.Join(dir, "..next")
		if err := os.Symlink(target, next); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	link("..1", "..data")
	link("..data/key", "key")

	cfg, err := config.Parse(filepath.Join(dir, "config.yml"), []byte(inAccount("campaigns: [1]", "api_key_file: key")))
	if err != nil {
		t.Fatal(err)
	}
	account := cfg.Accounts[0]
	if got, err := account.Key(); got != "first" || err != nil {
		t.Errorf("before the swap: got %q, %v", got, err)
	}
	link("..2", "..data")
	if got, err := account.Key(); got != "second" || err != nil {
		t.Errorf("after the swap: got %q, %v", got, err)
	}

	if err := os.Remove(filepath.Join(dir, "key")); err != nil {
		t.Fatal(err)
	}
	const missing = `account "default": api_key_file: no such file or directory`
	if got, err := account.Key(); got != "" || err == nil || err.Error() != missing {
		t.Errorf("without the file: got %q, %v, want %s", got, err, missing)
	}
}

// TestKeyOfAccountsMadeInCode is for programs that do without a file.
func TestKeyOfAccountsMadeInCode(t *testing.T) {
	t.Setenv("SOME_KEY", "from the environment")
	t.Setenv("OTHER_KEY", "key")
	for _, tc := range []struct {
		name    string
		account config.Account
		want    string
		err     string
	}{
		{"a variable", config.Account{APIKeyEnv: "OTHER_KEY"}, "key", ""},
		{"a variable that holds no key", config.Account{Name: "a", APIKeyEnv: "SOME_KEY"}, "", `account "a": holds more than one word, or control characters`},
		{"a key", config.Account{APIKey: promconfig.Secret("secret")}, "secret", ""},
		{"nothing", config.Account{Name: "a"}, "", `account "a": is empty`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := tc.account.Key()
			if got != tc.want || fmt.Sprint(err) != tc.err && (err != nil || tc.err != "") {
				t.Errorf("got %q, %v, want %q, %s", got, err, tc.want, tc.err)
			}
		})
	}
}

func TestKeySource(t *testing.T) {
	for want, account := range map[string]config.Account{
		"the environment variable MY_KEY":                 {APIKeyEnv: "MY_KEY"},
		"the environment variable that api_key_env names": {APIKeyEnv: "x8f2c1b6e0123456789ab0123"},
		"the file /etc/key":                               {APIKeyFile: "/etc/key"},
		"the file that api_key_file names":                {APIKeyFile: "/etc/" + smartleadKey},
		"api_key in the configuration":                    {APIKey: promconfig.Secret(smartleadKey)},
	} {
		if got := account.KeySource(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
