package exporter

import (
	"io"
	"sync"
	"time"
)

// maxWaiting bounds, in bytes, the lines that wait for whoever reads the log.
const maxWaiting = 1 << 20

// LogWriter writes a log without anybody waiting for it: its reader may have stalled, as a full pipe does or a terminal that
// was stopped. Lines that wait are written in their order; what is more than a mebibyte of them is left out, and counted. It
// is safe for concurrent use.
type LogWriter struct {
	to   io.Writer
	lost func(lines int)

	mu      sync.Mutex
	waiting []byte
	left    int           // lines that were left out since lost was last called
	written chan struct{} // closed when nothing waits any more; nil if nothing does
}

// NewLogWriter returns a writer of the lines that a log consists of, each by a call of Write. When the reader goes on after
// it had stalled, lost is told how many lines were left out meanwhile; it may log that.
func NewLogWriter(to io.Writer, lost func(lines int)) *LogWriter {
	return &LogWriter{to: to, lost: lost}
}

// Write implements io.Writer. It never fails: whoever logs has no better place to say so.
func (w *LogWriter) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting)+len(line) > maxWaiting {
		w.left++
		return len(line), nil
	}
	w.waiting = append(w.waiting, line...)
	if w.written == nil {
		w.written = make(chan struct{})
		go w.write()
	}
	return len(line), nil
}

// write writes what waits, and what comes meanwhile.
func (w *LogWriter) write() {
	for {
		w.mu.Lock()
		lines, left := w.waiting, w.left
		w.waiting, w.left = nil, 0
		if len(lines) == 0 {
			close(w.written)
			w.written = nil
			w.mu.Unlock()
			return
		}
		w.mu.Unlock()
		_, _ = w.to.Write(lines) // see Write
		if left > 0 {
			w.lost(left)
		}
	}
}

// Flush waits until nothing waits to be written any more, but no longer than for a time.
func (w *LogWriter) Flush(patience time.Duration) {
	w.mu.Lock()
	written := w.written
	w.mu.Unlock()
	if written == nil {
		return
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-written:
	case <-timer.C:
	}
}
