package collector

import (
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
)

// A log can stall: its reader may be a terminal that was stopped, or a full pipe. So the store collects what is to be
// said while it holds its lock, and a goroutine of its own says it, in that order, as long as there is something to say.
// Neither a scrape nor the end of the store waits for that.

const (
	// maxEvents bounds what waits to be said. Of more, only how much it was is told.
	maxEvents = 1000
	// lastWords is how long the end of the store waits for a log that stalls.
	lastWords = time.Second
)

// leveled gives lines a level; level.Warn is one.
type leveled func(log.Logger) log.Logger

// event is a log line.
type event struct {
	level   leveled
	keyvals []any
}

// say has a line logged once the lock is released. s.mu is held.
func (s *Store) say(at leveled, keyvals ...any) {
	if len(s.events) >= maxEvents {
		s.unsaid++
		return
	}
	s.events = append(s.events, event{at, keyvals})
}

// unlock releases s.mu and has said what there is to say.
func (s *Store) unlock() {
	begins := len(s.events) > 0 && s.said == nil
	if begins {
		s.said = make(chan struct{})
	}
	s.mu.Unlock()
	if begins {
		go s.speak()
	}
}

// speak says what there is to say, and what comes meanwhile.
func (s *Store) speak() {
	for {
		s.mu.Lock()
		events, unsaid := s.events, s.unsaid
		s.events, s.unsaid = nil, 0
		if len(events) == 0 {
			close(s.said)
			s.said = nil
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		for _, e := range events {
			_ = e.level(s.logger).Log(e.keyvals...)
		}
		if unsaid > 0 {
			_ = level.Warn(s.logger).Log("msg", "lines were left out, since the log didn't take them", "lines", unsaid)
		}
	}
}

// awaitSaid waits until all is said, if the log takes it in time.
func (s *Store) awaitSaid() {
	s.mu.Lock()
	said := s.said
	s.mu.Unlock()
	if said == nil {
		return
	}
	timer := time.NewTimer(lastWords)
	defer timer.Stop()
	select {
	case <-said:
	case <-timer.C:
	}
}
