package collector_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"smartlead_exporter/collector"
	"smartlead_exporter/smartlead"
)

// stalledLog is a log that nobody reads: it takes no line before it is released.
type stalledLog struct{ released chan struct{} }

func (l stalledLog) Log(...any) error {
	<-l.released
	return nil
}

// A log that stalls stops neither scrapes nor whoever looks at the state nor the end.
func TestStalledLogStopsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		metrics, err := collector.NewMetrics(prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		stalled := stalledLog{make(chan struct{})}
		defer close(stalled.released)
		store := collector.NewStore(stalled, metrics)
		gatherer := collector.NewGatherer(store)
		api := newAPI()
		for _, id := range numbers(5) {
			api.Answer(id, answer{Err: failure(smartlead.ErrServer)}) // which is worth a line
		}
		ctx, end := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- store.Run(ctx) }()
		apply := settings(account("a", api, numbers(5)...))
		if got := took(func() { store.Apply(apply) }); got != 0 {
			t.Errorf("a reload took %s", got)
		}
		for range 3 {
			scrape, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			got := took(func() {
				if _, err := gatherer.ForScrape(scrape, prometheus.NewRegistry()).Gather(); err != nil {
					t.Error(err)
				}
			})
			cancel()
			if got > 200*time.Millisecond {
				t.Errorf("a scrape took %s, want at most its deadline", got)
			}
			if got := took(func() { store.Snapshot() }); got != 0 {
				t.Errorf("a look at the state took %s", got)
			}
			time.Sleep(ttl)
		}
		end()
		if got := took(func() {
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("Run returned %v", err)
			}
		}); got > time.Second {
			t.Errorf("the end took %s, want a second at most", got)
		}
	})
}

// Where lines are lost, the log says how many once it takes lines again.
func TestLostLinesAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		metrics, err := collector.NewMetrics(prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		log := &slowJournal{released: make(chan struct{})}
		store := collector.NewStore(log, metrics)
		api := newAPI()
		go func() { _ = store.Run(t.Context()) }()
		ids := numbers(3000)
		for _, id := range ids {
			api.Answer(id, answer{Err: failure(smartlead.ErrNotFound)})
		}
		store.Apply(settings(account("a", api, ids...)))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if _, err := collector.NewGatherer(store).ForScrape(ctx, prometheus.NewRegistry()).Gather(); err != nil {
			t.Error(err)
		}
		close(log.released)
		synctest.Wait()
		lines := log.Take()
		last := lines[len(lines)-1]
		if len(lines) >= 3000 || last["msg"] != "lines were left out, since the log didn't take them" || last["lines"] == "0" {
			t.Errorf("%d lines, the last of them %v; want fewer than 3000, and how many were left out", len(lines), last)
		}
	})
}

// slowJournal is a journal that takes no line before it is released.
type slowJournal struct {
	journal
	released chan struct{}
}

func (j *slowJournal) Log(keyvals ...any) error {
	<-j.released
	return j.journal.Log(keyvals...)
}
