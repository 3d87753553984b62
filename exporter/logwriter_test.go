package exporter_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/exporter"
)

// stalling is the reader of a log that takes nothing until it is released.
type stalling struct {
	released chan struct{}
	mu       sync.Mutex
	text     bytes.Buffer
}

func (s *stalling) Write(b []byte) (int, error) {
	<-s.released
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

// Whoever logs doesn't wait for the reader, and what fits is there when it goes on, in order.
func TestLogWriter(t *testing.T) {
	for _, tc := range []struct {
		name  string
		lines int // of 100 bytes
		want  int // that are there in the end
	}{
		{"one line", 1, 1},
		{"many", 5000, 5000},
		// The writer has taken the first line to the reader already, so it isn't among those that wait.
		{"too many", 20000, 1 + 1<<20/100},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				reader, lost := &stalling{released: make(chan struct{})}, 0
				var w *exporter.LogWriter
				w = exporter.NewLogWriter(reader, func(lines int) {
					lost += lines
					fmt.Fprintf(w, "%d lines were left out\n", lines)
				})
				for i := range tc.lines {
					if _, err := fmt.Fprintf(w, "%099d\n", i); err != nil {
						t.Fatal(err)
					}
					if i == 0 {
						synctest.Wait()
					}
				}
				began := time.Now()
				w.Flush(time.Second)
				if took := time.Since(began); took != time.Second {
					t.Errorf("waited %s for a reader that takes nothing, want 1s", took)
				}
				close(reader.released)
				w.Flush(time.Second)
				synctest.Wait()
				got := strings.Split(strings.TrimSpace(reader.text.String()), "\n")
				if left := tc.lines - tc.want; lost != left {
					t.Errorf("%d lines were left out, want %d", lost, left)
				} else if left > 0 {
					if want := fmt.Sprintf("%d lines were left out", left); got[len(got)-1] != want {
						t.Errorf("the last line is %q, want %q", got[len(got)-1], want)
					}
					got = got[:len(got)-1]
				}
				if len(got) != tc.want {
					t.Errorf("%d lines are there, want %d", len(got), tc.want)
				}
				for i, line := range got {
					if line != fmt.Sprintf("%099d", i) {
						t.Fatalf("line %d is %s", i, line)
					}
				}
			})
		})
	}
}

// Without a stall all is written by the time Flush returns.
func TestLogWriterFlush(t *testing.T) {
	t.Parallel()
	reader := &stalling{released: make(chan struct{})}
	close(reader.released)
	w := exporter.NewLogWriter(reader, func(int) { t.Error("lines were left out") })
	var writers sync.WaitGroup
	for range 10 {
		writers.Go(func() {
			for range 100 {
				fmt.Fprintln(w, "a line")
			}
		})
	}
	writers.Wait()
	w.Flush(time.Minute)
	if n := strings.Count(reader.text.String(), "a line\n"); n != 1000 {
		t.Errorf("%d lines are there, want 1000", n)
	}
}
