package programs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// Ports are looked for below those that systems give to outgoing connections, so that nobody takes one by chance before
// its program does.
const (
	firstPort = 20_000
	lastPort  = 32_000
)

var (
	portsMutex sync.Mutex
	portsGiven = map[int]bool{}
)

// FreeAddress returns a loopback address with a port on which nobody listens, another one each time.
func FreeAddress() (string, error) {
	portsMutex.Lock()
	defer portsMutex.Unlock()
	for range 100 {
		port := firstPort + rand.IntN(lastPort-firstPort)
		if address := loopback(port); !portsGiven[port] && IsFree(address) {
			portsGiven[port] = true
			return address, nil
		}
	}
	return "", errors.New("no port is free on 127.0.0.1")
}

// PreferredAddress returns a loopback address with this port if nobody listens there, else with another.
func PreferredAddress(port int) (string, error) {
	if address := loopback(port); IsFree(address) {
		return address, nil
	}
	address, err := FreeAddress()
	if err != nil {
		return "", fmt.Errorf("port %d is taken: %w", port, err)
	}
	return address, nil
}

// IsFree reports whether nobody listens at a loopback address.
func IsFree(address string) bool {
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", address)
	if err != nil {
		return false
	}
	_ = listener.Close()
	return true
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
