package config

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// apiPath is where Smartlead has its API, on whatever host.
const apiPath = "/api/v1"

// apiHost is the host of [DefaultBaseURL].
const apiHost = "server.smartlead.ai"

// pageHosts are Smartlead's hosts for people: the application, the site, the documentation of the API, the help.
var pageHosts = []string{"app.smartlead.ai", "smartlead.ai", "www.smartlead.ai", "api.smartlead.ai", "help.smartlead.ai", "helpcenter.smartlead.ai"}

// baseURL checks where the requests go. The URL is in no message: who pastes one with a key in it must not find it in
// the log.
func (r *reader) baseURL(a *Account, key string, line int) {
	const instead = "write https, a host and a path, such as " + DefaultBaseURL
	a.BaseURL = strings.TrimSpace(a.BaseURL)
	u, err := url.Parse(a.BaseURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		r.problemf(line, "base_url is not an http URL: %s", instead)
		return
	}
	before := r.failures
	if u.User != nil {
		r.problemf(line, "base_url has a user name or password: %s; basic_auth belongs in http_config", instead)
	}
	if u.RawQuery != "" || u.ForceQuery {
		r.problemf(line, "base_url has a query: %s; the key belongs in api_key_file or api_key_env", instead)
	}
	if strings.Contains(a.BaseURL, "#") {
		r.problemf(line, "base_url has a fragment: %s", instead)
	}
	if port := u.Port(); port != "" {
		if number, err := strconv.Atoi(port); err != nil || number < 1 || number > 65535 {
			r.problemf(line, "base_url has a port that is not from 1 to 65535: %s", instead)
		}
	}
	if u.Scheme == "http" && !isLoopback(u.Hostname()) {
		r.problemf(line, "base_url is plain http, which sends the key in the clear: write https:// (http:// is for localhost only)")
	}
	if holdsKey(u.Host+u.Path, key) {
		r.problemf(line, "base_url has the API key in it: %s; the key belongs in api_key_file or api_key_env", instead)
	}
	a.BaseURL = strings.TrimRight(a.BaseURL, "/")
	if r.failures == before {
		r.apiPath(u, line)
	}
}

// apiPath checks that a URL ends where the API begins. On Smartlead's own host that is known; another one may have it
// elsewhere.
func (r *reader) apiPath(u *url.URL, line int) {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	path := strings.TrimRight(u.Path, "/")
	switch {
	case slices.Contains(pageHosts, host):
		r.problemf(line, "base_url is where Smartlead's pages are, and not its API: write %s, or leave base_url out", DefaultBaseURL)
	case host != apiHost && strings.HasSuffix(host, ".smartlead.ai"):
		r.warnf(line, "base_url is another host of Smartlead's than the one that is documented, %s: is it right?", apiHost)
	case path == apiPath || host != apiHost && strings.HasSuffix(path, apiPath):
	case host == apiHost && strings.HasPrefix(path, apiPath+"/"):
		r.problemf(line, "base_url goes on after %s, where the exporter adds what it asks for: write %s, or leave base_url out", apiPath, DefaultBaseURL)
	case host == apiHost:
		r.problemf(line, "base_url doesn't end in %s, where the API is: write %s, or leave base_url out", apiPath, DefaultBaseURL)
	case strings.Contains(path+"/", apiPath+"/"):
		r.warnf(line, "base_url goes on after %s, where the exporter adds what it asks for: should it end there?", apiPath)
	default:
		r.warnf(line, "base_url doesn't end in %s, where Smartlead's API is: is it complete?", apiPath)
	}
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
