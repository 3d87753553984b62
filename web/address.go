package web

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"

	toolkit "github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v3"
)

// HealthURL returns where the exporter with these flags answers for its health: on the first of its addresses that TCP
// reaches.
func HealthURL(listen []string, webConfigFile string) (string, error) {
	scheme := "http"
	if webConfigFile != "" {
		content, err := os.ReadFile(webConfigFile)
		if err != nil {
			return "", fmt.Errorf("couldn't read --web.config.file: %w", err)
		}
		var settings toolkit.Config
		if err := yaml.Unmarshal(content, &settings); err != nil {
			return "", fmt.Errorf("couldn't read --web.config.file=%s: it isn't a web configuration", webConfigFile) // err may quote a password.
		}
		if settings.TLSConfig.IsEnabled() {
			scheme = "https"
		}
	}
	for _, address := range listen {
		host, port, err := net.SplitHostPort(address)
		if strings.Contains(address, "://") || err != nil {
			continue
		}
		whole := url.URL{Scheme: scheme, Host: net.JoinHostPort(reachable(host), port), Path: "/-/healthy"}
		return whole.String(), nil
	}
	return "", fmt.Errorf("couldn't make a URL of --web.listen-address=%s: a health check wants a host and a port, such as :10045", strings.Join(listen, ","))
}

// reachable returns the host to connect to for one that is listened on: loopback where that means every address.
func reachable(host string) string {
	if host == "" {
		return "127.0.0.1"
	}
	switch ip, err := netip.ParseAddr(host); {
	case err != nil || !ip.IsUnspecified():
		return host
	case ip.Is4():
		return "127.0.0.1"
	default:
		return "::1"
	}
}

// BrowserURL returns where a browser on this host finds a path of the exporter that listens on these addresses, or the path
// alone where the rest isn't known yet.
func BrowserURL(listen []string, tls bool, path string) string {
	scheme := "http"
	if tls {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(listen[0])
	if err != nil || port == "0" || strings.Contains(listen[0], "/") {
		return path
	}
	if host == "" || host == "0.0.0.0" || host == "::" {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, port) + path
}
