package exporter_test

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/exporter"
)

// What is loaded by itself, and when: at each look that finds a change, at each signal, and else never.
func TestReloading(t *testing.T) {
	for name, tc := range map[string]struct {
		interval time.Duration
		changes  bool // whether there is a function that tells of changes
		looks    int  // in ten minutes
		want     int  // loads, the one by a signal included
	}{
		"off by default":  {0, true, 0, 1},
		"each minute":     {time.Minute, true, 9, 4},
		"nothing to look": {time.Minute, false, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var looks, loads int
				hangups := make(chan os.Signal, 1)
				r := exporter.Reloading{
					Load:     func() error { loads++; return errors.New("refused") }, // which doesn't end it
					Hangups:  hangups,
					Interval: tc.interval,
				}
				if tc.changes {
					r.Changed = func() bool { looks++; return looks%3 == 0 }
				}
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute-time.Second)
				defer cancel()
				hangups <- syscall.SIGHUP
				if err := r.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("it ended by %v", err)
				}
				if looks != tc.looks || loads != tc.want {
					t.Errorf("looked %d times and loaded %d times, want %d and %d", looks, loads, tc.looks, tc.want)
				}
			})
		})
	}
}
