package collector

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/go-kit/log/level"

	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
)

// Run carries out what scrapes ask for until ctx ends, and then returns its error once the refreshes under way have
// ended. It is to be called once.
func (s *Store) Run(ctx context.Context) error {
	var jobs sync.WaitGroup
	defer s.awaitSaid()
	defer jobs.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		begun, again := s.take()
		for _, job := range begun {
			jobs.Go(func() { job(ctx) })
		}
		if again.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(time.Until(again))
		}
		select {
		case <-s.work:
		case <-timer.C:
		case <-ctx.Done():
			s.end()
			return context.Cause(ctx)
		}
	}
}

// end has scrapes wait for nothing from now on.
func (s *Store) end() {
	s.mu.Lock()
	defer s.unlock()
	s.ended = true
	s.sayOpen(time.Now())
	s.broadcast()
}

// take begins what may begin now, and returns what was begun here or by a scrape and isn't under way yet. again is when to
// look for more.
func (s *Store) take() (begun []func(context.Context), again time.Time) {
	s.mu.Lock()
	defer s.unlock()
	now := time.Now()
	again = sooner(s.dispatch(now), s.sayDue(now))
	begun, s.begun = s.begun, nil
	return begun, again
}

// begin has a refresh begin. s.mu is held.
func (s *Store) begin(c *campaign, now time.Time) {
	a := c.account
	s.unlist(c)
	a.running = append(a.running, c)
	a.begun = true
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	c.forced, c.first = false, false
	c.tried, c.heard, c.remaining, c.asked, c.quotaWait, c.given = now, now, expected(c.cost(now)), false, false, false
	if c.inTurn {
		c.remaining = expected(c.turnCost(now))
	}
	if c.method = c.known.Counting.Method(); c.inTurn {
		c.method = counting.MethodRows
	}
	if c.method == counting.MethodRows {
		c.counted = now
	}
	if a.trouble.reason != "" {
		a.trouble.trial = c
	}
	if a.trouble.reason != "" || c.hopeless() || c.known.Statistics == nil && now.Sub(a.lastBad) < lastingFailure {
		ctx = smartlead.WithTries(ctx, 1) // since it is likely to fail, and nothing is lost by that
	}
	fetcher, task := a.fetcher, c.task()
	s.begun = append(s.begun, func(run context.Context) {
		defer cancel()
		defer context.AfterFunc(run, cancel)()
		result, err := fetcher.Count(smartlead.WithProgress(ctx, s.progress(c)), task)
		s.finish(ctx, c, &result, err)
	})
	s.signal()
}

// task is what there is to be counted. s.mu is held.
func (c *campaign) task() counting.Task {
	task := counting.Task{
		Query: c.known.Query, Last: c.known.Statistics, State: c.known.Counting, Recount: c.inTurn,
	}
	if listed := c.known.Listed; listed != nil {
		task.OpensUntracked, task.ClicksUntracked = !listed.OpenTracking, !listed.ClickTracking
	}
	return task
}

// progress takes note of how a refresh under way goes on.
func (s *Store) progress(c *campaign) smartlead.Progress {
	note := func(take func(now time.Time)) {
		s.mu.Lock()
		defer s.unlock()
		take(time.Now())
		s.broadcast()
		s.signal()
	}
	return smartlead.Progress{
		Waiting: func(waits bool) {
			note(func(now time.Time) {
				c.quotaWait = waits
				s.expectations++
				if waits {
					c.waitSince, c.remaining = now, max(c.remaining, 1) // for what is tried again, too
				} else {
					c.heard = c.heard.Add(now.Sub(c.waitSince))
				}
			})
		},
		Asked: func() {
			note(func(time.Time) { c.asked, c.remaining = true, max(c.remaining-1, 0) })
		},
		Expected: func(requests int) {
			note(func(now time.Time) {
				if requests > c.remaining && c.account.budget != nil {
					s.expectations++
				}
				if requests > largeRefresh && c.remaining <= largeRefresh {
					s.grew(c, requests)
				}
				c.remaining, c.heard = requests, now
				s.good(c.account, now)
			})
		},
	}
}

// grew gives up a refresh that turns out to be large if another large one is under way for its key: what it had would
// be old when it went on. It begins anew when its turn comes. s.mu is held.
func (s *Store) grew(c *campaign, requests int) {
	for _, a := range s.accounts {
		if a.quotaID != c.account.quotaID {
			continue
		}
		for _, other := range a.running {
			if other != c && other.remaining > largeRefresh {
				c.atLeast = requests + 1
				c.given = true
				c.cancel()
				return
			}
		}
	}
}

// finish takes in what a refresh found.
func (s *Store) finish(ctx context.Context, c *campaign, result *counting.Result, err error) {
	s.mu.Lock()
	defer s.unlock()
	defer s.signal() // a place is free
	defer s.broadcast()
	a, now := c.account, time.Now()
	a.running = slices.DeleteFunc(a.running, func(other *campaign) bool { return other == c })
	since, trial := c.since, a.trouble.trial == any(c)
	c.cancel, c.since, c.remaining, c.quotaWait = nil, time.Time{}, 0, false
	if c.inTurn {
		c.inTurn = false
		s.charge(a.quotaID, float64(result.Statistics.Requests-c.charged))
	}
	if c.removed || err != nil && ctx.Err() != nil {
		if trial {
			a.trouble.trial = nil
		}
		if c.given && !c.removed {
			s.enlist(c, since)
		}
		return // nobody wants to know, or the exporter is about to end; neither says anything about the API
	}
	s.changes++
	c.known.Duration, c.known.Requests = now.Sub(c.tried), result.Statistics.Requests
	changes := -1.0 // there is nothing to compare
	if err != nil {
		s.failed(c, err, since, trial, now)
	} else {
		if before := c.known.Statistics; before != nil {
			changes = changesBetween(before, &result.Statistics)
		}
		s.good(a, now)
		s.succeeded(c, result, changes, now)
	}
	c.remember(result, err, changes)
}

// succeeded takes in a refresh that came whole. changes is by how much the counts rose or fell. s.mu is held.
func (s *Store) succeeded(c *campaign, result *counting.Result, changes float64, now time.Time) {
	statistics := &result.Statistics
	s.takeFindings(c, result, now)
	s.sayRecovery(c, now)
	s.say(level.Debug, "msg", "refreshed a campaign", "account", c.account.name, "campaign_id", c.known.ID,
		"requests", statistics.Requests, "rows", statistics.Rows, "shape", statistics.Shape, "method", string(result.State.Method()),
		"duration", c.known.Duration)
	s.recounted(c, result)
	s.sayMissing(c, statistics)
	if c.known.Statistics != nil {
		c.known.Rate = c.known.Rate.learn(changes, now.Sub(c.known.LastSuccess))
	}
	c.failures, c.retryAt, c.alone, c.inherited = 0, time.Time{}, false, false
	c.known.Counting, c.atLeast = result.State, 0
	c.known.Up, c.known.Reason, c.known.Error, c.known.FailingSince = true, "", "", time.Time{}
	c.known.Statistics, c.known.LastSuccess = statistics, now
}

// recounted takes note of what a recount found. s.mu is held.
func (s *Store) recounted(c *campaign, result *counting.Result) {
	if result.AllRows {
		c.counted = c.tried
	}
	if result.Recount == counting.OutcomeNone {
		return
	}
	s.metrics.recounts.WithLabelValues(c.account.name, string(result.Recount)).Inc()
	if result.Recount == counting.OutcomeDifferent {
		s.say(level.Warn, "msg", "a recount of a campaign found other counts than were shown, although nothing seemed to have moved; they are right now, and all rows are counted for a while",
			"account", c.account.name, "campaign_id", c.known.ID, "campaign", c.known.Name, "until", result.State.RowsUntil.UTC().Format(time.RFC3339))
	}
}

// failed takes in a refresh that failed. since is when a scrape asked for it; trial says that it was to tell whether the
// account is well again. s.mu is held.
func (s *Store) failed(c *campaign, err error, since time.Time, trial bool, now time.Time) {
	a, reason := c.account, reasonOf(err)
	s.metrics.failures.WithLabelValues(a.name, string(reason)).Inc()
	failingSince := now
	if ofAccount(reason) {
		failingSince = later(a.lastGood, since)
		a.lastBad = now
	}
	again := c.failures > 0 && a.lastGood.After(c.failedAt) // while others succeeded
	c.failures++
	c.failedAt = now
	s.backOff(c, now)
	c.alone = reason != smartlead.ErrRateLimited // which is the key's, and its pause says until when
	switch {
	case answered(err):
		s.good(a, now)
	case trial:
		s.tried(a, err, reason, now)
	case ofAccount(reason) && (!again || reason == smartlead.ErrUnauthorized):
		if s.strike(a, c, reason, now) {
			s.sayTrouble(a, err, now)
		}
	}
	if a.trouble.reason != "" && ofAccount(reason) {
		s.acquit(c)
	}
	if c.known.FailingSince.IsZero() {
		c.known.FailingSince = failingSince
	}
	c.known.Up, c.known.Reason, c.known.Error = false, reason, err.Error()
	s.sayFailure(c, err, reason, c.ownFailure(err, reason, again), now)
}

// acquit takes note that it is the account that a campaign failed for. It is due at once. s.mu is held.
func (s *Store) acquit(c *campaign) {
	c.alone, c.retryAt, c.failures = false, time.Time{}, min(c.failures, 1)
}

// good takes note of a good answer to an account's request, which ends its trouble. s.mu is held.
func (s *Store) good(a *account, now time.Time) {
	was := a.trouble
	a.lastGood, a.trouble = now, trouble{}
	if a.inherited {
		a.inherited = false
		for _, c := range s.campaigns {
			if c.account == a && c.inherited {
				c.inherited, c.known.Up, c.known.FailingSince = false, true, time.Time{}
			}
		}
	}
	s.sayWell(a, now)
	if was.reason != "" {
		s.freed++
		s.expectations++
		return
	}
	for _, c := range was.struck { // so it is they that fail, and not the account
		if c.failures > 0 {
			s.sayOwn(c, now)
		}
	}
}
