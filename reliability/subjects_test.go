package reliability_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"

	"smartlead_exporter/collector"
	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// subjectRequests are what subjects ask for.
var subjectRequests = []struct {
	subject string
	match   simulator.Matcher
}{
	{"mailboxes", simulator.ForEndpoint(simulator.EndpointEmailAccounts)},
	{"leads", simulator.ForEndpoint(simulator.EndpointCampaignAnalytics)},
	{"people", simulator.ForEndpoint(simulator.EndpointOverallStats)},
	{"replies", simulator.ForEndpoint(simulator.EndpointCategories)},
	{"replies", func(r simulator.Request) bool {
		return r.Endpoint == simulator.EndpointStatistics && r.Query.Get("email_status") == string(smartlead.StatusReplied)
	}},
	{"variants", simulator.ForEndpoint(simulator.EndpointSequences)},
}

// Every fault of an answer, at each request that a subject makes, for an hour: a page shows nothing but what the API had,
// campaigns and other subjects go on, and when it is over the subject is well.
func TestFaultsOfSubjects(t *testing.T) {
	if testing.Short() {
		t.Skip("has hundreds of cells")
	}
	for i, f := range faults() {
		if !isInPart(i) {
			continue
		}
		if f.dial != nil || f.ofAccount || f.pause > 0 || f.clock != 0 || f.may != nil || f.kind == "status:" && !strings.Contains(f.name, "(") {
			continue // of the line, the account, or the set of rows, and statuses of which nothing is known
		}
		for _, asked := range subjectRequests {
			t.Run(fmt.Sprintf("%s %s/%s", f.kind, f.name, asked.subject), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { strikeSubject(t, f, asked.subject, asked.match) })
			})
		}
	}
}

func strikeSubject(t *testing.T, f *fault, subject string, match simulator.Matcher) {
	time.Sleep(time.Until(present))
	e := start(t)
	var o simulator.Options
	a := collector.Account{Name: "a", Concurrency: 2, Collect: collector.Subjects()}
	for id := int64(1); id <= 2; id++ {
		o.Campaigns = append(o.Campaigns, simulator.Campaign{ID: id, Source: simulator.Live(simulator.Model{
			Seed: uint64(id), Start: present.AddDate(0, 0, -30), Stop: present.AddDate(0, 0, -20), LeadsPerDay: 10, Steps: 1,
			Read: 0.6, Click: 0.1, Reply: 0.3, Bounce: 0.03, Variants: 2,
		})})
		a.Campaigns = append(a.Campaigns, collector.Campaign{Query: smartlead.StatisticsQuery{CampaignID: id, PageSize: 20}})
		o.Mailboxes = append(o.Mailboxes, simulator.Mailbox{ID: id, Address: fmt.Sprintf("ada%d@acme.example", id), DailyLimit: 50, Warmup: &simulator.Warmup{Start: present, Paused: true}})
	}
	api := newAPI(t, o)
	client := e.newClient("a", func() (string, error) { return matrixKey, nil }, api.line, smartlead.NewBudgets(), smartlead.Limits{})
	a.Origin, a.Fetcher, a.Budget, a.Source = client.Origin(), counting.NewCounter(client), client.Budget, client
	e.store.Apply(collector.Settings{TTL: ttl, MaxStale: 10 * day, Accounts: []collector.Account{a}})
	look := func() (values, own map[string]float64) {
		for range 3 { // what comes with the counts, what is asked for at first, and the labels of what there is
			e.scrapeFor(5 * time.Second)
			synctest.Wait()
		}
		return e.subjectPage()
	}
	before, well := look()
	if len(before) < 60 || len(well) != len(collector.Subjects()) {
		t.Fatalf("got %d series of %d subjects", len(before), len(well))
	}
	for name, up := range well {
		if up != 1 {
			t.Errorf("before, %s is up: %v", name, up)
		}
	}
	mend := api.sim.Inject(simulator.Fault{Match: []simulator.Matcher{match}, Effects: f.effects(nil)})
	for range 6 {
		time.Sleep(10 * time.Minute)
		values, ups := look()
		for series, n := range values {
			if was, ok := before[series]; !ok || was != n {
				t.Fatalf("%s is %v, was %v", series, n, was)
			}
		}
		for name, up := range ups {
			if name != subject && up != 1 {
				t.Errorf("%s is up: %v", name, up)
			}
		}
		for id := int64(1); id <= 2; id++ {
			if c := e.status(id); !c.Up {
				t.Errorf("campaign %d fails: %s", id, c.Error)
			}
		}
	}
	mend()
	time.Sleep(day) // after which a refusal is asked about
	look()
	time.Sleep(10 * time.Minute)
	values, ups := look()
	if !maps.Equal(before, values) {
		t.Errorf("after it %d series are shown, want those %d of before", len(values), len(before))
	}
	if ups[subject] != 1 {
		t.Errorf("after it %s is up: %v", subject, ups[subject])
	}
}

// subjectPage returns the series of subjects, and which of them are up, without waiting for anything.
func (e *exporter) subjectPage() (values, up map[string]float64) {
	e.t.Helper()
	ctx, cancel := context.WithCancel(e.t.Context())
	cancel()
	families, err := e.gatherer.ForScrape(ctx, e.own).Gather()
	if err != nil {
		e.t.Fatal(err)
	}
	values, up = map[string]float64{}, map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			switch name := f.GetName(); {
			case name == "smartlead_exporter_subject_up":
				up[label(m, "subject")] = m.GetGauge().GetValue()
			case ofSubjects(name):
				values[name+labelsOf(m)] = m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return values, up
}

// ofSubjects reports whether a subject shows the family.
func ofSubjects(family string) bool {
	return slices.ContainsFunc([]string{"mailbox", "campaign_leads", "campaign_positive", "campaign_repl", "reply_category", "variant"}, func(begins string) bool {
		return strings.HasPrefix(family, "smartlead_"+begins)
	})
}

func labelsOf(m *dto.Metric) string {
	var all []string
	for _, l := range m.GetLabel() {
		all = append(all, l.GetName()+"="+l.GetValue())
	}
	return "{" + strings.Join(all, ",") + "}"
}
