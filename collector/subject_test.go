package collector_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/collector"
	"smartlead_exporter/config"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// collecting is an account of a simulated API, asked by the real client, with so many campaigns and mailboxes, of which
// these subjects are collected.
func collecting(t *testing.T, e *exporter, sim *simulator.Simulator, limits smartlead.Limits, campaigns int, subjects ...string) collector.Account {
	t.Helper()
	client := e.newClient("default", sim, limits)
	a := account("default", client, numbers(campaigns)...)
	a.Source, a.Collect = client, subjects
	return a
}

// simulated is an API with so many campaigns and mailboxes.
func simulated(t *testing.T, campaigns, mailboxes int) *simulator.Simulator {
	t.Helper()
	var o simulator.Options
	for id := 1; id <= campaigns; id++ {
		o.Campaigns = append(o.Campaigns, testkit.Aggregated(id, 10))
	}
	for id := 1; id <= mailboxes; id++ {
		o.Mailboxes = append(o.Mailboxes, simulator.Mailbox{
			ID: int64(id), Address: fmt.Sprintf("ada%d@Acme.example", id), Password: "hunter2", DailyLimit: 50,
		})
	}
	return testkit.NewSimulator(t, o)
}

// ofSubject names a series of how collecting goes.
func ofSubject(name, subject string) string {
	return fmt.Sprintf(`smartlead_exporter_subject_%s{account="default",subject=%q}`, name, subject)
}

// asked counts the requests to endpoints of subjects, by endpoint, and all requests.
func asked(sim *simulator.Simulator) (by map[simulator.Endpoint]int, subjects, all int) {
	by = map[simulator.Endpoint]int{}
	for _, r := range sim.Requests() {
		all++
		switch r.Endpoint {
		case simulator.EndpointEmailAccounts, simulator.EndpointCampaignAnalytics, simulator.EndpointOverallStats, simulator.EndpointCategories:
			by[r.Endpoint]++
			subjects++
		}
	}
	return by, subjects, all
}

// What a configuration can name is what there is.
func TestSubjectsAreThoseOfTheConfiguration(t *testing.T) {
	if diff := cmp.Diff(collector.Subjects(), config.Subjects()); diff != "" {
		t.Errorf("config has other subjects (-collector +config):\n%s", diff)
	}
}

// Nothing is asked without a scrape, and what is asked for is there for the next one.
func TestSubjects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := simulated(t, 2, 1)
		const takes = time.Second // so that the first scrape, which takes no time, can't show them
		sim.Inject(simulator.Fault{
			Match:   []simulator.Matcher{func(r simulator.Request) bool { return r.Endpoint != simulator.EndpointStatistics }},
			Effects: []simulator.Effect{simulator.Delay(takes)},
		})
		e := prepare(t, settings())
		a := collecting(t, e, sim, smartlead.Limits{}, 2, collector.Subjects()...)
		e.store.Apply(settings(a))
		e.run()
		time.Sleep(time.Hour)
		if _, _, all := asked(sim); all != 0 {
			t.Errorf("%d requests were sent without a scrape, want none", all)
		}
		begin := e.scrape()
		for _, subject := range []string{"mailboxes", "leads", "people"} { // the others come with the counts, too
			begin.Want(t, "before the first", page{ofSubject("up", subject): 0, ofSubject("last_success_timestamp_seconds", subject): 0})
		}
		asking := time.Now()
		time.Sleep(30 * time.Second) // less than a TTL: nothing is asked for again
		got := e.scrape()
		for _, subject := range collector.Subjects() {
			got.Want(t, "after the first", page{ofSubject("up", subject): 1})
			if subject == "variants" { // for which nothing is asked, as there are none
				got.Want(t, "after the first", page{ofSubject("last_success_timestamp_seconds", subject): seconds(asking), ofSubject("duration_seconds", subject): 0})
				continue
			}
			if subject == "replies" {
				got.Want(t, "what came with the counts", page{ofSubject("last_success_timestamp_seconds", subject): seconds(asking)})
				continue
			}
			had := got[ofSubject("last_success_timestamp_seconds", subject)]
			if had < seconds(asking.Add(takes)) || had > seconds(time.Now()) {
				t.Errorf("the last success of %s was at %v, want one of the last half minute", subject, had)
			}
			if took := got[ofSubject("duration_seconds", subject)]; took < takes.Seconds() || took > seconds(time.Now())-seconds(asking) {
				t.Errorf("%s took %v s, want a second or some", subject, took)
			}
		}
		got.Want(t, "after the first", page{
			`smartlead_account_mailboxes{account="default"}`:                                                                     1,
			`smartlead_mailbox_info{account="default",address="",client_id="",domain="acme.example",mailbox_id="1",type="SMTP"}`: 1,
			`smartlead_mailbox_smtp_up{account="default",mailbox_id="1"}`:                                                        1,
			`smartlead_mailbox_daily_limit{account="default",mailbox_id="1"}`:                                                    50,
			`smartlead_campaign_leads_contacted{campaign_id="1"}`:                                                                10,
			`smartlead_campaign_leads_replied{campaign_id="2"}`:                                                                  0,
		})
		_, before, _ := asked(sim)
		if want := 1 + 2 + 2 + 1; before != want {
			t.Errorf("%d requests were sent for subjects, want %d: one for mailboxes and for categories, two for leads and people", before, want)
		}
		time.Sleep(24 * time.Hour)
		if _, after, _ := asked(sim); after != before {
			t.Errorf("%d requests were sent without a scrape, want none", after-before)
		}
	})
}

// An address is the user's own, and shown only where the configuration says so.
func TestMailboxAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := prepare(t, settings())
		a := collecting(t, e, simulated(t, 1, 3), smartlead.Limits{}, 1, "mailboxes")
		e.store.Apply(settings(a))
		e.run()
		for _, addresses := range []bool{false, true, false} {
			a.MailboxAddresses = addresses
			e.store.Apply(settings(a))
			e.scrape()
			synctest.Wait()
			text := e.exposition(t.Context(), textFormat)
			if got := strings.Contains(text, "ada2@"); got != addresses {
				t.Errorf("with mailbox_addresses %v an address is shown: %v", addresses, got)
			}
			if !strings.Contains(text, `domain="acme.example"`) || strings.Contains(text, "hunter2") {
				t.Errorf("want the domain, and no password:\n%s", text)
			}
		}
	})
}

// All subjects together take their share of the quota at the most, and campaigns keep the rest.
func TestSubjectsKeepToTheirShare(t *testing.T) {
	for _, limits := range []smartlead.Limits{{PerMinute: 60, PerHour: 1000}, {PerMinute: 20}, {PerHour: 100}} {
		t.Run(fmt.Sprint(limits), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const hours, campaigns = 2, 40
				sim := simulated(t, campaigns, 250)
				e := prepare(t, settings())
				e.store.Apply(settings(collecting(t, e, sim, limits, campaigns, collector.Subjects()...)))
				e.run()
				for range hours * 60 {
					e.collectFor(10 * time.Second)
					time.Sleep(time.Minute)
				}
				by, subjects, all := asked(sim)
				allowed := limits.Sustained() * hours * 60
				if least, most := 0.7*collector.SubjectShare*allowed, collector.SubjectShare*allowed+5; float64(subjects) < least || float64(subjects) > most {
					t.Errorf("subjects took %d requests (%v), want %.0f to %.0f, about their share of the quota", subjects, by, least, most)
				}
				if float64(all) < 0.9*allowed {
					t.Errorf("%d requests were sent, want at least 90%% of the %.0f that are allowed", all, allowed)
				}
				for _, endpoint := range []simulator.Endpoint{simulator.EndpointEmailAccounts, simulator.EndpointCampaignAnalytics, simulator.EndpointOverallStats} {
					if by[endpoint] == 0 {
						t.Errorf("%s was never asked: %v", endpoint, by)
					}
				}
			})
		})
	}
}

// What is told of the ages holds: once through, a subject is no older.
func TestSubjectAges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits := smartlead.Limits{PerMinute: 60, PerHour: 1000}
		const campaigns, mailboxes = 60, 150
		ages := map[string]time.Duration{}
		names := collector.Subjects()[:4]
		for i, age := range collector.SubjectAges(limits.Sustained(), []float64{2, campaigns, 1, 2}) { // as Subjects, but variants, for which nothing is asked
			ages[names[i]] = age
		}
		e := prepare(t, settings())
		e.store.Apply(settings(collecting(t, e, simulated(t, campaigns, mailboxes), limits, campaigns, names...)))
		e.run()
		begin := time.Now()
		worst := map[string]time.Duration{}
		for time.Since(begin) < 3*ages["leads"] {
			p := e.scrapeFor(10 * time.Second)
			for _, name := range names {
				if age := time.Since(time.Unix(int64(p[ofSubject("last_success_timestamp_seconds", name)]), 0)); time.Since(begin) > ages["leads"]*3/2 {
					worst[name] = max(worst[name], age)
				}
			}
			time.Sleep(time.Minute)
		}
		for _, name := range names {
			t.Logf("%s: %v at the worst, %v expected", name, worst[name], ages[name])
			if worst[name] > ages[name]*5/4 || worst[name] < ages[name]*3/4 {
				t.Errorf("%s gets %v old, want about %v", name, worst[name], ages[name])
			}
		}
	})
}

// A first refresh never waits for a subject.
func TestCampaignsComeBeforeSubjects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := simulated(t, 30, 1)
		e := prepare(t, settings())
		e.store.Apply(settings(collecting(t, e, sim, smartlead.Limits{PerMinute: 20, PerHour: 60}, 30, collector.Subjects()...)))
		e.run()
		for range 120 {
			e.collectFor(10 * time.Second)
			time.Sleep(time.Minute)
		}
		tried := map[int64]bool{}
		for _, r := range sim.Requests() {
			if r.Endpoint == simulator.EndpointStatistics {
				tried[r.CampaignID] = true
			} else if len(tried) < 30 {
				t.Fatalf("%s was asked when %d of 30 campaigns had been", r.Endpoint, len(tried))
			}
		}
		if _, subjects, _ := asked(sim); subjects == 0 {
			t.Error("subjects were never asked for")
		}
	})
}

// A subject that fails changes nothing else: no campaign, no other subject, no account.
func TestSubjectsThatFail(t *testing.T) {
	for _, tc := range []struct {
		name   string
		effect simulator.Effect
		most   int // requests for mailboxes in an hour
	}{
		{"not in the plan", simulator.RespondStatus(403, "not in your plan"), 1},
		{"gone", simulator.RespondStatus(404, "no such thing"), 1},
		{"broken", simulator.RespondStatus(500, "broken"), 60},
		{"no list", simulator.RespondStatus(200, "{}"), 60},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := simulated(t, 3, 1)
				mend := sim.Inject(simulator.Fault{Match: []simulator.Matcher{simulator.ForEndpoint(simulator.EndpointEmailAccounts)}, Effects: []simulator.Effect{tc.effect}})
				e := prepare(t, settings())
				a := collecting(t, e, sim, smartlead.Limits{PerMinute: 60}, 3, collector.Subjects()...)
				e.store.Apply(settings(a))
				e.run()
				for range 60 {
					e.scrape().Want(t, "the campaigns", page{up(1): 1, up(2): 1, up(3): 1})
					time.Sleep(time.Minute)
				}
				p := e.scrape()
				p.Want(t, "after an hour", page{ofSubject("up", "mailboxes"): 0, ofSubject("up", "leads"): 1, ofSubject("up", "people"): 1})
				if by, _, _ := asked(sim); by[simulator.EndpointEmailAccounts] > tc.most {
					t.Errorf("the list of mailboxes was asked for %d times, want at most %d", by[simulator.EndpointEmailAccounts], tc.most)
				}
				if n := e.log.Count("collecting a subject failed"); n != 1 {
					t.Errorf("the log tells %d times of it, want once:\n%s", n, e.log)
				}
				mend()
				for range 25 {
					e.collectFor(time.Second)
					time.Sleep(time.Hour)
				}
				e.scrape().Want(t, "well again", page{ofSubject("up", "mailboxes"): 1})
			})
		})
	}
}

// Where the server only tells of some days, that is no lifetime: the subject is off, the log says why, and nobody is shown a
// month for all time.
func TestPeopleNeedALifetime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := simulated(t, 2, 1)
		sim.SetBehaviour(simulator.Behaviour{OverallMaxDays: 30})
		e := prepare(t, settings())
		e.store.Apply(settings(collecting(t, e, sim, smartlead.Limits{}, 2, collector.Subjects()...)))
		e.run()
		for range 20 * 4 {
			e.scrape()
			time.Sleep(15 * time.Minute)
		}
		p := e.scrape()
		p.Want(t, "after 20 hours", page{
			ofSubject("up", "people"): 0, ofSubject("last_success_timestamp_seconds", "people"): 0, ofSubject("up", "leads"): 1, ofSubject("up", "mailboxes"): 1, up(1): 1,
			`smartlead_campaign_leads_contacted{campaign_id="1"}`: none, `smartlead_campaign_positive_replies{campaign_id="1"}`: none,
		})
		if by, _, _ := asked(sim); by[simulator.EndpointOverallStats] > 2 { // for pages of two sizes
			t.Errorf("it was asked for %d times in 20 hours, want twice", by[simulator.EndpointOverallStats])
		}
		if n := e.log.Count("aren't those of a lifetime"); n != 1 {
			t.Errorf("the log says %d times why, want once:\n%s", n, e.log)
		}
	})
}

// A list that has suddenly lost half or more is more likely a fault than a truth: it is believed when it comes again.
func TestShrunkenListsAreDoubted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := simulated(t, 2, 10)
		e := prepare(t, settings())
		e.store.Apply(settings(collecting(t, e, sim, smartlead.Limits{}, 2, collector.Subjects()...)))
		e.run()
		const mailboxes, people, category = `smartlead_account_mailboxes{account="default"}`, `smartlead_campaign_leads_contacted{campaign_id="1"}`,
			`smartlead_reply_category_info{account="default",category="Interested",sentiment="positive"}`
		look := func() page {
			e.scrape()
			synctest.Wait()
			return e.scrape()
		}
		look().Want(t, "at first", page{mailboxes: 10, people: 10, category: 1})
		had := seconds(time.Now())
		for endpoint, nothing := range map[simulator.Endpoint]string{
			simulator.EndpointEmailAccounts: "[]", simulator.EndpointCategories: "[]", simulator.EndpointOverallStats: `{"success":true,"data":{"campaign_wise_performance":[]}}`,
		} {
			sim.Inject(simulator.Fault{Match: []simulator.Matcher{simulator.ForEndpoint(endpoint)}, Effects: []simulator.Effect{simulator.RespondStatus(200, nothing)}})
		}
		time.Sleep(ttl)
		look().Want(t, "gone all at once", page{mailboxes: 10, people: 10, category: 1, ofSubject("up", "mailboxes"): 1, ofSubject("last_success_timestamp_seconds", "mailboxes"): had})
		time.Sleep(time.Minute)
		look().Want(t, "gone a minute later, too", page{
			mailboxes: 0, people: none, category: none, ofSubject("up", "mailboxes"): 1, ofSubject("last_success_timestamp_seconds", "mailboxes"): seconds(time.Now()),
		})
	})
}

// Values stay while fetching fails, for max_stale; a campaign that has gone from the API has none.
func TestSubjectsGoStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := simulated(t, 2, 1)
		e := prepare(t, settings())
		e.store.Apply(settings(collecting(t, e, sim, smartlead.Limits{}, 2, collector.Subjects()...)))
		e.run()
		scrapeTwice := func() page {
			e.scrape()
			synctest.Wait()
			return e.scrape()
		}
		const mailboxes, replied, others = `smartlead_account_mailboxes{account="default"}`, `smartlead_campaign_leads_replied{campaign_id="1"}`, `smartlead_campaign_leads_replied{campaign_id="2"}`
		scrapeTwice().Want(t, "at first", page{mailboxes: 1, replied: 0, others: 0})
		fault := sim.Inject(simulator.Fault{
			Match:   []simulator.Matcher{simulator.ForEndpoint(simulator.EndpointEmailAccounts)},
			Effects: []simulator.Effect{simulator.RespondStatus(500, "broken")},
		})
		sim.RemoveCampaign(1)
		time.Sleep(ttl)
		p := scrapeTwice()
		p.Want(t, "while it fails", page{mailboxes: 1, others: 0, ofSubject("up", "leads"): 1})
		if _, shown := p[replied]; shown {
			t.Error("leads are shown of a campaign that has gone")
		}
		time.Sleep(maxStale + time.Minute) // after the client's last try
		if p := scrapeTwice(); p[mailboxes] != 0 || p[ofSubject("up", "mailboxes")] != 0 {
			t.Errorf("mailboxes are shown that couldn't be had for max_stale: %v", p[mailboxes])
		}
		fault()
		time.Sleep(maxBackoff)
		scrapeTwice()
		time.Sleep(time.Minute)
		scrapeTwice().Want(t, "well again", page{mailboxes: 1, ofSubject("up", "mailboxes"): 1})
	})
}

// A subject that is no longer to be collected goes with its series, also while it is being fetched.
func TestSubjectsAreSwitchedOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := simulated(t, 2, 1)
		e := prepare(t, settings())
		a := collecting(t, e, sim, smartlead.Limits{}, 2, collector.Subjects()...)
		e.store.Apply(settings(a))
		e.run()
		e.scrape()
		synctest.Wait()
		time.Sleep(ttl)
		sim.Inject(simulator.Fault{Match: []simulator.Matcher{simulator.ForEndpoint(simulator.EndpointEmailAccounts)}, Effects: []simulator.Effect{simulator.Delay(time.Minute)}})
		e.scrape()
		synctest.Wait()
		a.Collect = []string{"leads"}
		e.store.Apply(settings(a))
		synctest.Wait()
		text := e.exposition(t.Context(), textFormat)
		if strings.Contains(text, "mailbox") || strings.Contains(text, "people") || !strings.Contains(text, "smartlead_campaign_leads_replied") {
			t.Errorf("want leads alone:\n%s", text)
		}
	})
}
