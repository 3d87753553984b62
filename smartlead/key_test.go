package smartlead_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// A key can come from a file on a disk that stalls. Budget is asked for with locks held, so it goes on with what was read
// before; requests wait, but not for ever.
func TestStalledKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const requestTimeout = 30 * time.Second
		var stalls atomic.Bool
		key := "first"
		goesOn := make(chan struct{})
		meters := &keyMeters{}
		client, err := smartlead.NewClient(smartlead.Options{
			Key: func() (string, error) {
				if stalls.Load() {
					<-goesOn
				}
				return key, nil
			},
			BaseURL:   "http://smartlead.test" + simulator.DefaultPrefix,
			Transport: meters, RequestTimeout: requestTimeout,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		takes := func(f func()) time.Duration {
			began := time.Now()
			f()
			return time.Since(began)
		}
		first := client.Budget().ID
		if first == "" {
			t.Fatal("the budget of the first key has no ID")
		}
		stalls.Store(true)
		for i := range 10 {
			if took := takes(func() {
				if id := client.Budget().ID; id != first {
					t.Errorf("Budget is of %q while the key can't be read, want %q", id, first)
				}
			}); took > time.Second || i > 0 && took > 0 {
				t.Errorf("call %d of Budget took %s while the key can't be read", i+1, took)
			}
		}
		if took := takes(func() {
			if _, err := statistics(t.Context(), client); !errors.Is(err, smartlead.ErrUnauthorized) {
				t.Errorf("a request without a key failed with %v, want ErrUnauthorized", err)
			}
		}); took != requestTimeout {
			t.Errorf("a request without a key took %s to fail, want %s", took, requestTimeout)
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if took := takes(func() {
			if _, err := statistics(short, client); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("a request failed with %v, want the end of its context", err)
			}
		}); took != time.Second {
			t.Errorf("a request took %s to end after its context", took)
		}
		stalls.Store(false)
		key = "second"
		close(goesOn)
		synctest.Wait()
		if id := client.Budget().ID; id == first || id == "" {
			t.Errorf("Budget is of %q after the key changed, which was %q", id, first)
		}
		if _, err := statistics(t.Context(), client); err != nil {
			t.Error(err)
		}
		if meters.of("second").busiest(time.Minute) == 0 {
			t.Error("no request was sent with the new key")
		}
	})
}
