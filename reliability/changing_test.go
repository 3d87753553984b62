package reliability_test

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead/simulator"
)

// changing is an account whose campaigns change by themselves, each at a rate of its own, and an API that shows them. It
// knows of each change whether somebody has seen it yet.
type changing struct {
	t   testing.TB
	sim *simulator.Simulator

	mu        sync.Mutex
	rng       *rand.Rand
	campaigns map[int64]*changingCampaign
	next      changeQueue

	failing []int64 // campaigns that get 500

	collect []string                 // subjects that are collected
	ages    map[string]time.Duration // of each subject, how old it got

	measuring bool
	delays    time.Duration // summed over the changes that were seen
	seen      int
	// Of the changes from 8 to 18 h:
	delaysByDay time.Duration
	seenByDay   int

	unseen float64 // campaign changes unseen at the moments that were looked at, summed
	looks  int
	bytes  int64
}

// changingCampaign is one of them.
type changingCampaign struct {
	id       int64
	perMin   float64 // changes a minute from 8 to 18 h; at night it is a twelfth of that
	divisor  int     // of its e-mails and its page
	emails   []simulator.Email
	happened [5]int // to how many of them, as in shares
	dirty    bool   // the simulator doesn't have emails as they are
	pending  []time.Time
}

// changes is by how many changes a minute a campaign changes.
type changes struct {
	at       time.Time
	campaign *changingCampaign
}

// changeQueue holds the next change of each campaign, the earliest first.
type changeQueue []changes

func (q changeQueue) Len() int           { return len(q) }
func (q changeQueue) Less(i, j int) bool { return q[i].at.Before(q[j].at) }
func (q changeQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *changeQueue) Push(x any)        { *q = append(*q, x.(changes)) }
func (q *changeQueue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// divisorFor returns what a campaign's e-mails and its page size are divided by, so that days pass in seconds. Requests stay
// the same. Where much changes, enough e-mails are left for some hours' opens.
func divisorFor(sends bool) int {
	switch {
	case !sends:
		return 100
	case inFull():
		return 10
	default:
		return 40
	}
}

// page is how many rows a page of the campaign has.
func (c *changingCampaign) page() int { return 1000 / c.divisor }

// newChanging returns an account of 300 campaigns: 40 that send, 70 that wait for late replies, 190 that sleep.
func newChanging(t testing.TB, seed uint64, behaviour simulator.Behaviour) *changing {
	t.Helper()
	w := &changing{t: t, rng: rand.New(rand.NewPCG(seed, 1)), campaigns: map[int64]*changingCampaign{}}
	opts := simulator.Options{Behaviour: behaviour, Limits: simulator.Limits{PerMinute: 60, PerHour: 1000}}
	between := func(low, high, share float64) float64 { return low * math.Pow(high/low, share) } // on a logarithmic scale
	for id := int64(1); id <= 300; id++ {
		// Sizes and rates are spread evenly over what they lie between, the ones independent of the others, so that no
		// draw of a few large campaigns decides what is possible.
		size := func(of int64) float64 { return math.Mod(float64(of)*math.Phi, 1) }
		var perMin, emails float64
		switch {
		case id <= 40:
			perMin, emails = []float64{0.3, 1, 2, 4}[id%4], between(3000, 60_000, (float64((id-1)/4)+0.5)/10)
		case id <= 110:
			perMin, emails = between(0.005, 0.05, (float64(id-41)+0.5)/70), between(3000, 20_000, size(id-40))
		default:
			perMin, emails = 0.001*(float64(id-111)+0.5)/190, between(500, 20_000, size(id-110))
		}
		c := &changingCampaign{id: id, perMin: perMin, divisor: divisorFor(id <= 40)}
		for i := range int(emails) / c.divisor {
			sent := time.Now().Add(-time.Duration((1+i)*c.divisor) * 22 * time.Second)
			e := simulator.Email{StatsID: strconv.FormatInt(id, 10) + "-" + strconv.Itoa(i), LeadEmail: "x@y.example", Step: 1 + i%4, SentTime: sent, Variant: 1 + i%2, LeadCategory: "Interested"}
			for kind, share := range shares {
				if w.rng.Float64() < share.of {
					share.set(&e, sent)
					c.happened[kind]++
				}
			}
			c.emails = append(c.emails, e)
		}
		status := "COMPLETED"
		if id <= 40 {
			status = "ACTIVE"
		}
		opts.Campaigns = append(opts.Campaigns, simulator.Campaign{ID: id, Status: status, Source: simulator.Fixed(c.emails...)})
		w.campaigns[id] = c
		w.schedule(c, time.Now())
	}
	for id := int64(1); id <= 500; id++ {
		opts.Mailboxes = append(opts.Mailboxes, simulator.Mailbox{ID: id, Address: "ada" + strconv.FormatInt(id, 10) + "@acme.example", DailyLimit: 50})
	}
	w.sim = testkit.NewSimulator(t, opts)
	return w
}

// schedule decides when a campaign changes next.
func (w *changing) schedule(c *changingCampaign, now time.Time) {
	if c.perMin <= 0 {
		return
	}
	for { // by thinning: the rate of the day, of which most is dropped at night
		now = now.Add(time.Duration(w.rng.ExpFloat64() / c.perMin * float64(time.Minute)))
		if hour := now.Hour(); hour >= 8 && hour < 18 || w.rng.IntN(12) == 0 {
			heap.Push(&w.next, changes{now, c})
			return
		}
	}
}

// advance lets come to pass what has come to pass by now.
func (w *changing) advance(now time.Time) {
	for len(w.next) > 0 && !w.next[0].at.After(now) {
		next := heap.Pop(&w.next).(changes)
		w.change(next.campaign, next.at)
		w.schedule(next.campaign, next.at)
	}
}

// shares of a campaign's e-mails to which something happened, as they are and stay.
var shares = []struct {
	of    float64 // of the e-mails
	until int     // of 1,000 changes
	is    func(*simulator.Email) bool
	set   func(*simulator.Email, time.Time)
	undo  func(*simulator.Email)
}{
	{
		0.5, 920,
		func(e *simulator.Email) bool { return e.OpenCount > 0 },
		func(e *simulator.Email, _ time.Time) { e.OpenCount = 1 },
		func(e *simulator.Email) { e.OpenCount = 0 },
	},
	{
		0.05, 952,
		func(e *simulator.Email) bool { return e.ClickCount > 0 },
		func(e *simulator.Email, _ time.Time) { e.ClickCount = 1 },
		func(e *simulator.Email) { e.ClickCount = 0 },
	},
	{
		0.03, 975,
		func(e *simulator.Email) bool { return !e.ReplyTime.IsZero() },
		func(e *simulator.Email, at time.Time) { e.ReplyTime = at },
		func(e *simulator.Email) { e.ReplyTime = time.Time{} },
	},
	{
		0.03, 994,
		func(e *simulator.Email) bool { return e.Bounced },
		func(e *simulator.Email, _ time.Time) { e.Bounced = true },
		func(e *simulator.Email) { e.Bounced = false },
	},
	{
		0.01, 997,
		func(e *simulator.Email) bool { return e.Unsubscribed },
		func(e *simulator.Email, _ time.Time) { e.Unsubscribed = true },
		func(e *simulator.Email) { e.Unsubscribed = false },
	},
}

// change changes a campaign by one. There are fewer e-mails than there would be, but not fewer changes. So few changes are
// new e-mails, else campaigns would grow too fast, and what happened to an e-mail is undone for another one, else it would have
// happened to all of them after some days. Opens, which are most changes, don't cancel out like that: they grow until nearly all
// e-mails were opened, and begin anew then.
func (w *changing) change(c *changingCampaign, at time.Time) {
	c.dirty = true
	c.pending = append(c.pending, at)
	kind := w.rng.IntN(1000)
	for i, share := range shares {
		if kind >= share.until {
			continue
		}
		first := w.rng.IntN(len(c.emails))
		undo := float64(c.happened[i]) > share.of*float64(len(c.emails))
		if i == 0 { // opens only grow
			undo = false
			if float64(c.happened[i]) >= 0.9*float64(len(c.emails)) {
				w.forgetOpens(c)
			}
		}
		for j := range c.emails {
			e := &c.emails[(first+j)%len(c.emails)]
			if share.is(e) != undo {
				continue
			}
			if undo {
				share.undo(e)
				c.happened[i]--
			} else {
				share.set(e, at)
				c.happened[i]++
			}
			return
		}
	}
	n := len(c.emails)
	c.emails = append(c.emails, simulator.Email{
		StatsID: strconv.FormatInt(c.id, 10) + "-" + strconv.Itoa(n), LeadEmail: "x@y.example", Step: 1 + w.rng.IntN(4), SentTime: at,
	})
}

// forgetOpens leaves a tenth of a campaign's e-mails opened. Nobody waits to see that.
func (w *changing) forgetOpens(c *changingCampaign) {
	for i := range c.emails {
		if c.emails[i].OpenCount > 0 && w.rng.IntN(10) > 0 {
			c.emails[i].OpenCount = 0
			c.happened[0]--
		}
	}
}

// ServeHTTP answers for the campaigns as they are now.
func (w *changing) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	w.advance(time.Now())
	divisor := 1
	for part := range strings.SplitSeq(r.URL.Path, "/") {
		id, err := strconv.ParseInt(part, 10, 64)
		if err == nil && slices.Contains(w.failing, id) {
			w.mu.Unlock()
			http.Error(rw, "failing", http.StatusInternalServerError)
			return
		}
		c := w.campaigns[id]
		if err != nil || c == nil {
			continue
		}
		divisor = c.divisor
		if c.dirty {
			if err := w.sim.SetCampaign(simulator.Campaign{ID: id, Source: simulator.Fixed(c.emails...)}); err != nil {
				w.t.Error(err)
			}
			c.dirty = false
		}
	}
	w.mu.Unlock()
	counter := &countingWriter{ResponseWriter: rw}
	w.sim.ServeHTTP(counter, r)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.measuring {
		if limit := r.URL.Query().Get("limit"); limit == "" || limit == "1" { // no page
			divisor = 1
		}
		w.bytes += counter.n * int64(divisor)
	}
}

// countingWriter counts the bytes of an answer.
type countingWriter struct {
	http.ResponseWriter
	n int64
}

func (w *countingWriter) Write(b []byte) (int, error) {
	w.n += int64(len(b))
	return w.ResponseWriter.Write(b)
}

// refreshed takes note that a campaign's values, as of a refresh that began then, are shown from now on.
func (w *changing) refreshed(id int64, began time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	w.advance(now)
	c := w.campaigns[id]
	i := 0
	for i < len(c.pending) && !c.pending[i].After(began) {
		if w.measuring {
			w.delays += now.Sub(c.pending[i])
			w.seen++
			if hour := c.pending[i].Hour(); hour >= 8 && hour < 18 {
				w.delaysByDay += now.Sub(c.pending[i])
				w.seenByDay++
			}
		}
		i++
	}
	c.pending = c.pending[i:]
}

// look takes note of how many changes are unseen at this moment.
func (w *changing) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.advance(time.Now())
	if !w.measuring {
		return
	}
	for _, c := range w.campaigns {
		w.unseen += float64(len(c.pending))
	}
	w.looks++
}

// measure begins to measure.
func (w *changing) measure() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.measuring = true
}

// bound returns the least mean delay of a change that is possible by day, in minutes, if a refresh of a campaign costs so many
// requests and so many are allowed a minute.
func (w *changing) bound(cost func(c *changingCampaign) float64, perMinute float64) float64 {
	roots, rates := 0.0, 0.0
	for _, c := range w.campaigns {
		roots += math.Sqrt(c.perMin * cost(c))
		rates += c.perMin
	}
	return roots * roots / (2 * perMinute * rates)
}

// rowsCost is what counting all rows costs.
func rowsCost(c *changingCampaign) float64 {
	return math.Ceil(float64(len(c.emails)) / float64(c.page()))
}
