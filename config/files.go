package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	promconfig "github.com/prometheus/common/config"
)

// maxFileSize bounds the files of http_config. A bundle of every public authority has a quarter of this.
const maxFileSize = 1 << 20

// usedFile is a file that the configuration names, and where it does.
type usedFile struct {
	setting string
	path    string
	line    int
}

// use notes that a setting names a file, so that cache.file doesn't take it.
func (r *reader) use(setting, path string, line int) {
	r.used = append(r.used, usedFile{setting, path, line})
}

// readRegular returns what is in a file of at most limit bytes. Its errors don't hold the path: it is in the
// configuration, and a secret itself if it stands in the wrong place there.
func readRegular(path string, limit int) ([]byte, error) {
	// A pipe would block for ever, and a second read of it finds nothing.
	info, err := os.Stat(path)
	if err != nil {
		return nil, bare(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("is not a regular file")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, bare(err)
	}
	defer file.Close()

	data, err := io.ReadAll(io.LimitReader(file, int64(limit)+1))
	if err != nil {
		return nil, bare(err)
	}
	if len(data) > limit {
		return nil, fmt.Errorf("is larger than %d KiB", limit>>10)
	}
	return data, nil
}

// warnExposed warns about a file with a secret that more users can read than need to.
func (r *reader) warnExposed(what, path string, line int) {
	info, err := os.Stat(path)
	if err != nil || !exposed(info) {
		return
	}
	r.warnf(line, "%s can be read by others than the exporter (its mode is %04o): chmod 600, or, where it is mounted from a secret, set the mode there, such as 0400", what, info.Mode().Perm())
}

// httpFiles are the settings of http_config that name a file, and whether that holds a secret.
var httpFiles = map[string]struct{ named, secret bool }{
	"bearer_token_file":           {true, true},
	"ca_file":                     {true, false},
	"cert_file":                   {true, false},
	"client_certificate_key_file": {true, true},
	"client_secret_file":          {true, true},
	"credentials_file":            {true, true},
	"http_headers":                {true, true},
	"key_file":                    {true, true},
	"password_file":               {true, true},
	"username_file":               {true, false},
}

// httpFile checks a file that http_config names in a setting: that it can be read, and is not empty. Without this, all
// requests would fail later.
func (r *reader) httpFile(setting, path string, line int) {
	if path == "" { // As if it weren't there.
		return
	}
	path = promconfig.JoinDir(r.dir, path)
	shown := ""
	if !httpFiles[setting].secret && !looksLikeKey(path) { // Else it may be the secret, in the wrong place.
		shown = path + ": "
	}
	r.use(setting, path, line)
	data, err := readRegular(path, maxFileSize)
	switch {
	case err != nil:
		r.problemf(line, "the file of %s can't be read: %s%v: write the path of a file that is readable to the user that runs the exporter (relative paths start from %s)", setting, shown, err, quotePath(r.dir))
	case strings.TrimSpace(string(data)) == "":
		r.problemf(line, "the file of %s is empty: write into it what it is to hold, or leave %s out", setting, setting)
	case setting == "ca_file" && !hasCertificate(data):
		r.problemf(line, "the file of ca_file has no certificate in it: write the path of one in PEM form, which begins with -----BEGIN CERTIFICATE-----")
	case httpFiles[setting].secret:
		r.warnExposed("the file of "+setting, path, line)
	}
}

func hasCertificate(pem []byte) bool {
	return x509.NewCertPool().AppendCertsFromPEM(pem)
}

// certificates checks what is inline in a tls_config, and that a client certificate and its key belong together. Paths
// in it are complete already.
func (r *reader) certificates(c *promconfig.TLSConfig, line int) {
	if c.CA != "" && !hasCertificate([]byte(c.CA)) {
		r.problemf(line, "tls_config: ca has no certificate in it: write one in PEM form, below ca: |, or its file's path as ca_file")
	}
	cert, certErr := inlineOr(c.Cert, c.CertFile)
	key, keyErr := inlineOr(string(c.Key), c.KeyFile)
	if certErr != nil || keyErr != nil || cert == nil || key == nil {
		return // Nothing to compare, or told by httpFile.
	}
	if _, err := tls.X509KeyPair(cert, key); err != nil {
		r.problemf(line, "tls_config: the client certificate and its key can't be used: %s: write a certificate in PEM form, and the key that it was made for", strings.TrimPrefix(err.Error(), "tls: "))
	}
}

func inlineOr(text, path string) ([]byte, error) {
	if text != "" {
		return []byte(text), nil
	}
	if path == "" {
		return nil, nil
	}
	return readRegular(path, maxFileSize)
}

// cacheFile checks that the exporter may write to cache.file, and takes nothing away by it that the configuration
// needs.
func (r *reader) cacheFile(path string, line int) {
	const instead = "name another file, which nothing else uses, such as /var/lib/smartlead_exporter/cache"
	if sameFile(path, r.file) {
		r.problemf(line, "cache.file: it is the configuration itself, which would be overwritten: %s", instead)
		return
	}
	for _, other := range r.used {
		if sameFile(path, other.path) {
			r.problemf(line, "cache.file: it is the file of %s (line %d), which would be overwritten: %s", other.setting, other.line, instead)
			return
		}
	}
	for _, other := range r.reserved {
		if sameFile(path, other.Path) {
			r.problemf(line, "cache.file: it is the file of %s, which would be overwritten: %s", other.By, instead)
			return
		}
	}
	// Beside it, the exporter writes under names of its own.
	for _, suffix := range []string{".new", ".ignored"} {
		for _, other := range append(r.used, usedFile{"--config.file", r.file, 1}) {
			if sameFile(path+suffix, other.path) {
				r.problemf(line, "cache.file: with %s at its end, where the exporter writes as well, is the file of %s (line %d): %s", suffix, other.setting, other.line, instead)
				return
			}
		}
	}

	dir := filepath.Dir(path)
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		r.problemf(line, "cache.file: it is a directory: write the path of a file in it, or name another file")
		return
	case err == nil && !info.Mode().IsRegular():
		r.problemf(line, "cache.file: it is not a regular file: %s", instead)
		return
	}
	switch info, err = os.Stat(dir); {
	case errors.Is(err, os.ErrNotExist):
		r.problemf(line, "cache.file: its directory doesn't exist: make it, writable to the user that runs the exporter, or name another file")
	case err != nil:
		r.problemf(line, "cache.file: its directory can't be used: %v: let the exporter write there, or name another file", bare(err))
	case !info.IsDir():
		r.problemf(line, "cache.file: what should be its directory is none: %s", instead)
	default:
		if err := writable(dir); err != nil {
			r.problemf(line, "cache.file: the exporter can't write to its directory: %v: let the user that runs it write there, or name another file", err)
		}
	}
}

// sameFile reports whether two paths lead to one file, be it by another spelling or by links, and whether or not there
// is a file yet.
func sameFile(a, b string) bool {
	if realPath(a) == realPath(b) {
		return true
	}
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// realPath returns the absolute path of a file without links, as far as there is something on the way.
func realPath(path string) string {
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		return resolved
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		return filepath.Join(dir, filepath.Base(path))
	}
	return path
}
