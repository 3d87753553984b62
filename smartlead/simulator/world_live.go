package simulator

import (
	"math/rand/v2"
	"slices"
	"sort"
	"sync"
	"time"
)

// Live is a source in which a Model lives. What it holds depends on the Model and the time alone, not on when it was
// asked before.
func Live(m Model) Source {
	if len(m.Days) == 0 {
		m.Days = []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}
	}
	m.Days = slices.Clone(m.Days)
	if m.Opens == 0 && m.Ends == 0 {
		m.Opens, m.Ends = 9*time.Hour, 17*time.Hour
	}
	l := &live{model: m}
	l.nextDay = midnight(m.Start)
	return l
}

// live makes the e-mails of a Model day by day, as time goes on.
type live struct {
	model Model

	mu      sync.Mutex
	nextDay time.Time // the first day whose leads have not been made
	// busyHours is how many hours of the busy time have been made.
	busyHours int
	leads     int       // made so far
	sent      []sending // of these leads, by time; replaced as a whole when it grows
}

// reopenInterval is the time between two times that a lead opens an e-mail.
const reopenInterval = 3 * time.Hour

func (l *live) validate() error { return l.model.validate() }

func (l *live) at(now time.Time, c *Campaign) content {
	sent := l.until(now)
	ms := now.UnixMilli()
	n := sort.Search(len(sent), func(i int) bool { return sent[i].at > ms })
	return content{emails: liveEmails{
		model: &l.model, sent: sent[:n], now: ms,
		opens: c.tracks(DontTrackOpens), clicks: c.tracks(DontTrackClicks),
	}, gaps: l.model.Delete > 0}
}

// finished reports whether all leads have had their last e-mail.
func (l *live) finished(now time.Time) bool {
	sent := l.until(now)
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.model.Leads > 0 && l.leads >= l.model.Leads &&
		(len(sent) == 0 || sent[len(sent)-1].at < now.UnixMilli())
}

// until returns the e-mails of at least all leads that were written to before a time. The result is not written to
// again.
func (l *live) until(now time.Time) []sending {
	l.mu.Lock()
	defer l.mu.Unlock()
	var made []sending
	for ; !l.nextDay.After(now) && !l.over(); l.nextDay = l.nextDay.AddDate(0, 0, 1) {
		if from, to, ok := l.model.hours(l.nextDay); ok {
			made = l.day(made, from, to)
		}
	}
	made = l.busy(made, now)
	if len(made) > 0 {
		made = append(made, l.sent...)
		slices.SortFunc(made, func(a, b sending) int {
			if a.at != b.at {
				return int(a.at - b.at)
			}
			return int(a.lead) - int(b.lead)
		})
		l.sent = made
	}
	return l.sent
}

// over reports whether no further lead will be written to.
func (l *live) over() bool {
	m := &l.model
	return m.LeadsPerDay == 0 || m.Busy.begun(l.nextDay) || m.Leads > 0 && l.leads >= m.Leads || !m.Stop.IsZero() && !l.nextDay.Before(m.Stop)
}

// day appends what is sent, ever, to the leads of a day.
func (l *live) day(dst []sending, from, to time.Time) []sending {
	n := l.model.LeadsPerDay
	if l.model.Leads > 0 {
		n = min(n, l.model.Leads-l.leads)
	}
	for i := range n {
		rng := rand.New(rand.NewPCG(l.model.Seed, uint64(l.leads+1)))
		// Each lead has its own part of the day, and a moment at random in it.
		share := (float64(i) + rng.Float64()) / float64(n)
		first := from.Add(time.Duration(share * float64(to.Sub(from))))
		if l.model.Busy.begun(first) {
			return dst
		}
		l.leads++
		made := len(dst)
		dst = l.model.lead(dst, rng, uint32(l.leads), first)
		dst = append(dst[:made], l.model.later(dst[made:])...)
	}
	return dst
}

// liveEmails shows the sent e-mails as they are at a moment: what is to come of them later is hidden.
type liveEmails struct {
	model  *Model
	sent   []sending
	now    int64
	opens  bool
	clicks bool
}

func (l liveEmails) Len() int { return len(l.sent) }

func (l liveEmails) At(i int) Email {
	s := &l.sent[i]
	e := Email{
		number:       uint64(s.lead)<<8 | uint64(s.step),
		lead:         uint64(s.lead),
		Step:         int(s.step),
		SentTime:     time.UnixMilli(s.at),
		Bounced:      l.past(s.bounce),
		Unsubscribed: l.past(s.unsubscribe),
		BodyBytes:    l.model.BodyBytes,
		gone:         l.past(s.gone),
	}
	if l.model.Variants > 0 {
		e.Variant = 1 + int(mix(uint64(s.lead))%uint64(l.model.Variants))
	}
	if l.opens && l.past(s.open) {
		e.OpenTime = time.UnixMilli(s.open)
		e.OpenCount = 1 + int(min((l.now-s.open)/reopenInterval.Milliseconds(), int64(s.again)))
	}
	if l.clicks && l.past(s.click) {
		e.ClickTime, e.ClickCount = time.UnixMilli(s.click), 1
	}
	if e.IgnoreReply = l.past(s.ignored); l.past(s.reply) && !e.IgnoreReply {
		e.ReplyTime = time.UnixMilli(s.reply)
		e.LeadCategory = l.model.category(s.lead, s.reply, l.now)
	}
	return e
}

func (l liveEmails) past(at int64) bool { return at != 0 && at <= l.now }
