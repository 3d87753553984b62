package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	promconfig "github.com/prometheus/common/config"
	"go.yaml.in/yaml/v3"
)

// maxKeyBytes bounds a key file. Keys have some 60 characters.
const maxKeyBytes = 64 << 10

// envName is what the names of environment variables look like.
var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// conventionalEnvName is what a person names a variable. Others may be a key which was written in the wrong place, and
// are not repeated.
var conventionalEnvName = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$`)

// Key returns the account's API key, without white space around it. A key file is read at every call, so that a secret
// which is rotated in place takes effect without a reload; a key from the environment or from the configuration is that
// of when it was loaded. The error names the account and never holds any part of the key.
func (a *Account) Key() (string, error) {
	key, err := a.lookUpKey()
	if err != nil {
		return "", fmt.Errorf("account %s: %w", quote(a.Name), err)
	}
	return key, nil
}

// KeySource says where the key comes from, for a message that follows "from".
func (a *Account) KeySource() string {
	switch {
	case a.APIKeyFile != "" && !looksLikeKey(filepath.Base(a.APIKeyFile)):
		return "the file " + a.APIKeyFile
	case a.APIKeyFile != "":
		return "the file that api_key_file names"
	case a.APIKey != "":
		return "api_key in the configuration"
	case looksLikeKey(a.APIKeyEnv):
		return "the environment variable that api_key_env names"
	}
	return "the environment variable " + a.APIKeyEnv
}

func (a *Account) lookUpKey() (string, error) {
	switch {
	case a.APIKeyFile != "":
		key, err := readKeyFile(a.APIKeyFile)
		if err != nil {
			return "", fmt.Errorf("api_key_file: %w", err)
		}
		return key, nil
	case a.APIKey != "":
		return cleanKey(string(a.APIKey))
	case a.envKey != "":
		return a.envKey, nil
	}
	// An account that was not made by Load.
	return cleanKey(os.Getenv(a.APIKeyEnv))
}

// readKeyFile returns the key in a file. Its errors don't hold the path, which is in the configuration, and is the key
// itself if it stands in the wrong place there.
func readKeyFile(path string) (string, error) {
	data, err := readRegular(path, maxKeyBytes)
	if err != nil {
		return "", err
	}
	return cleanKey(string(data))
}

// noSource stands for a source of the key that is named without a value.
const noSource = "\x00"

// source reads where the key is, or the key. Without a value it is refused: another source would be taken silently.
func (r *reader) source(dst *string, instead string) func(string, *yaml.Node, int) {
	return func(key string, value *yaml.Node, line int) {
		if isNull(value) {
			r.problemf(line, "%s has no value: write %s, or leave it out", key, instead)
			*dst = noSource
			return
		}
		r.text(dst)(key, value, line)
	}
}

// keySource checks that there is one source of the key, and the key in it, which it returns; "" if something is wrong
// with it.
func (r *reader) keySource(a *Account, inline string, at lines) string {
	var given []string
	for _, key := range []string{"api_key_env", "api_key_file", "api_key"} {
		if _, ok := at[key]; ok {
			given = append(given, key)
		}
	}
	if len(given) > 1 {
		slices.SortFunc(given, func(a, b string) int { return at[a] - at[b] })
		r.problemf(at[given[1]], "%s and %s (line %d) both give the key: keep one of the two, best api_key_file", given[1], given[0], at[given[0]])
		return ""
	}
	if line := at.of(given...); len(given) == 1 && r.toldAt(line) {
		return ""
	}
	switch {
	case at["api_key_file"] != 0:
		return r.keyFile(a, at["api_key_file"])
	case at["api_key"] != 0:
		return r.inlineKey(a, inline, at["api_key"])
	}
	return r.envKey(a, at)
}

func (r *reader) keyFile(a *Account, line int) string {
	if a.APIKeyFile == "" {
		r.problemf(line, "api_key_file is empty: write the path of a file that holds the key")
		return ""
	}
	a.APIKeyFile = promconfig.JoinDir(r.dir, a.APIKeyFile)
	r.use("api_key_file", a.APIKeyFile, line)
	key, err := readKeyFile(a.APIKeyFile)
	_, content := errors.AsType[keyError](err)
	switch {
	case content:
		r.problemf(line, "the key file %v: write the API key into it, and nothing else", err)
	case err != nil:
		r.problemf(line, "the key file can't be read: %v: write the path of a file that holds the key and is readable to the user that runs the exporter (relative paths start from %s)", err, quotePath(r.dir))
	default:
		r.warnExposed("the key file", a.APIKeyFile, line)
	}
	return key
}

func (r *reader) inlineKey(a *Account, key string, line int) string {
	clean, err := cleanKey(key)
	switch {
	case strings.HasPrefix(key, "$"):
		r.problemf(line, "api_key starts with $, but variables are not expanded: write api_key_env: and the variable's name, without $")
	case err != nil:
		r.problemf(line, "api_key %v: write the API key in quotes, or better its file's path as api_key_file", err)
	default:
		a.APIKey = promconfig.Secret(clean)
		r.warnf(line, "the API key stands in the configuration: better put it into a file that only the exporter can read, and write api_key_file: and its path")
	}
	return clean
}

func (r *reader) envKey(a *Account, at lines) string {
	line, explicit := at["api_key_env"]
	if !explicit {
		line, a.APIKeyEnv = at[""], DefaultAPIKeyEnv
	}
	if !envName.MatchString(a.APIKeyEnv) {
		r.problemf(line, "api_key_env is not a variable's name: write that, without $, such as %s; a key itself belongs into a file, see api_key_file", DefaultAPIKeyEnv)
		return ""
	}
	shown := "the environment variable that api_key_env names"
	if conventionalEnvName.MatchString(a.APIKeyEnv) && !looksLikeKey(a.APIKeyEnv) {
		shown = "the environment variable " + a.APIKeyEnv
	}
	key, err := cleanKey(os.Getenv(a.APIKeyEnv))
	_, set := os.LookupEnv(a.APIKeyEnv)
	switch {
	case !set:
		r.problemf(line, "%s is not set: set it to the API key, or write api_key_file: and the path of a file that holds the key", shown)
	case err != nil:
		r.problemf(line, "%s %v: set it to the API key, or write api_key_file: and the path of a file that holds the key", shown, err)
	default:
		a.envKey = key
	}
	return key
}
