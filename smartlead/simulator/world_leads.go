package simulator

import "time"

// people are a campaign's leads, and what became of them.
type people struct {
	contacted, opened, clicked, replied, positive int
}

// people counts the leads to whom something was sent in a range; zero times are no bounds.
func (c campaignContent) people(from, until time.Time) people {
	if c.emails == nil {
		var p people
		for _, s := range c.steps {
			p.contacted = max(p.contacted, int(s.Sent))
			p.opened += int(s.Opened)
			p.clicked += int(s.Clicked)
			p.replied += int(s.Replied)
			p.positive += int(s.Positive)
		}
		return p
	}
	type fate struct{ opened, clicked, replied, positive bool }
	leads := map[any]fate{}
	q := query{from: from, until: until}
	for i := range c.emails.Len() {
		e := c.emails.At(i)
		if !c.passes(&q, &e) {
			continue
		}
		f := leads[e.receiverKey()]
		f.opened = f.opened || e.opened()
		f.clicked = f.clicked || e.clicked()
		f.replied = f.replied || e.replied()
		f.positive = f.positive || e.replied() && isPositive(e.LeadCategory)
		leads[e.receiverKey()] = f
	}
	p := people{contacted: len(leads)}
	for _, f := range leads {
		for _, n := range []struct {
			is    bool
			count *int
		}{{f.opened, &p.opened}, {f.clicked, &p.clicked}, {f.replied, &p.replied}, {f.positive, &p.positive}} {
			if n.is {
				*n.count++
			}
		}
	}
	return p
}

// leadStates are a campaign's leads by where they are in the sequence.
type leadStates struct {
	Total      int `json:"total"`
	NotStarted int `json:"notStarted"`
	InProgress int `json:"inprogress"`
	Completed  int `json:"completed"`
	Paused     int `json:"paused"`
	Stopped    int `json:"stopped"`
	Blocked    int `json:"blocked"`
	Interested int `json:"interested"`
	Revenue    int `json:"revenue"`
}

// leads returns where the leads are at a time. Of a source that doesn't live all have had everything, but
// for those of LeadsWaiting.
func (e entry) leads(now time.Time, p people) leadStates {
	l, ok := e.campaign.Source.(*live)
	if !ok {
		waiting := e.campaign.LeadsWaiting
		return leadStates{Total: p.contacted + waiting, NotStarted: waiting, Completed: p.contacted, Interested: p.positive}
	}
	s := leadStates{Interested: p.positive}
	ms := now.UnixMilli()
	past := func(at int64) bool { return at != 0 && at <= ms }
	type fate struct{ started, goesOn, replied, blocked, gone bool }
	fates := map[uint32]fate{}
	for _, m := range l.until(now) {
		f := fates[m.lead]
		f.started = f.started || past(m.at)
		f.goesOn = f.goesOn || !past(m.at)
		f.replied = f.replied || past(m.reply) && !past(m.ignored)
		f.blocked = f.blocked || past(m.bounce) || past(m.unsubscribe)
		f.gone = f.gone || past(m.gone)
		fates[m.lead] = f
	}
	s.Total = max(l.model.Leads, len(fates)) // leads without end are imported day by day
	status := e.status(now)
	for _, f := range fates {
		switch {
		case f.gone:
			s.Total--
		case f.blocked:
			s.Blocked++
		case f.started && (f.replied || !f.goesOn):
			s.Completed++
		case f.started && status == StatusPaused:
			s.Paused++
		case f.started && status == StatusStopped:
			s.Stopped++
		case f.started:
			s.InProgress++
		}
	}
	s.NotStarted = s.Total - s.Blocked - s.Completed - s.Paused - s.Stopped - s.InProgress
	return s
}
