package config

import (
	"encoding/base64"
	"net/url"
	"os"
	"strings"

	promconfig "github.com/prometheus/common/config"
)

// Secrets returns what the account sends besides its key and nobody is to read: passwords and tokens of http_config, the
// values of its headers, and the password of a proxy, as they stand in the configuration, in files at the moment, and in
// what is sent. A file that can't be read is left out: without it, nothing is sent.
func (a *Account) Secrets() []string {
	var s secrets
	c := &a.HTTPConfig
	if b := c.BasicAuth; b != nil {
		s.login(s.either(b.Username, b.UsernameFile), s.either(string(b.Password), b.PasswordFile))
	}
	if auth := c.Authorization; auth != nil {
		s.add(s.either(string(auth.Credentials), auth.CredentialsFile))
	}
	s.add(s.either(string(c.BearerToken), c.BearerTokenFile))
	if o := c.OAuth2; o != nil {
		s.login(o.ClientID, s.either(string(o.ClientSecret), o.ClientSecretFile))
	}
	if c.HTTPHeaders != nil {
		for _, header := range c.HTTPHeaders.Headers {
			s.header(header)
		}
	}
	for _, values := range c.ProxyConnectHeader {
		for _, value := range values {
			s.value(string(value))
		}
	}
	s.proxy(c)
	return s.list
}

// secrets collects them. The zero value has none.
type secrets struct{ list []string }

func (s *secrets) add(secret string) {
	if secret = strings.TrimSpace(secret); secret != "" {
		s.list = append(s.list, secret)
	}
}

// login adds a password, and both as they are sent.
func (s *secrets) login(user, password string) {
	if password == "" {
		return
	}
	s.add(password)
	s.add(base64.StdEncoding.EncodeToString([]byte(user + ":" + password)))
}

// either returns what is in the configuration, or else in a file.
func (*secrets) either(inline, path string) string {
	if inline != "" || path == "" {
		return inline
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

func (s *secrets) header(h promconfig.Header) {
	for _, value := range h.Values {
		s.value(value)
	}
	for _, value := range h.Secrets {
		s.value(string(value))
	}
	for _, path := range h.Files {
		s.value(s.either("", path))
	}
}

// value adds a header's value, and what of it is behind the name of a scheme, as in "Bearer token".
func (s *secrets) value(value string) {
	s.add(value)
	if _, token, ok := strings.Cut(strings.TrimSpace(value), " "); ok {
		s.add(token)
	}
}

// proxy adds the password of the proxy, whether the configuration or the environment names it.
func (s *secrets) proxy(c *promconfig.HTTPClientConfig) {
	urls := []*url.URL{c.ProxyURL.URL}
	if c.ProxyFromEnvironment {
		for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"} {
			text := os.Getenv(name)
			if !strings.Contains(text, "://") {
				text = "http://" + text // as net/http reads it
			}
			if u, err := url.Parse(text); err == nil {
				urls = append(urls, u)
			}
		}
	}
	for _, u := range urls {
		if u == nil || u.User == nil {
			continue
		}
		password, _ := u.User.Password()
		s.login(u.User.Username(), password)
		s.add(u.User.String()) // as it stands in the URL
	}
}
