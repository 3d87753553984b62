package web

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	toolkit "github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v3"
)

// CheckConfig returns why the web configuration at path can't be used, as "file:line: what is wrong: the remedy", a line for
// each problem; path may be "" for none. exporter-toolkit finds the same, but only once it listens, without naming the
// file, and at times quoting a password.
func CheckConfig(path string) error {
	if path == "" {
		return nil
	}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: no such file: name a web configuration by --web.config.file, or leave that flag out", path)
	}
	if err != nil {
		if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
			err = pathErr.Err
		}
		return fmt.Errorf("%s: can't be read: %w: name a web configuration by --web.config.file, readable to the user that runs the exporter, or leave that flag out", path, err)
	}
	if err := toolkit.Validate(path); err != nil {
		line, message := explain(err.Error(), content)
		return fmt.Errorf("%s:%d: %s", path, line, message)
	}
	return nil
}

// ConfigFiles returns the web configuration at path and the files that it names.
func ConfigFiles(path string) []string {
	if path == "" {
		return nil
	}
	files := []string{path}
	var settings toolkit.Config
	content, err := os.ReadFile(path)
	if err != nil || yaml.Unmarshal(content, &settings) != nil {
		return files // CheckConfig tells why.
	}
	settings.TLSConfig.SetDirectory(filepath.Dir(path))
	for _, file := range []string{settings.TLSConfig.TLSCertPath, settings.TLSConfig.TLSKeyPath, settings.TLSConfig.ClientCAs} {
		if file != "" {
			files = append(files, file)
		}
	}
	return files
}

// explanations are what exporter-toolkit complains of, by a part of its message; the key whose line is named, and what is
// said instead. With quoted, what it says itself is in the middle; else that may hold a secret, or says too little.
var explanations = []struct {
	part   string
	keys   []string
	quoted bool
	say    string
}{
	{"read cert_file", []string{"cert_file"}, true, "write the path of a certificate in PEM form, from this file's directory, that the exporter may read"},
	{"read key_file", []string{"key_file"}, true, "write the path of a key in PEM form, from this file's directory, that the exporter may read"},
	{"X509KeyPair", []string{"cert_file", "cert"}, true, "write a certificate in PEM form, and the key that it was made for"},
	{"missing one of cert", []string{"tls_server_config"}, true, "write cert_file: and key_file:"},
	{"missing one of key", []string{"tls_server_config"}, true, "write cert_file: and key_file:"},
	{"invalid ClientAuth", []string{"client_auth_type"}, false, "client_auth_type is none: write NoClientCert, RequestClientCert, RequireAnyClientCert, VerifyClientCertIfGiven or RequireAndVerifyClientCert"},
	{"without a Client Auth Policy", []string{"client_ca_file", "client_ca"}, true, "write client_auth_type: RequireAndVerifyClientCert beside it"},
	{"no such file", []string{"client_ca_file"}, true, "write the path of a certificate in PEM form, from this file's directory, that the exporter may read"},
	{"permission denied", []string{"client_ca_file"}, true, "write the path of a certificate in PEM form, from this file's directory, that the exporter may read"},
	{"unknown TLS version", []string{"min_version", "max_version"}, false, "an unknown TLS version: write TLS10, TLS11, TLS12 or TLS13"},
	{"unknown cipher", []string{"cipher_suites"}, false, "an unknown cipher suite: write Go's names, such as TLS_AES_128_GCM_SHA256, or leave cipher_suites out"},
	{"unknown curve", []string{"curve_preferences"}, false, "an unknown curve: write CurveP256, CurveP384, CurveP521 or X25519, or leave curve_preferences out"},
	{"can not be configured", []string{"headers"}, true, "write one of those that exporter-toolkit's documentation names"},
	{"invalid value for", []string{"headers"}, true, "write one of these, or leave the header out"},
	{"bcrypt", []string{"basic_auth_users"}, false, "a password that isn't hashed by bcrypt: write what htpasswd -nBC 10 USER prints after the colon"},
	{"hashedSecret", []string{"basic_auth_users"}, false, "a password that isn't hashed by bcrypt: write what htpasswd -nBC 10 USER prints after the colon"},
}

// unknownField is how the library complains of a key, whose name is no secret here.
var (
	errorLine    = regexp.MustCompile(`line (\d+): (.*)`)
	unknownField = regexp.MustCompile(`^field (\S+) (?:not found in|already set in) type \S+$`)
)

// explain returns the line in content that an error of exporter-toolkit is about, and what is wrong there, with a remedy.
func explain(reason string, content []byte) (line int, message string) {
	var root yaml.Node
	if yaml.Unmarshal(content, &root) == nil {
		for _, e := range explanations {
			if !strings.Contains(reason, e.part) {
				continue
			}
			line = lineOf(&root, e.keys)
			if e.quoted {
				return line, reason + ": " + e.say
			}
			return line, e.say
		}
	}
	line = 1
	if m := errorLine.FindStringSubmatch(reason); m != nil {
		line, _ = strconv.Atoi(m[1]) // digits
		if field := unknownField.FindStringSubmatch(m[2]); field != nil {
			known := "write one of " + strings.Join(keys(reflect.TypeFor[toolkit.Config]()), ", ") + ", or what exporter-toolkit's documentation has below them"
			return line, fmt.Sprintf("unknown key %q, or one given twice: %s", field[1], known)
		}
		if strings.HasPrefix(reason, "yaml: unmarshal errors") {
			return line, "a value of the wrong kind: see exporter-toolkit's documentation of the web configuration"
		}
	}
	return line, "not a web configuration: write YAML, such as tls_server_config: {cert_file: cert.pem, key_file: key.pem}"
}

// lineOf returns the line of the first of keys that is in a document, else 1.
func lineOf(n *yaml.Node, wanted []string) int {
	for _, key := range wanted {
		if line := find(n, key); line > 0 {
			return line
		}
	}
	return 1
}

func find(n *yaml.Node, key string) int {
	if n.Kind == yaml.AliasNode {
		return 0 // Found where it is defined.
	}
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 && child.Value == key {
			return child.Line
		}
		if line := find(child, key); line > 0 {
			return line
		}
	}
	return 0
}

func keys(t reflect.Type) []string {
	var names []string
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		names = append(names, name)
	}
	return names
}
