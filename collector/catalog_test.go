package collector_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/collector"
	"smartlead_exporter/smartlead"
)

// slowLister takes its time to list nothing, or to fail.
type slowLister struct {
	takes time.Duration
	err   error
}

func (l slowLister) Campaigns(ctx context.Context, _ smartlead.CampaignsQuery) (smartlead.CampaignList, error) {
	select {
	case <-time.After(l.takes):
		return smartlead.CampaignList{Requests: 1}, l.err
	case <-ctx.Done():
		return smartlead.CampaignList{}, context.Cause(ctx)
	}
}

// discovering is an account with a lister, and one configured campaign.
func discovering(name string, l collector.Lister) collector.Account {
	a := account(name, newAPI(), 1)
	a.Lister, a.ListInterval, a.Discovery = l, 10*time.Minute, &collector.Discovery{}
	return a
}

// A scrape waits for a list that was never had, unless it isn't wanted any more.
func TestApplyEndsTheWaitForLists(t *testing.T) {
	for _, tc := range []struct {
		name  string
		after collector.Settings
	}{
		{"account removed", settings(account("other", newAPI(), 1))},
		{"list no longer wanted", settings(account("default", newAPI(), 1))},
		{"list never to be fetched", func() collector.Settings {
			a := discovering("default", slowLister{})
			a.ListInterval = 0
			return settings(a)
		}()},
	} {
		for _, running := range []bool{false, true} {
			name := tc.name + ", while it is queued"
			if running {
				name = tc.name + ", while it is fetched"
			}
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					before := settings(discovering("default", slowLister{takes: time.Hour}))
					var e *exporter
					if running {
						e = start(t, before)
					} else {
						e = prepare(t, before)
						time.AfterFunc(6*time.Second, e.run)
					}
					time.AfterFunc(5*time.Second, func() { e.store.Apply(tc.after) })
					waited := took(func() { e.scrape().want(t, "the scrape that was waiting", page{sent(1): 1}) })
					if waited > 6*time.Second {
						t.Errorf("the scrape waited for %s, want until the settings changed and the store ran", waited)
					}
					for series, value := range e.ownPage() {
						if strings.HasPrefix(series, "smartlead_exporter_discovery_failures_total") && value != 0 {
							t.Errorf("%s is %v, but a list that isn't wanted is no failure", series, value)
						}
					}
				})
			})
		}
	}
}

// Every failure has one of the reasons that exist from the start.
func TestListFailuresHaveReasons(t *testing.T) {
	for _, tc := range []struct {
		err    error
		reason string
	}{
		{failure(smartlead.ErrForbidden), "forbidden"},
		{errors.New("smartlead: refused before it was sent"), "bad_request"},
	} {
		synctest.Test(t, func(t *testing.T) {
			e := start(t, settings(discovering("default", slowLister{err: tc.err})))
			e.scrape().want(t, tc.err.Error(), page{
				`smartlead_exporter_discovery_failures_total{account="default",reason="` + tc.reason + `"}`: 1,
				`smartlead_exporter_discovery_failures_total{account="default",reason=""}`:                  none,
				sent(1): 1,
			})
		})
	}
}
