package smartlead

import (
	"context"
	"errors"
	"sync"
	"time"
)

// keyPatience is how long asking for the budget waits for the key. It is asked for with a lock held, and the key can come
// from a file on a disk that stalls.
const keyPatience = 100 * time.Millisecond

// errKeyStalls says that reading the key takes longer than anybody waits for it.
var errKeyStalls = errors.New("reading it takes too long")

// keySource reads the key, one reading at a time, for callers that don't wait for ever.
type keySource struct {
	read func() (string, error)

	mu      sync.Mutex
	newest  *keyReading // under way or done; nil before the first
	settled *keyReading // the newest that is done
}

// keyReading is a reading of the key. key and err are there once done is closed.
type keyReading struct {
	began time.Time
	done  chan struct{}
	key   string
	err   error
}

// begin returns the reading that is under way, or else a new one.
func (s *keySource) begin() *keyReading {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.newest != nil && s.newest != s.settled {
		return s.newest
	}
	r := &keyReading{began: time.Now(), done: make(chan struct{})}
	s.newest = r
	go func() {
		r.key, r.err = s.read()
		if r.err == nil && r.key == "" { // such as from a file that is being written
			r.err = errors.New("it is empty")
		}
		s.mu.Lock()
		s.settled = r
		s.mu.Unlock()
		close(r.done)
	}()
	return r
}

// now returns the key as it is now. It waits so long at the most, and no longer than until ctx ends.
func (s *keySource) now(ctx context.Context, atMost time.Duration) (string, error) {
	r := s.begin()
	patience := time.NewTimer(atMost)
	defer patience.Stop()
	select {
	case <-r.done:
		return r.key, r.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case <-patience.C:
		return "", errKeyStalls
	}
}

// soon is like now, but waits for a reading no longer than keyPatience since it began. Then it returns what was read before.
func (s *keySource) soon() (string, error) {
	r := s.begin()
	patience := time.NewTimer(time.Until(r.began.Add(keyPatience)))
	defer patience.Stop()
	select {
	case <-r.done:
		return r.key, r.err
	case <-patience.C:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.settled == nil {
		return "", errKeyStalls
	}
	return s.settled.key, s.settled.err
}
