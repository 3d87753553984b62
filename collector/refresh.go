package collector

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/go-kit/log/level"

	"smartlead_exporter/smartlead"
)

func newCampaign(w Campaign, a *account) *campaign {
	return &campaign{account: a, known: Snapshot{
		ID: strconv.FormatInt(w.Query.CampaignID, 10), Account: a.name, Query: w.Query, Name: w.Name,
	}}
}

// Run carries out queued refreshes until ctx ends, and then returns its error once the refreshes under way have ended.
// It is to be called once.
func (s *Store) Run(ctx context.Context) error {
	var refreshes sync.WaitGroup
	defer s.awaitSaid()
	defer refreshes.Wait()
	for {
		for {
			refresh := s.next(ctx)
			if refresh == nil {
				break
			}
			refreshes.Go(refresh)
		}
		select {
		case <-s.work:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// next returns a list or a refresh to fetch that may begin now, or nil if there is none.
func (s *Store) next(ctx context.Context) func() {
	s.mu.Lock()
	defer s.unlock()
	if ctx.Err() != nil {
		return nil
	}
	if list := s.nextList(ctx); list != nil {
		return list
	}
	for _, a := range s.accounts {
		if a.running >= a.concurrency || len(a.queue) == 0 {
			continue
		}
		c := a.queue[0]
		a.queue[0], a.queue = nil, a.queue[1:]
		a.running++
		ctx, cancel := context.WithCancel(ctx)
		c.cancel = cancel
		fetcher, query := a.fetcher, c.known.Query
		return func() {
			defer cancel()
			start := time.Now()
			statistics, err := fetcher.Statistics(ctx, query)
			s.finish(ctx, c, statistics, err, time.Since(start))
		}
	}
	return nil
}

// enqueue has campaigns refreshed that aren't queued or being fetched, the one with the oldest success first. They
// go behind those that earlier scrapes have queued, so that a campaign which fails over and over, and so
// keeps the oldest success, can't starve the others: none waits longer than a full turn. s.mu is held.
func (s *Store) enqueue(due []*campaign) {
	slices.SortStableFunc(due, func(a, b *campaign) int { return a.known.LastSuccess.Compare(b.known.LastSuccess) })
	for _, c := range due {
		c.pending = make(chan struct{})
		c.account.queue = append(c.account.queue, c)
	}
	if len(due) > 0 {
		s.signal()
	}
}

// drop takes a campaign out of the queue.
func (a *account) drop(c *campaign) {
	if i := slices.Index(a.queue, c); i >= 0 {
		a.queue = slices.Delete(a.queue, i, i+1)
	}
}

// finish takes in what a refresh found.
func (s *Store) finish(ctx context.Context, c *campaign, statistics smartlead.Statistics, err error, took time.Duration) {
	s.mu.Lock()
	defer s.unlock()
	defer s.signal() // a place is free
	c.account.running--
	c.cancel = nil
	close(c.pending)
	c.pending = nil
	if c.removed || err != nil && ctx.Err() != nil {
		return // nobody wants to know, or the exporter is about to end; neither says anything about the API
	}
	c.known.Duration, c.known.Requests = took, statistics.Requests
	if err != nil {
		reason := reasonOf(err)
		s.metrics.failures.WithLabelValues(c.account.name, string(reason)).Inc()
		s.sayFailure(c, err, reason)
		c.known.Up, c.known.Reason, c.known.Error = false, reason, err.Error()
		return
	}
	if c.known.Reason != "" {
		s.sayRecovery(c)
	}
	c.account.trouble = ""
	s.say(level.Debug, "msg", "refreshed a campaign", "account", c.account.name, "campaign_id", c.known.ID,
		"requests", statistics.Requests, "rows", statistics.Rows, "shape", statistics.Shape, "duration", took)
	s.sayMissing(c, &statistics)
	c.known.Up, c.known.Reason, c.known.Error = true, "", ""
	c.known.Statistics, c.known.LastSuccess = &statistics, time.Now()
	s.changes++
}

// sayMissing tells what good statistics lack, once until it changes. s.mu is held.
func (s *Store) sayMissing(c *campaign, statistics *smartlead.Statistics) {
	before := c.known.Statistics
	if before == nil {
		before = &smartlead.Statistics{}
	}
	if unknown := statistics.Unknown(); unknown != 0 && unknown != before.Unknown() {
		s.say(level.Warn, "msg", "the API doesn't give all counts of a campaign; those that are missing aren't shown",
			"account", c.account.name, "campaign_id", c.known.ID, "missing", unknown)
	}
	if n := statistics.RowsWithoutStep; n != 0 && before.RowsWithoutStep == 0 {
		s.say(level.Warn, "msg", "rows of a campaign's statistics don't say of which step they are, so they are in no count",
			"account", c.account.name, "campaign_id", c.known.ID, "rows", n, "of", statistics.Rows)
	}
}

// reasonOf returns the reason of a failure to fetch, one of those that are counted from the start.
func reasonOf(err error) smartlead.Reason {
	if reason := smartlead.ReasonOf(err); reason != "" {
		return reason
	}
	return smartlead.ErrBadRequest // a query the client refuses to send
}
