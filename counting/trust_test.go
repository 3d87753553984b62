package counting_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// meddling is an API at which something happens just before totals are asked for.
type meddling struct {
	*smartlead.Client
	before func()
}

func (m *meddling) Total(ctx context.Context, q smartlead.StatisticsQuery) (smartlead.Total, error) {
	if m.before != nil {
		m.before()
		m.before = nil
	}
	return m.Client.Total(ctx, q)
}

// That all e-mails of a small step have been opened by now doesn't mean that totals count without filters.
func TestTotalsAreNotRefutedByChance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(24 * time.Hour)
		var emails []simulator.Email
		for i := range 400 {
			e := simulator.Email{Step: 2, SentTime: time.Now().Add(time.Duration(i-400) * 3 * time.Minute), OpenCount: i % 2}
			switch {
			case i < 4:
				e.Step = 1
			case i%10 == 0:
				e.ClickCount = 1
			}
			emails = append(emails, e)
		}
		w := newWorld(t, simulator.Campaign{Source: simulator.Fixed(emails...)}, simulator.Behaviour{})
		source := &meddling{Client: w.client}
		w.counter = counting.NewCounter(source)
		open := func(indices ...int) {
			for _, i := range indices {
				emails[i].OpenCount = 1
			}
			if err := w.sim.SetCampaign(simulator.Campaign{ID: campaignID, Source: simulator.Fixed(emails...)}); err != nil {
				t.Fatal(err)
			}
		}
		open(0) // so that of step 1 all but one have been
		w.count()
		w.wantTruth("at first", w.count())

		time.Sleep(time.Hour)
		open(10)
		source.before = func() { open(2, 12) } // after the detector has told of one
		w.count()
		w.wantTruth("when the detector has told of that", w.count())

		time.Sleep(time.Hour)
		open(14)
		result := w.count()
		w.wantTruth("at last", result)
		if got := result.Statistics.Requests; got > 3 {
			t.Errorf("one open took %d requests, want the detector and the totals of two steps at most", got)
		}
	})
}
