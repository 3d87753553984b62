package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v3"
)

const (
	healthTimeout = 3 * time.Second
	// maxHealthAnswer bounds what is read of an answer, in bytes; the exporter's own is a word.
	maxHealthAnswer = 512
)

// checkHealth asks the exporter that runs with the same flags on this host whether it lives, for container engines that
// have no shell to ask with. A nil error means that it does. With basic authentication or client certificates switched
// on, being refused by it counts as life, too: health checks shouldn't need credentials.
func checkHealth(ctx context.Context, toolkit *web.FlagConfig) error {
	address, err := healthURL(*toolkit.WebListenAddresses, *toolkit.WebConfigFile)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return fmt.Errorf("couldn't ask %s: %w", address, err)
	}
	transport := &http.Transport{
		Proxy:             nil, // It is on this host, whatever HTTP_PROXY says.
		DisableKeepAlives: true,
		//nolint:gosec // Its certificate is for the name others know it by; the request holds nothing secret and doesn't leave the host.
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}
	response, err := transport.RoundTrip(request)
	if refused, ok := errors.AsType[*net.OpError](err); ok && refused.Op == "remote error" {
		return nil // It speaks TLS and wants a certificate that a health check doesn't have.
	}
	if err != nil {
		return fmt.Errorf("couldn't reach %s: %w", address, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusUnauthorized {
		said, _ := io.ReadAll(io.LimitReader(response.Body, maxHealthAnswer)) // What came is all there is to show.
		return fmt.Errorf("%s answers %s: %q", address, response.Status, strings.TrimSpace(string(said)))
	}
	return nil
}

// healthURL returns where the exporter with these flags answers for its health: on the first of its addresses that TCP
// reaches.
func healthURL(listen []string, webConfigFile string) (string, error) {
	scheme := "http"
	if webConfigFile != "" {
		content, err := os.ReadFile(webConfigFile)
		if err != nil {
			return "", fmt.Errorf("couldn't read --web.config.file: %w", err)
		}
		var settings web.Config
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
