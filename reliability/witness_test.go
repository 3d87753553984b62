package reliability_test

import (
	"context"
	"time"

	"smartlead_exporter/collector"
	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// record is what the refreshes of a campaign came to, as long as it is configured the same way. It says what has to be
// shown. It is guarded by world.mu.
type record struct {
	tenant *tenant
	c      *campaign
	query  smartlead.StatisticsQuery
	since  time.Time // when it was configured

	running bool
	began   time.Time // the newest refresh

	// It fails since the first failure in a row ended, or since an earlier moment, when nothing could be had from its
	// account any more, but not since before failsFrom. Both are zero if it doesn't.
	failsFrom, failed time.Time

	up         bool
	ended      time.Time // the newest refresh
	last, prev span      // the newest successful refresh and the one before; zero if there was none
}

// span is when a refresh was, and how many requests it took.
type span struct {
	begin, end time.Time
	requests   int
}

// oldest is the begin of the oldest refresh whose values can be shown, now or later.
func (r *record) oldest() time.Time {
	switch {
	case !r.prev.begin.IsZero():
		return r.prev.begin
	case !r.last.begin.IsZero():
		return r.last.begin
	case r.running:
		return r.began
	default:
		return time.Now()
	}
}

// witness is a collector.Fetcher that records what a client is asked for and what it returns. Each configuration has its
// own, which knows the campaigns as they are configured then.
type witness struct {
	client  *smartlead.Client
	w       *world
	records map[int64]*record
}

// Count implements collector.Fetcher, by all rows.
func (f *witness) Count(ctx context.Context, task counting.Task) (counting.Result, error) {
	return counting.NewByRows(f).Count(ctx, task)
}

// Statistics implements counting.Rower.
func (f *witness) Statistics(ctx context.Context, q smartlead.StatisticsQuery) (smartlead.Statistics, error) {
	r := f.records[q.CampaignID]
	begin := time.Now()
	f.w.began(r)
	s, err := f.client.Statistics(ctx, q)
	f.w.finished(r, err, span{begin, time.Now(), s.Requests})
	return s, err
}

func (w *world) began(r *record) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.running {
		w.t.Errorf("campaign %d is fetched twice at once", r.c.id)
	}
	r.running, r.began = true, time.Now()
}

func (w *world) finished(r *record, err error, took span) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r.running = false
	w.seen.refreshes++
	if err != nil && smartlead.ReasonOf(err) == "" {
		return // given up, since it isn't configured any more
	}
	r.ended, r.up = took.end, err == nil
	if err != nil {
		w.seen.failed[smartlead.ReasonOf(err)]++
		r.tenant.lastBad = took.end
		if r.failed.IsZero() {
			r.failsFrom, r.failed = r.tenant.lastGood, took.end
		}
		return
	}
	r.failsFrom, r.failed = time.Time{}, time.Time{}
	r.tenant.lastGood = took.end
	w.seen.succeeded++
	if took.requests > 1 {
		w.seen.paged++
	}
	r.prev, r.last = r.last, took
}

// apply puts the configuration into force, as the program does: clients are new ones, budgets aren't.
func (w *world) apply() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.applied++
	w.seen.reloads++
	settings := collector.Settings{TTL: w.ttl, MaxStale: w.maxStale}
	records := map[int64]*record{}
	var replaced []*smartlead.Client
	for _, tenant := range w.tenants {
		tenant.disturbed(0)
		if !tenant.present {
			continue
		}
		key := func() (string, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			return tenant.configured, nil
		}
		f := &witness{client: w.newClient(tenant.name, key, tenant.line, tenant.budgets, tenant.allowed), w: w, records: map[int64]*record{}}
		account := collector.Account{
			Name: tenant.name, Origin: f.client.Origin(), Fetcher: f, Budget: f.client.Budget, Concurrency: tenant.allowed.Concurrency,
		}
		for _, c := range tenant.campaigns {
			if !c.present {
				continue
			}
			query := smartlead.StatisticsQuery{CampaignID: c.id, PageSize: c.pageSize}
			r := w.records[c.id]
			if r == nil || r.query.PageSize != query.PageSize {
				r = &record{tenant: tenant, c: c, query: query, since: time.Now()}
			}
			records[c.id], f.records[c.id] = r, r
			account.Campaigns = append(account.Campaigns, collector.Campaign{Query: query})
		}
		if tenant.client != nil {
			replaced = append(replaced, tenant.client)
		}
		tenant.client = f.client
		settings.Accounts = append(settings.Accounts, account)
	}
	w.records = records
	w.store.Apply(settings)
	for _, client := range replaced { // which mustn't forget what was spent
		client.Close()
	}
}

// look is a scrape, and a check of what it shows.
func (w *world) look(deadline time.Duration) page {
	ctx, cancel := context.WithTimeout(w.t.Context(), deadline)
	defer cancel()
	return w.lookUntil(ctx)
}

func (w *world) lookUntil(ctx context.Context) page {
	w.mu.Lock()
	came, applied := time.Now(), w.applied
	w.mu.Unlock()
	p := w.scrape(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen.scrapes++
	if w.applied == applied { // else there are two answers to what has to be shown
		for id, r := range w.records {
			w.check(r, p.campaigns[id], came)
			w.checkAge(r, p.maxAge[r.tenant.name], time.Now())
		}
		if len(p.campaigns) != len(w.records) {
			w.t.Errorf("%d campaigns are shown, want %d", len(p.campaigns), len(w.records))
		}
	}
	return p
}

// check compares what a scrape shows of a campaign with its record. came is when the scrape began.
func (w *world) check(r *record, got *shown, came time.Time) {
	now := time.Now()
	if got == nil {
		w.t.Errorf("campaign %d isn't shown", r.c.id)
		return
	}
	// A refresh that ends at this very moment may be shown or not. One that succeeded counts less than that nothing can be
	// had from the account.
	isBad := now.Before(r.tenant.unrest) && got.up == 0
	if r.ended != now && (got.up == 1) != r.up && !isBad {
		w.t.Errorf("campaign %d has up %v, and its newest refresh succeeded: %t", r.c.id, got.up, r.up)
	}
	if wrong := w.wrong(r, got, r.last, came); wrong != "" && (r.last.end != now || w.wrong(r, got, r.prev, came) != "") {
		w.t.Errorf("%s, campaign %d of %s: %s; it shows\n%v of %s; the newest success was from %s to %s and the API held %v", now, r.c.id,
			r.tenant.name, wrong, got.steps, time.UnixMilli(got.lastSuccess).UTC(), r.last.begin, r.last.end, r.c.history)
	}
}

// wrong says what is wrong with what is shown if this is the newest refresh that succeeded; "" if nothing is.
func (w *world) wrong(r *record, got *shown, success span, came time.Time) string {
	now := time.Now()
	if success.end.IsZero() {
		w.seen.never++
		if got.lastSuccess != 0 || len(got.steps) > 0 {
			return "it was never fetched"
		}
		return ""
	}
	if got.lastSuccess != success.end.UnixMilli() {
		return "the last success is another one"
	}
	isFresh := came.Sub(success.end) < w.ttl // success.end is after came if it was refreshed meanwhile
	failsFrom := r.failsFrom
	if r.failed.IsZero() {
		failsFrom = r.tenant.lastGood // if nothing can be had from the account
	}
	mustShow := isFresh || now.Sub(failsFrom) < w.maxStale
	mustHide := !isFresh && !r.failed.IsZero() && r.failed.Before(now) && now.Sub(r.failed) >= w.maxStale
	isShown := len(got.steps) > 0
	switch {
	case isFresh:
		w.seen.fresh++
	case isShown:
		w.seen.stale++
	default:
		w.seen.hidden++
	}
	if success == r.last && (mustShow && !isShown || mustHide && isShown) { // else it ends just now
		return "its values should be shown exactly until refreshing has failed for max_stale"
	}
	if len(got.steps) > 0 && !r.c.heldDuring(success, got.steps) {
		return "the API held nothing of the kind during the refresh"
	}
	return ""
}

// checkAge checks that no campaign starves: where nothing has been wrong for long enough, the newest refresh of each is no
// older than promised when the next scrape comes. It has succeeded unless rows vanished both times the set was read.
func (w *world) checkAge(r *record, promised time.Duration, now time.Time) {
	bound := promised + patrol + patrolDeadline
	if now.Sub(r.tenant.unrest) < bound || now.Sub(r.since) < bound {
		return
	}
	w.seen.calm++
	newest := r.ended
	if r.c.shape == simulator.PerSequence {
		newest = r.last.end
	}
	if age := now.Sub(newest); age > bound {
		w.t.Errorf("%s: campaign %d was last refreshed %s ago although nothing is wrong, want at most %s", now, r.c.id, age, bound)
	}
}
