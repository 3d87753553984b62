package config_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"smartlead_exporter/config"
)

// certificate returns a certificate that signs itself, and its key, in PEM form.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: plain}))
}

// fill makes files in the working directory.
func fill(t *testing.T, files map[string]string) {
	t.Helper()
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRefusedHTTPFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("SMARTLEAD_API_KEY", "key")
	cert, key := certificate(t)
	_, otherKey := certificate(t)
	fill(t, map[string]string{
		"cert.pem": cert, "key.pem": key, "other.pem": otherKey, "text": "text\n", "empty": " \n", "large": strings.Repeat("x", 1<<20+1), "dir/x": "",
	})
	const (
		unreadable  = ": write the path of a file that is readable to the user that runs the exporter"
		certificate = "write the path of one in PEM form"
	)
	for _, tc := range []struct{ setting, says, do string }{
		{"tls_config: {ca_file: missing.pem}", "the file of ca_file can't be read: missing.pem: no such file or directory", unreadable},
		{"tls_config: {ca_file: dir}", "the file of ca_file can't be read: dir: is not a regular file", unreadable},
		{"tls_config: {ca_file: /dev/zero}", "the file of ca_file can't be read: /dev/zero: is not a regular file", unreadable},
		{"tls_config: {ca_file: large}", "the file of ca_file can't be read: large: is larger than 1024 KiB", unreadable},
		{"tls_config: {ca_file: cert.pem/x}", "the file of ca_file can't be read: cert.pem/x: not a directory", unreadable},
		{"tls_config: {ca_file: empty}", "the file of ca_file is empty", "or leave ca_file out"},
		{"tls_config: {ca_file: text}", "the file of ca_file has no certificate in it", certificate},
		{"tls_config: {ca_file: key.pem}", "the file of ca_file has no certificate in it", certificate},
		{"tls_config: {ca: text}", "tls_config: ca has no certificate in it", "or its file's path as ca_file"},
		{"tls_config: {cert_file: missing.pem, key_file: key.pem}", "the file of cert_file can't be read", unreadable},
		{"tls_config: {cert_file: cert.pem, key_file: missing.pem}", "the file of key_file can't be read", unreadable},
		{"tls_config: {cert_file: cert.pem, key_file: other.pem}", "the client certificate and its key can't be used: private key does not match public key", "the key that it was made for"},
		{"tls_config: {cert_file: key.pem, key_file: cert.pem}", "the client certificate and its key can't be used", "write a certificate in PEM form"},
		{"tls_config: {cert_file: cert.pem, key: " + canary + "}", "the client certificate and its key can't be used", "write a certificate in PEM form"},
		{"basic_auth: {username: a, password_file: missing}", "the file of password_file can't be read", unreadable},
		{"basic_auth: {username: a, password_file: empty}", "the file of password_file is empty", "or leave password_file out"},
		{"basic_auth: {username_file: missing}", "the file of username_file can't be read", unreadable},
		{"authorization: {credentials_file: missing}", "the file of credentials_file can't be read", unreadable},
		{"authorization: {credentials_file: " + canary + "}", "the file of credentials_file can't be read", unreadable},
		{"authorization: {credentials_file: empty}", "the file of credentials_file is empty", "or leave credentials_file out"},
		{"bearer_token_file: missing", "the file of bearer_token_file can't be read", unreadable},
		{"http_headers: {X-A: {files: [missing]}}", "the file of http_headers can't be read", unreadable},
		{"oauth2: {client_id: a, token_url: 'https://a.example', client_secret_file: missing}", "the file of client_secret_file can't be read", unreadable},
		{"oauth2: {client_id: a, token_url: 'https://a.example', client_secret: a, tls_config: {ca_file: missing}}", "the file of ca_file can't be read", unreadable},
		{"authorization: {credentials_ref: a}", "credentials_ref names a secret of a secret manager", "its path as credentials_file"},
		{"tls_config: {ca_ref: a}", "ca_ref names a secret of a secret manager", "its path as ca_file"},
	} {
		t.Run(tc.setting, func(t *testing.T) {
			got := told(t, inAccount("campaigns: [1]", "http_config:", "  enable_http2: true", "  "+tc.setting))
			line := "5"
			if strings.Contains(tc.says, "tls_config: ") || strings.Contains(tc.says, "client certificate") {
				line = "3" // of the two settings together
			}
			if !strings.HasPrefix(got, "config.yml:"+line+": ") || !strings.Contains(got, tc.says) || !strings.Contains(got, tc.do) || strings.Contains(got, "\n") {
				t.Errorf("got  %s\nwant config.yml:%s: %s … %s, in one line", got, line, tc.says, tc.do)
			}
			if part, tells := tells(got); tells {
				t.Errorf("tells %q of a secret: %s", part, got)
			}
		})
	}
	for _, setting := range []string{
		"tls_config: {ca_file: cert.pem, cert_file: cert.pem, key_file: key.pem}",
		"basic_auth: {username_file: text, password_file: text}", "bearer_token_file: text", "http_headers: {X-A: {files: [text]}}",
	} {
		if got := told(t, inAccount("campaigns: [1]", "http_config:", "  "+setting)); got != "" {
			t.Errorf("%s: %s", setting, got)
		}
	}
}

// TestCacheFileTakesNothingAway writes, as cache.file, what the configuration uses for something else, in each spelling.
func TestCacheFileTakesNothingAway(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("SMARTLEAD_API_KEY", "key")
	cert, key := certificate(t)
	fill(t, map[string]string{"key": "the-key\n", "ca.pem": cert, "cert.pem": cert, "key.pem": key, "token": "token", "sub/x": "x", "cache.new": "the-key", "old.ignored": "the-key"})
	for link, target := range map[string]string{"config-link": "config.yml", "key-link": "sub/../key", "here": "."} {
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
	}
	const text = `accounts:
  - campaigns: [1]
    api_key_file: key
    http_config:
      tls_config: {ca_file: ca.pem, cert_file: cert.pem, key_file: key.pem}
      authorization: {credentials_file: token}
  - {name: second, api_key_file: cache.new, campaigns: [2]}
  - {name: third, api_key_file: old.ignored, campaigns: [3]}
cache:
  ttl: 1m
  file: `
	fill(t, map[string]string{"config.yml": text})
	if err := os.Link("token", "token-link"); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ file, says string }{
		{"config.yml", "it is the configuration itself"},
		{"./config.yml", "it is the configuration itself"},
		{"sub/../config.yml", "it is the configuration itself"},
		{dir + "/config.yml", "it is the configuration itself"},
		{"config-link", "it is the configuration itself"},
		{"here/config.yml", "it is the configuration itself"},
		{"key", "it is the file of api_key_file (line 3)"},
		{"key-link", "it is the file of api_key_file (line 3)"},
		{"here/here/key", "it is the file of api_key_file (line 3)"},
		{"ca.pem", "it is the file of ca_file (line 5)"},
		{"cert.pem", "it is the file of cert_file (line 5)"},
		{dir + "/sub/../key.pem", "it is the file of key_file (line 5)"},
		{"token", "it is the file of credentials_file (line 6)"},
		{"token-link", "it is the file of credentials_file (line 6)"},
		{"cache", "with .new at its end, where the exporter writes as well, is the file of api_key_file (line 7)"},
		{"old", "with .ignored at its end, where the exporter writes as well, is the file of api_key_file (line 8)"},
		{"sub", "it is a directory: write the path of a file in it, or name another file"},
		{"/dev/null", "it is not a regular file"},
		{"missing/cache", "its directory doesn't exist: make it"},
		{"key/cache", "what should be its directory is none"},
		{"key/sub/cache", "its directory can't be used: not a directory"},
		{`""`, "file is empty: write the path of a file that the exporter may write, or leave it out"},
	} {
		t.Run(tc.file, func(t *testing.T) {
			fill(t, map[string]string{"config.yml": text + tc.file + "\n"})
			_, err := config.Load("config.yml")
			if got := message(t, err); !strings.HasPrefix(got, "config.yml:11: ") || !strings.Contains(got, tc.says) || strings.Contains(got, "\n") {
				t.Errorf("got  %s\nwant config.yml:11: %s, in one line", got, tc.says)
			}
		})
	}
	fill(t, map[string]string{"config.yml": text + "web.yml\n", "web.yml": ""})
	for _, load := range []func() error{
		func() error {
			_, err := config.Load("config.yml", config.Reserved{By: "--web.config.file", Path: "sub/../web.yml"})
			return err
		},
		func() error {
			return config.NewHolder("config.yml", config.Reserved{By: "--web.config.file", Path: "here/web.yml"}).Reload(nil)
		},
	} {
		if got, want := message(t, load()), "config.yml:11: cache.file: it is the file of --web.config.file"; !strings.HasPrefix(got, want) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	for _, file := range []string{"state", "sub/x", "sub/config.yml", "here/state"} {
		fill(t, map[string]string{"config.yml": text + file + "\n"})
		if _, err := config.Load("config.yml"); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestCacheFileInDirectoryThatIsNotWritable(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Log("root may write anywhere but to what is read-only as such")
		return
	}
	t.Chdir(t.TempDir())
	t.Setenv("SMARTLEAD_API_KEY", "key")
	if err := os.Mkdir("locked", 0o500); err != nil {
		t.Fatal(err)
	}
	got := told(t, "accounts: [{campaigns: [1]}]\ncache: {file: locked/cache}\n")
	if want := "config.yml:2: cache.file: the exporter can't write to its directory: permission denied: let the user"; !strings.HasPrefix(got, want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestExposedSecretsWarn has files with secrets in each mode, read through links as a cluster mounts them.
func TestExposedSecretsWarn(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("SMARTLEAD_API_KEY", "key")
	_, key := certificate(t)
	fill(t, map[string]string{"..data/key": "the-key\n", "..data/key.pem": key})
	for _, link := range []string{"key", "key.pem"} {
		if err := os.Symlink("..data/"+link, link); err != nil {
			t.Fatal(err)
		}
	}
	const remedy = "chmod 600, or, where it is mounted from a secret, set the mode there, such as 0400"
	for mode, warns := range map[os.FileMode]bool{
		0o644: true, 0o444: true, 0o640: true, 0o440: true, 0o604: true, 0o660: true, 0o666: true, 0o602: true,
		0o600: false, 0o400: false, 0o700: false,
	} {
		for setting, what := range map[string]string{
			"api_key_file: key":                                     "the key file",
			"http_config: {bearer_token_file: key}":                 "the file of bearer_token_file",
			"http_config: {basic_auth: {password_file: key}}":       "the file of password_file",
			"http_config: {http_headers: {X-A: {files: [key]}}}":    "the file of http_headers",
			"http_config: {authorization: {credentials_file: key}}": "the file of credentials_file",
		} {
			if err := os.Chmod("key", mode); err != nil {
				t.Fatal(err)
			}
			want := ""
			if warns {
				want = fmt.Sprintf("warning config.yml:3: %s can be read by others than the exporter (its mode is %04o): %s", what, mode, remedy)
			}
			if got := told(t, inAccount("campaigns: [1]", setting)); got != want {
				t.Errorf("%s, %04o:\ngot  %s\nwant %s", setting, mode, got, want)
			}
		}
	}
}
