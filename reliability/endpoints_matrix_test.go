package reliability_test

import (
	"context"
	"regexp"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/collector"
	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// part is what a refresh asks for beside all rows, or what a subject asks for.
type part struct {
	name      string
	match     func(r simulator.Request) bool // which requests are for it
	behaviour simulator.Behaviour
	wrong     func() []simulator.Answer // with status 200
	// replaceable says that a refresh does without it where the API doesn't have it.
	replaceable bool
	subject     string // "": it is a part of a refresh
	// few says that its answers are read as another part's are, so that some of the wrong ones will do.
	few bool
	// none are the answers, by reason or by name, that say that there is nothing.
	none []string
	// asksLess says that what is refused is asked for once more with less in a page.
	asksLess bool
}

func parts() []part {
	of := func(limited bool, parameter string) func(simulator.Request) bool {
		return func(r simulator.Request) bool {
			return r.CampaignID == struck && r.Endpoint == simulator.EndpointStatistics && (r.Query.Get("limit") == "1") == limited && r.Query.Has(parameter)
		}
	}
	at := func(endpoint simulator.Endpoint) func(simulator.Request) bool {
		return func(r simulator.Request) bool {
			return r.Endpoint == endpoint && (r.CampaignID == 0 || r.CampaignID == struck)
		}
	}
	return []part{
		{name: "sequence analytics", match: at(simulator.EndpointSequenceAnalytics), wrong: simulator.WrongAnalytics, replaceable: true},
		{name: "totals in their place", match: of(true, "email_status"), behaviour: simulator.Behaviour{AnalyticsGone: true}, wrong: simulator.WrongBodies, few: true},
		{name: "total of a step", match: of(true, "email_sequence_number"), wrong: simulator.WrongBodies, few: true},
		{name: "rows of a status", match: of(false, "email_status"), wrong: simulator.WrongBodies},
		{name: "new rows", match: of(false, "sent_time_start_date"), wrong: simulator.WrongBodies, few: true},
		{name: "mailboxes", match: at(simulator.EndpointEmailAccounts), subject: "mailboxes", wrong: simulator.WrongBodies, none: []string{"bare array"}},
		{
			name: "leads", match: at(simulator.EndpointCampaignAnalytics), subject: "leads", wrong: simulator.WrongBodies, few: true,
			none: []string{string(smartlead.ErrNotFound), "empty object", "data missing", "data object"}, // it is unknown there
		},
		{name: "people", match: at(simulator.EndpointOverallStats), subject: "people", wrong: simulator.WrongBodies, few: true, asksLess: true},
	}
}

// partFaults are some of each kind of fault: what an answer's status or a broken line mean isn't decided for each endpoint
// anew. Bodies are, so that of these there are all.
func (p *part) faults() []*fault {
	some := []string{
		"reset before the answer", "reset in the body", "no answer within the timeout", "an answer just within it",
		"after 0 bytes", "binary", "text behind the body", "UTF-16",
		"in a way that isn't known", "by gzip, cut off", "by gzip", "by gzip, which isn't told",
		"201", "302 (to another host)", "400", "422 (limit refused)", "401", "403", "404", "408", "500", "503", "524 (origin timeout)",
		"Retry-After in seconds", "Retry-After as a date", "no Retry-After", "until a reset", "until a moment that is past",
	}
	var list []*fault
	for _, all := range [][]*fault{lineFaults(), bodyFaults(), statusFaults(), limitFaults()} {
		for _, f := range all {
			if f.kind != "status 200:" && slices.Contains(some, f.name) {
				list = append(list, f)
			}
		}
	}
	for i, a := range p.wrong() {
		if p.few && i%4 != 0 {
			continue
		}
		list = append(list, &fault{
			kind: "status 200:", name: a.Name, effects: always(simulator.Respond(a)), reason: smartlead.ErrBadResponse, untrue: true,
		})
	}
	return list
}

// want returns with which reason the refresh has to fail that meets a fault; "" if with none. Where an answer that can't be
// true is one of rows all the same, all rows can be counted in its place: then either will do.
func (p *part) want(f *fault, forGood bool) (reason smartlead.Reason, either bool) {
	switch {
	case !forGood && (f.retried || f.untrue || p.asksLess && f.reason == smartlead.ErrBadRequest),
		slices.Contains(p.none, string(f.reason)), slices.Contains(p.none, f.name),
		p.replaceable && slices.Contains([]smartlead.Reason{smartlead.ErrNotFound, smartlead.ErrBadRequest, smartlead.ErrForbidden, smartlead.ErrBadResponse}, f.reason):
		return "", false
	default:
		return f.reason, p.subject == "" && f.kind == "status 200:"
	}
}

// Every kind of fault at each request that a refresh by a detector makes, and at those of the subjects. Whatever happens, a
// page shows nothing but values the API had, other campaigns go on, and subjects cost the campaigns nothing.
func TestEndpointFaultMatrix(t *testing.T) {
	if testing.Short() {
		t.Skip("has hundreds of cells")
	}
	got := table{
		head:  []string{"fault"},
		begin: "<!-- the matrix of endpoints: go test ./reliability -run TestEndpointFaultMatrix -update writes it -->\n",
		end:   "<!-- the end of the matrix of endpoints -->\n",
	}
	all := parts()
	for _, p := range all {
		got.head = append(got.head, p.name)
	}
	rows := map[string]*tableRow{} // by fault
	t.Run("cells", func(t *testing.T) {
		for i, p := range all {
			for place, f := range p.faults() {
				if !isInPart(place + i) {
					continue
				}
				name := f.kind + " " + f.name
				row := rows[name]
				if row == nil {
					row = got.add(f.kind, f.name)
					for j := range row.cells {
						row.cells[j] = "–" // of what another endpoint answers
					}
					rows[name] = row
				}
				row.cells[i] = "" // until it was run
				t.Run(name+"/"+p.name, func(t *testing.T) {
					t.Parallel()
					var once, forGood string
					synctest.Test(t, func(t *testing.T) { once = runPart(t, p, f, false).String() })
					synctest.Test(t, func(t *testing.T) { forGood = runPart(t, p, f, true).String() })
					if row.cells[i] = once; forGood != once {
						row.cells[i] += "; " + forGood
					}
				})
			}
		}
	})
	if wholeMatrix() {
		got.settle(t)
	}
}

// partCell is a cell whose struck campaign is counted by a detector.
type partCell struct {
	*cell
	sent int
}

func newPartCell(t *testing.T, p part) *partCell {
	t.Helper()
	time.Sleep(time.Until(present))
	c := &partCell{cell: &cell{exporter: start(t), t: t, shape: simulator.PerEmail}}
	c.north, c.south = newAPI(t, simulator.Options{Behaviour: p.behaviour, Mailboxes: []simulator.Mailbox{{ID: 1, Address: "ada@acme.example"}}}), newAPI(t, simulator.Options{})
	c.set(c.north, struck, simulator.Rows(64, 20))
	c.set(c.north, bystander, simulator.Rows(7, 20))
	c.set(c.south, stranger, simulator.Rows(9, 20))
	account := func(name string, a *api, collect []string, ids ...int64) collector.Account {
		client := c.newClient(name, func() (string, error) { return matrixKey, nil }, a.line, smartlead.NewBudgets(), partLimits)
		account := collector.Account{
			Name: name, Origin: client.Origin(), Fetcher: counting.NewCounter(client), Budget: client.Budget, Concurrency: partLimits.Concurrency,
			Collect: collect, Source: client,
		}
		for _, id := range ids {
			query := smartlead.StatisticsQuery{CampaignID: id}
			if id == struck {
				query.PageSize = 10
			}
			account.Campaigns = append(account.Campaigns, collector.Campaign{Query: query})
		}
		return account
	}
	var collect []string
	if p.subject != "" {
		collect = []string{p.subject}
	}
	c.store.Apply(collector.Settings{TTL: ttl, MaxStale: 10 * day, Accounts: []collector.Account{
		account("north", c.north, collect, struck, bystander), account("south", c.south, nil, stranger),
	}})
	return c
}

// partLimits hold up a refresh, so that whether they hold is seen.
var partLimits = smartlead.Limits{PerMinute: 6, PerHour: 200, Concurrency: 2}

// move has something happen to each campaign, in the struck one to every count.
func (c *partCell) move() {
	c.t.Helper()
	now := time.Now()
	for id, a := range map[int64]*api{struck: c.north, bystander: c.north, stranger: c.south} {
		a.sim.AddEmails(id, simulator.Email{Step: 2, SentTime: now, OpenCount: 1}, simulator.Email{Step: 1, SentTime: now, Bounced: true})
	}
	n := c.sent
	c.sent++
	old := time.Date(2025, time.January, 6, 9, 0, 0, 0, time.UTC).Add(time.Duration(6*n+1) * time.Minute) // of step 2, and nothing came of it
	c.north.sim.ChangeEmails(struck, func(e simulator.Email) simulator.Email {
		if e.SentTime.Equal(old) {
			e.OpenCount, e.ClickCount, e.ReplyTime, e.Unsubscribed = 1, 1, now, true
		}
		return e
	})
}

// runPart has one refresh go well, one meet the fault, and one go well again.
func runPart(t *testing.T, p part, f *fault, forGood bool) outcome {
	c := newPartCell(t, p)
	c.allWell("before the fault", c.scrapeFor(day))
	time.Sleep(2 * ttl)
	c.move()
	c.allWell("by the detector", c.scrapeFor(day))

	time.Sleep(10 * ttl) // subjects, too
	before := c.state()
	c.move()
	asked := 0
	remove := c.strike(p, f, forGood, &asked)
	began := time.Now()
	page := c.scrapeFor(day)
	got := outcome{c.status(struck).Reason, page.campaigns[struck].requests}
	if p.subject != "" {
		if reason := c.status(struck).Reason; reason != "" && !f.ofAccount {
			t.Errorf("a refresh failed for a subject: %s", c.status(struck).Error)
		}
		time.Sleep(20 * time.Minute) // longer than all its tries; without a scrape nothing more is asked for
		got = c.subject(p, f, forGood, began)
	} else {
		if want, either := p.want(f, forGood); got.reason != want && (!either || got.reason != "") {
			t.Errorf("the refresh ended with %q, want %q: %s", got.reason, want, c.status(struck).Error)
		}
		c.checkStruck(page.campaigns[struck], before[struck], got.reason, began)
		c.checkOthers(page, before, f, got.reason, began)
	}
	if asked == 0 {
		t.Error("the fault struck no request")
	}
	c.checkSecret()

	remove()
	time.Sleep(40 * time.Minute)
	if f.ofAccount {
		c.scrapeFor(day)
	}
	c.allWell("after the fault", c.scrapeFor(day))
	if p.subject != "" {
		time.Sleep(day) // after which what was refused is tried again
		c.scrapeFor(day)
		time.Sleep(10 * time.Minute)
		if up, _ := c.subjectUp(); up != 1 {
			t.Error("the subject isn't collected again after the fault")
		}
	}
	c.checkPauses(f)
	for _, a := range []*api{c.north, c.south} {
		a.checkBudget(t, partLimits)
	}
	return got
}

// strike switches the fault on.
func (c *partCell) strike(p part, f *fault, forGood bool, asked *int) (remove func()) {
	times := 1
	if forGood {
		times = 0
	}
	note := simulator.Do(func() {
		*asked++
		c.strikes = append(c.strikes, time.Now())
	})
	return c.north.sim.Inject(simulator.Fault{Match: []simulator.Matcher{p.match}, Times: times, Effects: append([]simulator.Effect{note}, f.effects(c.cell)...)})
}

// allWell checks that everything is as if nothing had ever gone wrong.
func (c *partCell) allWell(when string, p page) {
	c.t.Helper()
	for id, want := range c.state() {
		got := p.campaigns[id]
		if got.up != 1 || !slices.Equal(got.steps, want) {
			c.t.Errorf("%s: campaign %d has up %v and shows\n%v, want 1 and\n%v", when, id, got.up, got.steps, want)
		}
	}
}

// subject checks how a subject stands that met a fault, and returns what came of it.
func (c *partCell) subject(p part, f *fault, forGood bool, began time.Time) outcome {
	c.t.Helper()
	var got outcome
	for _, r := range c.north.sim.Requests() {
		if p.match(r) && !r.Time.Before(began) {
			got.requests++
		}
	}
	up, series := c.subjectUp()
	if told := subjectFailed.FindStringSubmatch(c.log.String()); told != nil {
		got.reason = smartlead.Reason(told[1])
	}
	if want, _ := p.want(f, forGood); got.reason != want || up != 1 && want == "" || up != 0 && want != "" {
		c.t.Errorf("the subject has up %v and failed with %q, want %q", up, got.reason, want)
	}
	if series == 0 && !slices.Contains(p.none, f.name) {
		c.t.Error("what was collected before the fault isn't shown any more")
	}
	return got
}

var subjectFailed = regexp.MustCompile(`collecting a subject failed.* reason=(\w+)`)

// subjectUp returns whether collecting the subject succeeds, and how many series show what was collected.
func (c *partCell) subjectUp() (up float64, series int) {
	c.t.Helper()
	ctx, cancel := context.WithCancel(c.t.Context())
	cancel()
	// What the scrape asks for comes after what it shows.
	defer c.north.sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.Delay(time.Second)}})()
	families, err := c.gatherer.ForScrape(ctx, c.own).Gather()
	if err != nil {
		c.t.Fatal(err)
	}
	for _, f := range families {
		switch f.GetName() {
		case "smartlead_exporter_subject_up":
			up = f.GetMetric()[0].GetGauge().GetValue()
		case "smartlead_mailbox_info", "smartlead_campaign_leads_replied", "smartlead_campaign_leads_contacted":
			series += len(f.GetMetric())
		}
	}
	return up, series
}
