package web

import (
	"context"
	stdlog "log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
)

// endTimeout is how long clients may take to read their answers when the server is told to end.
const endTimeout = 5 * time.Second

// Server serves a handler until it is told to end.
type Server struct {
	*http.Server
	logger     log.Logger
	handler    *Handler
	endWaiting context.CancelFunc

	mu     sync.Mutex
	ending bool
	unused map[net.Conn]struct{} // connections over which nothing was asked yet
}

// NewServer returns the server of a handler. What goes wrong with a connection is logged.
func NewServer(logger log.Logger, handler *Handler) *Server {
	waiting, endWaiting := context.WithCancel(context.Background())
	s := &Server{logger: logger, handler: handler, endWaiting: endWaiting, unused: map[net.Conn]struct{}{}}
	s.Server = &http.Server{
		Handler:           handler,
		BaseContext:       func(net.Listener) context.Context { return waiting },
		ErrorLog:          ErrorLog(logger),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      time.Minute, // scrapes set their own
		IdleTimeout:       5 * time.Minute,
		ConnState:         s.track,
	}
	s.RegisterOnShutdown(s.closeUnused)
	return s
}

// End ends the server. Whoever waits is answered at once, with what there is; End returns when all have read their answers,
// or when they had time enough to.
func (s *Server) End() {
	s.handler.Stopping()
	s.endWaiting()
	ctx, cancel := context.WithTimeout(context.Background(), endTimeout)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		_ = level.Warn(s.logger).Log("msg", "ended although requests were still being served", "err", err)
		_ = s.Close()
	}
}

// track keeps unused up to date.
func (s *Server) track(conn net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case state != http.StateNew:
		delete(s.unused, conn)
	case s.ending:
		_ = conn.Close() // it came too late; nobody has asked anything yet
	default:
		s.unused[conn] = struct{}{}
	}
}

// closeUnused closes the connections over which nothing was asked, as browsers keep ready: Shutdown would wait for them.
func (s *Server) closeUnused() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ending = true
	for conn := range s.unused {
		_ = conn.Close()
	}
}

// ErrorLog returns the log for what goes wrong with a server's connections.
func ErrorLog(logger log.Logger) *stdlog.Logger { return stdlog.New(complaints{logger}, "", 0) }

// complaints logs what net/http complains of as it is: log.NewStdlibAdapter takes the address of a client for a caller.
type complaints struct{ logger log.Logger }

func (c complaints) Write(line []byte) (int, error) {
	_ = level.Warn(c.logger).Log("msg", strings.TrimSpace(string(line)))
	return len(line), nil
}
