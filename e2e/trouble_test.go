package e2e_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"smartlead_exporter/smartlead/simulator"
)

// unauthorized is a key that is refused. For the alert nothing may have succeeded for ten minutes, so that it takes an
// account whose key was never right.
var unauthorized = simulator.Fault{
	Effects: []simulator.Effect{simulator.RespondStatus(http.StatusUnauthorized, `{"message":"Invalid API Key"}`)},
}

// trouble makes go wrong what can: an exporter joins that has an account for each thing, and the steady one begins to
// fail.
func (w *world) trouble() {
	w.t.Helper()
	poor, late := w.startLate()

	// It is scraped only when its reload has been refused: the alert wants that for ten minutes.
	write(w.t, late.config, readFile(w.t, late.config)+"nonsense: true\n")
	late.reload()
	await(w.t, "a refused reload", func() error {
		text, err := late.metrics()
		if err == nil && !strings.Contains(text, "\nsmartlead_exporter_config_last_reload_successful 0\n") {
			err = errors.New("not refused yet")
		}
		return err
	})
	write(w.t, filepath.Join(w.folder, "late.json"), fmt.Sprintf(`[{"targets": [%q], "labels": {"instance": "late:10045"}}]`, late.address))

	// Growth begins at 0, as these campaigns are new.
	w.prom.campaigns(w.t, `campaign:smartlead_sent:first{campaign_id=~"70."} == 100`, 3)
	for _, id := range []int64{701, 703} {
		w.set(poor, simulator.Campaign{
			ID: id, Shape: simulator.PerSequence, CreatedAt: time.Now(),
			Source: simulator.Aggregated(simulator.StepCounts{Step: 1, Sent: 400, Opened: 50, Replied: 10, Bounced: 30, Unsubscribed: 20}),
		})
	}
	w.set(poor, simulator.Campaign{
		ID: 702, Shape: simulator.PerSequence, CreatedAt: time.Now(), TrackSettings: []string{simulator.DontTrackClicks},
		Source: simulator.Raw(
			`{"sequence_number":1,"sent":200,"opened":0,"clicked":0,"replied":20,"unsubscribed":0,"bounced":0}`,
			`{"sequence_number":null,"sent":3}`,
		),
	})

	// The steady campaign goes on, in the other shape, and then its key is refused.
	w.set(w.steadyAPI, simulator.Campaign{ID: steadyCampaign, Name: "Q4 outreach", Source: simulator.Fixed(emails(1500, 20, 5)...)})
	w.prom.campaigns(w.t, fmt.Sprintf(`smartlead_sent_total{campaign_id="%d"} == 1500`, steadyCampaign), 1)
	w.steadyAPI.Inject(unauthorized)

	w.demo.process.Kill()
}

func (w *world) set(sim *simulator.Simulator, c simulator.Campaign) {
	w.t.Helper()
	if err := sim.SetCampaign(c); err != nil {
		w.t.Fatal(err)
	}
}

// startLate starts an exporter whose accounts each have a fault, but for one, whose simulator it returns.
func (w *world) startLate() (poor *simulator.Simulator, late *exporter) {
	w.t.Helper()
	unlisted, unlistedAPI := startAPI(w.t, simulator.Options{})
	unlisted.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.RespondStatus(http.StatusBadGateway, "bad gateway")}})

	throttled, throttledAPI := startAPI(w.t, simulator.Options{Campaigns: []simulator.Campaign{{ID: 501, Source: simulator.Rows(3, 0)}}})
	throttled.Inject(simulator.Fault{
		Match:   []simulator.Matcher{simulator.ForEndpoint(simulator.EndpointStatistics)},
		Effects: []simulator.Effect{simulator.RespondStatus(http.StatusTooManyRequests, "slow down")},
	})

	refused, refusedAPI := startAPI(w.t, simulator.Options{})
	refused.Inject(unauthorized)

	gone, goneAPI := startAPI(w.t, simulator.Options{})
	gone.Inject(simulator.Fault{
		Match:   []simulator.Matcher{simulator.ForEndpoint(simulator.EndpointEmailAccounts)},
		Effects: []simulator.Effect{simulator.RespondStatus(http.StatusForbidden, "not in your plan")},
	})

	// More campaigns than requests, and one too many. At half of two requests a second, a queue of 64 waits for so long
	// that the sum shows in a rate over half an hour.
	var crowd []simulator.Campaign
	for i := range int64(65) {
		crowd = append(crowd, simulator.Campaign{ID: 1001 + i, CreatedAt: time.Now().Add(-time.Hour), Source: simulator.Rows(1, 0)})
	}
	_, crowdAPI := startAPI(w.t, simulator.Options{Campaigns: crowd, Limits: simulator.Limits{PerMinute: 100_000}})
	const crowdAccount = `
  - name: crowd
    base_url: %s
    rate_limit: {per_minute: 120, per_hour: 1000000, concurrency: 64}
    discovery: {max_campaigns: 64}
`
	begin := simulator.Aggregated(simulator.StepCounts{Step: 1, Sent: 100, Replied: 10})
	broken := []simulator.Span{{From: time.Now().Add(-time.Hour)}}
	mailboxes := []simulator.Mailbox{
		{ID: 9, Address: "me@own.example", DailyLimit: 30, SMTPDown: broken, IMAPDown: broken},
		{ID: 10, Address: "you@own.example", DailyLimit: 5, Campaigns: []int64{711}},
	}
	today := emails(10, 0, 0)
	stays := time.Now() // else what was sent today would be of yesterday after midnight
	clock := func() time.Time { return stays }
	poor, poorAPI := startAPI(w.t, simulator.Options{Clock: clock, Mailboxes: mailboxes, Campaigns: []simulator.Campaign{
		{ID: 701, Name: "bad list", CreatedAt: time.Now(), Shape: simulator.PerSequence, Source: begin},
		{ID: 703, Name: "no better list", CreatedAt: time.Now(), Shape: simulator.PerSequence, Source: begin},
		{ID: 711, Name: "too much for one", CreatedAt: time.Now(), LeadsWaiting: 30, Source: simulator.Fixed(today...)},
		{ID: 702, Name: "unseen", CreatedAt: time.Now(), Shape: simulator.PerSequence, TrackSettings: []string{simulator.DontTrackClicks}, Source: begin},
	}})

	// The folder of the cache file goes away: the file can't be written any more.
	cache := filepath.Join(w.t.TempDir(), "cache")
	if err := os.Mkdir(cache, 0o700); err != nil {
		w.t.Fatal(err)
	}
	late = startExporter(w.t, strings.Replace(configuration(
		account("unlisted", unlistedAPI, discovery),
		account("throttled", throttledAPI, "    campaigns: [501]\n"),
		account("refused", refusedAPI, "    campaigns: [801]\n"),
		account("gone", goneAPI, "    campaigns: [601]\n    collect: [mailboxes]\n"),
		account("poor", poorAPI, discovery, "    collect: [mailboxes, leads]\n"),
		fmt.Sprintf(crowdAccount, crowdAPI),
	), "max_stale: 1h", "max_stale: 5s, file: "+filepath.Join(cache, "file"), 1)) // what is late is later than this
	if err := os.RemoveAll(cache); err != nil {
		w.t.Fatal(err)
	}
	return poor, late
}
