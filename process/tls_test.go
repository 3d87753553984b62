package process_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"smartlead_exporter/internal/testkit"
)

// certify returns a certificate for this host that is its own authority, and its key, in PEM.
func certify(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}))
}

const (
	webUser     = "prometheus"
	webPassword = "correct horse"
	// webUsers has the password as bcrypt hashes it, at the lowest cost.
	webUsers = "basic_auth_users:\n  prometheus: $2a$04$o0NgP2mxrmB8xOuA/An05u5NH4BamGMWaQ4Z0HRoezSrWiytMGrNG\n"
)

// trust makes a process's client speak TLS, to whom the certificate belongs.
func (p *process) trust(certificate string) {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(certificate))
	p.client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: roots}
	p.url = strings.Replace(p.url, "http:", "https:", 1)
}

func TestTLSAndBasicAuthentication(t *testing.T) {
	t.Parallel()
	certificate, key := certify(t)
	p := start(t, launch{
		args: []string{"--demo", "--web.enable-lifecycle", "--web.config.file=web.yml"},
		dir: testkit.Write(t, map[string]string{
			"cert.pem": certificate, "key.pem": key,
			"web.yml": "tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n" + webUsers,
		}),
	})
	if r := p.get("/metrics"); r.status != http.StatusBadRequest {
		t.Errorf("without TLS: status %d, want 400", r.status)
	}
	plain := p.url
	p.url = strings.Replace(p.url, "http:", "https:", 1)
	if _, err := p.do(http.MethodGet, "/metrics"); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a client that doesn't know the certificate got %v", err)
	}
	p.client = newClient(t)
	p.url = plain
	p.trust(certificate)

	authorized := []string{"Authorization", basicAuth(webUser, webPassword)}
	for _, tc := range []struct {
		name    string
		headers []string
		want    int
	}{
		{"nobody", nil, http.StatusUnauthorized},
		{"with a wrong password", []string{"Authorization", basicAuth(webUser, "wrong")}, http.StatusUnauthorized},
		{"somebody else", []string{"Authorization", basicAuth("somebody", webPassword)}, http.StatusUnauthorized},
		{"who may", authorized, http.StatusOK},
	} {
		for _, path := range []string{"/metrics", "/", "/sd", "/status", "/status/campaigns/101", "/config", "/docs/", "/probe?campaign_id=101", "/-/healthy"} {
			if got := p.get(path, tc.headers...).status; got != tc.want {
				t.Errorf("%s, %s: status %d, want %d", path, tc.name, got, tc.want)
			}
		}
	}
	if r := p.post("/-/reload"); r.status != http.StatusUnauthorized {
		t.Errorf("nobody may reload: status %d, want 401", r.status)
	}
}

// A certificate that is renewed is used without a restart.
func TestRenewedCertificate(t *testing.T) {
	t.Parallel()
	certificate, key := certify(t)
	dir := testkit.Write(t, map[string]string{
		"cert.pem": certificate, "key.pem": key, "web.yml": "tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n",
	})
	p := start(t, launch{args: []string{"--demo", "--web.config.file=web.yml"}, dir: dir})
	p.trust(certificate)
	p.get("/-/healthy")

	renewed, key := certify(t)
	testkit.Overwrite(t, filepath.Join(dir, "cert.pem"), renewed)
	testkit.Overwrite(t, filepath.Join(dir, "key.pem"), key)
	p.client = newClient(t)
	p.trust(renewed)
	if r := p.get("/-/healthy"); r.status != http.StatusOK {
		t.Errorf("status %d", r.status)
	}
}

func basicAuth(user, password string) string {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(user, password)
	return r.Header.Get("Authorization")
}

// A web configuration that can't be used is told like another one: with file, line and remedy, by the check and by a start
// that doesn't even try to listen.
func TestWebConfigurationThatIsRefused(t *testing.T) {
	t.Parallel()
	dir := testkit.Write(t, map[string]string{
		"config.yml": "accounts: [{campaigns: [1]}]\ncache: {file: web.yml}\n", "good.yml": "accounts: [{campaigns: [1]}]\n",
		"web.yml": "basic_auth_users:\n  prometheus: in the clear\n",
	})
	const problem, taken = "web.yml:1: a password that isn't hashed by bcrypt: write what htpasswd", "config.yml:2: cache.file: it is the file of --web.config.file"
	for _, args := range [][]string{
		{"--config.check"},
		{"--web.listen-address=" + listen(t)},
	} {
		p := run(t, launch{args: append(args, "--config.file=good.yml", "--web.config.file=web.yml"), env: keyInEnv(testkit.Key), dir: dir})
		if status := p.wait(); status != 1 {
			t.Errorf("%v: exit status %d, want 1", args, status)
		}
		stderr := p.stderr.String()
		if testkit.CountLines(stderr, problem) != 1 || strings.Contains(stderr, "address already in use") || strings.Contains(stderr, "in the clear") {
			t.Errorf("%v: stderr has no line with %q, or it tried to listen, or it shows the password", args, problem)
		}
		p = run(t, launch{args: append(args, "--web.config.file=web.yml"), env: keyInEnv(testkit.Key), dir: dir})
		if status := p.wait(); status != 1 {
			t.Errorf("%v: exit status %d, want 1", args, status)
		}
		if stderr := p.stderr.String(); testkit.CountLines(stderr, taken) != 1 || testkit.CountLines(stderr, problem) != 1 {
			t.Errorf("%v: stderr doesn't have a line for each of the two problems", args)
		}
	}
}
