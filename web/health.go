package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	toolkit "github.com/prometheus/exporter-toolkit/web"
)

const (
	healthTimeout = 3 * time.Second
	// maxHealthAnswer bounds what is read of an answer, in bytes; the exporter's own is a word.
	maxHealthAnswer = 512
)

// CheckHealth asks the exporter that runs with the same flags on this host whether it lives, for container engines that
// have no shell to ask with. A nil error means that it does. With basic authentication or client certificates switched
// on, being turned away by it counts as life, too: health checks shouldn't need credentials.
func CheckHealth(ctx context.Context, flags *toolkit.FlagConfig) error {
	address, err := HealthURL(*flags.WebListenAddresses, *flags.WebConfigFile)
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
	if failed, ok := errors.AsType[*net.OpError](err); ok && failed.Op == "remote error" {
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
