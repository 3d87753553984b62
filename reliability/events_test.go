package reliability_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"syscall"
	"time"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// schedule plans what happens in the world, all of it at random.
func (w *world) schedule() {
	for _, tenant := range w.tenants {
		for _, c := range tenant.campaigns {
			w.every(25*time.Minute, w.locked(func() { tenant.change(c) }))
		}
		w.every(2*time.Hour, w.locked(tenant.strikeCampaign))
		w.every(14*time.Hour, w.locked(tenant.strikeAll))
		w.every(2*day, w.locked(tenant.changeKey))
		w.every(2*day, tenant.useByOthers)
	}
	w.every(9*time.Hour, w.reload)
	w.every(4*time.Hour, w.visit)
	w.every(3*day, w.locked(w.stopPatrol))
	w.in(time.Hour, w.hourly)
}

func (w *world) hourly() {
	w.harvest()
	w.in(time.Hour, w.hourly)
}

func (w *world) locked(do func()) func() {
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		do()
	}
}

// pick returns one of the choices.
func pick[T any](w *world, choices ...T) T { return choices[w.rng.IntN(len(choices))] }

// breakFor keeps how to undo what is wrong, and plans to.
func (tenant *tenant) breakFor(d time.Duration, undo func()) {
	tenant.disturbed(d)
	n := tenant.nextMend
	tenant.nextMend++
	tenant.mends[n] = undo
	tenant.w.in(d, tenant.w.locked(func() {
		if undo := tenant.mends[n]; undo != nil {
			undo()
			delete(tenant.mends, n)
		}
	}))
}

// mend undoes all that is wrong.
func (tenant *tenant) mend() {
	tenant.w.mu.Lock()
	defer tenant.w.mu.Unlock()
	for n, undo := range tenant.mends {
		undo()
		delete(tenant.mends, n)
	}
	tenant.disturbed(0)
}

// strikeCampaign has something go wrong with one campaign.
func (tenant *tenant) strikeCampaign() {
	w := tenant.w
	c := pick(w, tenant.campaigns...)
	effect := tenant.ofAny.draw(w, tenant.effects())
	if c.shape == simulator.PerEmail && w.rng.IntN(2) == 0 {
		effect = tenant.ofPages.draw(w, tenant.pageEffects())
	}
	match := []simulator.Matcher{simulator.ForCampaign(c.id)}
	if w.rng.IntN(2) == 0 {
		match = append(match, simulator.AtOffset(smallPage*w.rng.IntN(3)))
	}
	tenant.breakFor(w.about(40*time.Minute), tenant.sim.Inject(simulator.Fault{
		Match: match, Skip: w.rng.IntN(3), Times: pick(w, 0, 0, 1, 2, 3, 5), Effects: []simulator.Effect{effect},
	}))
}

// strikeAll has something go wrong with the whole account.
func (tenant *tenant) strikeAll() {
	w := tenant.w
	d := w.about(2 * time.Hour)
	if w.rng.IntN(3) == 0 {
		tenant.line.goDown(pick[error](w,
			&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED},
			&net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "smartlead.test"}},
			errors.New("tls: handshake failure"),
		))
		tenant.breakFor(d, func() { tenant.line.goDown(nil) })
		return
	}
	tenant.breakFor(d, tenant.sim.Inject(simulator.Fault{Times: pick(w, 0, 0, 5), Effects: []simulator.Effect{tenant.ofAll.draw(w, tenant.effects())}}))
}

// effects are what can go wrong with any request, each with something random about it.
func (tenant *tenant) effects() []simulator.Effect {
	w := tenant.w
	pause := time.Duration(w.rng.IntN(600)) * time.Second
	limited := func(next http.Handler) http.Handler {
		reset := strconv.FormatInt(time.Now().Add(tenant.clock+pause).Unix(), 10)
		return simulator.SetHeader("X-RateLimit-Remaining", "0")(simulator.SetHeader("X-RateLimit-Reset", reset)(next))
	}
	return []simulator.Effect{
		simulator.Delay(time.Duration(w.rng.Int64N(int64(requestTimeout)))),
		simulator.Delay(requestTimeout + 1),
		simulator.Drip(1+w.rng.IntN(500), time.Duration(w.rng.Int64N(int64(20*time.Second)))),
		simulator.Reset(),
		simulator.ResetAfter(w.rng.IntN(2000)),
		simulator.Truncate(w.rng.IntN(2000)),
		simulator.Append("garbage"),
		simulator.ShrinkPages(1 + w.rng.IntN(smallPage)),
		simulator.Respond(pick(w, w.wrongBodies...)),
		simulator.Respond(pick(w, w.wrongBodies...)),
		simulator.Respond(pick(w, w.errorAnswers...)),
		simulator.Respond(pick(w, w.errorAnswers...)),
		simulator.Respond(simulator.TooManyRequests(strconv.Itoa(1 + w.rng.IntN(900)))),
		simulator.RespondStatus(http.StatusTooManyRequests, ""),
		limited,
	}
}

// pageEffects are what can go wrong with the set of pages where a total tells that it is wrong.
func (tenant *tenant) pageEffects() []simulator.Effect {
	return []simulator.Effect{
		simulator.EmptyPage(), simulator.ShrinkPagesSilently(1 + tenant.w.rng.IntN(smallPage)), simulator.UnfilteredTotal(),
		rewriteTotal("1000"), ignoreOffset,
	}
}

// deck deals out what can go wrong, so that everything does.
type deck []int

// draw returns the next one of the effects, which are as many each time.
func (d *deck) draw(w *world, effects []simulator.Effect) simulator.Effect {
	if len(*d) == 0 {
		*d = w.rng.Perm(len(effects))
	}
	next := (*d)[0]
	*d = (*d)[1:]
	return effects[next]
}

// changeKey makes the API accept another key alone; the exporter has it some time later.
func (tenant *tenant) changeKey() {
	w := tenant.w
	w.seen.keys++
	tenant.accepted = tenant.keys[(slices.Index(tenant.keys, tenant.accepted)+1)%len(tenant.keys)]
	tenant.breakFor(w.about(time.Hour), func() { tenant.configured = tenant.accepted })
}

// useByOthers lets another program spend requests of the same key.
func (tenant *tenant) useByOthers() {
	w := tenant.w
	n := 20 + w.rng.IntN(300)
	const atMost = 10 * time.Minute
	w.mu.Lock()
	key := tenant.accepted
	tenant.disturbed(atMost + time.Hour)
	w.mu.Unlock()
	ctx, cancel := context.WithTimeout(w.t.Context(), atMost)
	w.scrapers.Go(func() {
		defer cancel()
		for range n {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://smartlead.test"+simulator.DefaultPrefix+"/campaigns/", http.NoBody)
			if err != nil {
				w.t.Error(err)
				return
			}
			req.Header.Set("User-Agent", otherAgent)
			req.URL.RawQuery = "api_key=" + key
			if resp, err := simulator.Transport(tenant.sim).RoundTrip(req); err == nil {
				_ = resp.Body.Close()
			}
		}
	})
}

// reload changes the configuration.
func (w *world) reload() {
	w.mu.Lock()
	tenant := pick(w, w.tenants...)
	c := pick(w, tenant.campaigns...)
	switch w.rng.IntN(6) {
	case 0:
		tenant.setLimits(smartlead.Limits{PerMinute: pick(w, 3, 10, 30), PerHour: pick(w, 50, 80, 120), Concurrency: pick(w, 1, 2, 4)})
	case 1:
		w.ttl = pick(w, 5*time.Minute, 10*time.Minute, 15*time.Minute)
	case 2:
		w.maxStale = pick(w, 0, 20*time.Minute, time.Hour, 6*time.Hour)
	case 3:
		c.present = !c.present
	case 4:
		c.pageSize = smallPage + 1 - c.pageSize%2
	default:
		tenant.present = !tenant.present
	}
	again := w.rng.IntN(4) * w.rng.IntN(8)
	w.mu.Unlock()
	w.apply()
	for range again { // as by an orchestrator that is never content
		w.in(w.about(10*time.Minute), w.apply)
	}
}

// stopPatrol has nobody scrape for some hours, but for visitors.
func (w *world) stopPatrol() {
	d := w.about(3 * time.Hour)
	w.patrolOff = time.Now().Add(d)
	for _, tenant := range w.tenants {
		tenant.disturbed(d)
	}
}

// visit is a scraper that comes for some hours, at its own pace and with its own patience, and hangs up now and then.
func (w *world) visit() {
	visitor := rand.New(rand.NewPCG(w.rng.Uint64(), 0))
	patience := time.Duration(1+visitor.IntN(60)) * time.Second
	leaves := time.Now().Add(w.about(4 * time.Hour))
	w.scrapeEvery(time.Duration(20+visitor.IntN(900))*time.Second, func() (wait time.Duration, stays bool) {
		if visitor.IntN(4) == 0 {
			return time.Duration(visitor.Int64N(int64(patience))), true // hangs up
		}
		return patience, time.Now().Before(leaves)
	})
}

// scrapeEvery has a scraper come until it doesn't stay, or the world rests. wait says for how long it waits each time; 0 is
// not to come.
func (w *world) scrapeEvery(interval time.Duration, wait func() (d time.Duration, stays bool)) {
	ctx, cancel := context.WithCancel(w.t.Context())
	w.sendHome = append(w.sendHome, cancel)
	first := time.Duration(w.rng.Int64N(int64(interval)))
	w.scrapers.Go(func() {
		sleepUntil(ctx, first)
		for ctx.Err() == nil {
			d, stays := wait()
			if d > 0 {
				scrape, hangUp := context.WithTimeout(ctx, d)
				w.lookUntil(scrape)
				hangUp()
			}
			if !stays {
				return
			}
			sleepUntil(ctx, interval)
		}
	})
}

// sleepUntil waits for d, or for the end of ctx.
func sleepUntil(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
