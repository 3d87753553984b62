package reliability_test

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// tenant is an account at Smartlead, and how it is configured. It is guarded by world.mu.
type tenant struct {
	*api
	w     *world
	name  string
	clock time.Duration // by which its API's clock is fast

	keys       []string          // that it uses in turn
	accepted   string            // by the API
	configured string            // the key that the exporter has
	client     *smartlead.Client // of the configuration in force; nil before the first
	budgets    *smartlead.Budgets
	allowed    smartlead.Limits
	limits     []limitsFrom           // those in force since the oldest request of sent, and later ones
	sent       map[string][]time.Time // the exporter's requests of the last hour, by the hash of the key

	present   bool // configured at all
	campaigns []*campaign
	mends     map[int]func() // undoes what is wrong
	nextMend  int
	unrest    time.Time // until when the last disturbance may be felt

	lastGood, lastBad time.Time // the newest refreshes that succeeded, and failed

	ofAny, ofPages, ofAll deck // of what goes wrong with campaigns and with the account
}

type limitsFrom struct {
	smartlead.Limits
	from time.Time
}

// campaign is one that an API has. Only its tenant's methods change it.
type campaign struct {
	id       int64
	shape    simulator.Shape
	order    simulator.Order
	grows    bool // by rows that arrive; else rows vanish
	present  bool // configured
	pageSize int
	version  int64
	rows     int
	history  []state // what it held, oldest first
}

// state is what a campaign held from a moment on.
type state struct {
	from  time.Time
	steps []simulator.StepCounts
}

const (
	fewRows, manyRows = 15, 60
	smallPage         = 20
)

func newTenant(w *world, name string, index int) *tenant {
	clocks := []time.Duration{0, 7 * time.Minute, -3 * time.Minute}
	tenant := &tenant{w: w, name: name, clock: clocks[index], present: true, mends: map[int]func(){}, sent: map[string][]time.Time{}}
	for i := range 3 {
		tenant.keys = append(tenant.keys, fmt.Sprintf("%s/+&=%d", name, i))
	}
	tenant.accepted, tenant.configured = tenant.keys[0], tenant.keys[0]
	tenant.api = newAPI(w.t, simulator.Options{
		Clock:  func() time.Time { return time.Now().Add(tenant.clock) },
		Limits: simulator.Limits{PerMinute: 60, PerHour: 250},
	})
	tenant.sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.SkewDate(tenant.clock), tenant.checkKey}})
	limits := smartlead.Limits{PerMinute: 10, PerHour: 80, Concurrency: 2}
	tenant.budgets, tenant.allowed = smartlead.NewBudgets(), limits
	tenant.limits = []limitsFrom{{limits, time.Now()}}
	id := int64(100 * (index + 1))
	for _, c := range []campaign{
		{shape: simulator.PerSequence}, {shape: simulator.PerSequence}, {shape: simulator.PerSequence}, {shape: simulator.PerSequence},
		{shape: simulator.PerEmail, grows: true, order: simulator.OldestFirst},
		{shape: simulator.PerEmail, grows: true, order: simulator.NewestFirst},
		{shape: simulator.PerEmail},
	} {
		id++
		c.id, c.present, c.pageSize = id, true, smallPage
		tenant.campaigns = append(tenant.campaigns, &c)
		tenant.renew(&c)
	}
	return tenant
}

// checkKey refuses every key but the accepted one.
func (tenant *tenant) checkKey(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		tenant.w.mu.Lock()
		good := r.URL.Query().Get("api_key") == tenant.accepted
		tenant.w.mu.Unlock()
		if !good {
			next = simulator.RespondStatus(http.StatusUnauthorized, `{"message":"Invalid API Key"}`)(next)
		}
		next.ServeHTTP(rw, r)
	})
}

// change makes a campaign hold something else.
func (tenant *tenant) change(c *campaign) {
	rng := tenant.w.rng
	switch {
	case c.shape == simulator.PerSequence, c.grows && c.rows > manyRows, !c.grows && c.rows < fewRows:
		tenant.renew(c)
		return
	case c.grows:
		for range 1 + rng.IntN(3) {
			now := time.Now().Add(tenant.clock)
			e := simulator.Email{Step: 1 + rng.IntN(3), SentTime: now, Bounced: rng.IntN(10) == 0, Unsubscribed: rng.IntN(20) == 0}
			if rng.IntN(2) == 0 {
				e.OpenTime, e.OpenCount = now, 1
			}
			tenant.sim.AddEmails(c.id, e)
			c.rows++
		}
	default:
		n := 1 + rng.IntN(3)
		tenant.sim.DeleteRows(c.id, n)
		c.rows -= n
	}
	tenant.note(c)
}

// renew replaces all that a campaign holds.
func (tenant *tenant) renew(c *campaign) {
	c.version++
	source := simulator.Rows(fewRows, 20)
	c.rows = fewRows
	switch {
	case c.shape == simulator.PerSequence:
		var steps []simulator.StepCounts
		for step := range 3 {
			n := 7*c.version + int64(step) // a version's counts occur in no other one, and some of them go down
			steps = append(steps, simulator.StepCounts{Step: step + 1, Sent: n, Opened: n % 97, Clicked: n % 31, Replied: n % 13, Bounced: n % 5})
		}
		source = simulator.Aggregated(steps...)
	case !c.grows:
		source = simulator.Rows(manyRows, 20)
		c.rows = manyRows
	}
	if err := tenant.sim.SetCampaign(simulator.Campaign{ID: c.id, Shape: c.shape, Order: c.order, Source: source}); err != nil {
		tenant.w.t.Fatal(err)
	}
	tenant.note(c)
}

// note keeps what a campaign holds from now on.
func (tenant *tenant) note(c *campaign) {
	steps, _ := tenant.sim.Counts(c.id)
	c.history = append(c.history, state{from: time.Now(), steps: steps})
}

// heldDuring reports whether a campaign held this at some moment of a refresh. Steps that came on different pages can be of
// different moments: the aggregated shape says nothing by which that could be told.
func (c *campaign) heldDuring(refresh span, steps []simulator.StepCounts) bool {
	// A set that was read twice ends at the server's time of its begin, which is in whole seconds.
	from := refresh.begin.Add(-time.Second)
	held := func(is func(state) bool) bool {
		for i, s := range c.history {
			ended := i+1 < len(c.history) && c.history[i+1].from.Before(from)
			if !ended && !s.from.After(refresh.end) && is(s) {
				return true
			}
		}
		return false
	}
	if c.shape == simulator.PerEmail || refresh.requests == 1 {
		return held(func(s state) bool { return slices.Equal(s.steps, steps) })
	}
	for _, step := range steps {
		if !held(func(s state) bool { return len(s.steps) == len(steps) && slices.Contains(s.steps, step) }) {
			return false
		}
	}
	return true
}

// forget drops what nothing that can still be shown was made of.
func (tenant *tenant) forget() {
	for _, c := range tenant.campaigns {
		oldest := time.Now()
		if r := tenant.w.records[c.id]; r != nil {
			oldest = r.oldest()
		}
		keep := 0
		for keep+1 < len(c.history) && c.history[keep+1].from.Before(oldest.Add(-time.Minute)) {
			keep++
		}
		c.history = slices.Clone(c.history[keep:])
	}
}

// setLimits changes the request limits.
func (tenant *tenant) setLimits(limits smartlead.Limits) {
	tenant.allowed = limits
	tenant.limits = append(tenant.limits, limitsFrom{limits, time.Now()})
}

// otherAgent is the User-Agent of another program that uses the key.
const otherAgent = "other"

// harvest checks by the API's record that no sliding minute or hour of a key held more requests of the exporter than the largest
// limit in force during it, and empties the record.
func (tenant *tenant) harvest() {
	t := tenant.w.t
	for _, r := range tenant.sim.Requests() {
		if r.UserAgent == otherAgent {
			continue
		}
		tenant.w.seen.requests++
		if r.Status == http.StatusTooManyRequests {
			tenant.w.seen.tooMany++
		}
		sent := slices.Concat(tenant.sent[r.KeyHash], []time.Time{r.Time})
		for _, window := range []time.Duration{time.Minute, time.Hour} {
			begin := r.Time.Add(-window)
			n := 0
			for i := len(sent) - 1; i >= 0 && sent[i].After(begin); i-- {
				n++
			}
			if most := tenant.limit(window, begin, r.Time); n > most {
				t.Errorf("%s was sent %d requests within %s up to %s, more than %d", tenant.name, n, window, r.Time, most)
			}
		}
		for !sent[0].After(r.Time.Add(-time.Hour)) {
			sent = sent[1:]
		}
		tenant.sent[r.KeyHash] = sent
	}
	tenant.sim.ForgetRequests()
	for len(tenant.limits) > 1 && tenant.limits[1].from.Before(time.Now().Add(-3*time.Hour)) {
		tenant.limits = tenant.limits[1:]
	}
}

// limit returns the largest limit for a window that was in force between two moments.
func (tenant *tenant) limit(window time.Duration, from, to time.Time) int {
	most := 0
	for i, l := range tenant.limits {
		if l.from.After(to) || i+1 < len(tenant.limits) && tenant.limits[i+1].from.Before(from) {
			continue
		}
		if window == time.Minute {
			most = max(most, l.PerMinute)
		} else {
			most = max(most, l.PerHour)
		}
	}
	return most
}

// disturbed takes note that things are wrong for d, and may be felt for longer: by pauses, refused keys, requests under
// way.
func (tenant *tenant) disturbed(d time.Duration) {
	const echo = 40 * time.Minute
	if until := time.Now().Add(d + echo); until.After(tenant.unrest) {
		tenant.unrest = until
	}
}
