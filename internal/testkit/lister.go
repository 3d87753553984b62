package testkit

import (
	"context"
	"slices"
	"sync"
	"time"

	"smartlead_exporter/smartlead"
)

// Lister is a fake of the API's client, a collector.Lister that answers as it is told, and remembers when it was asked. The
// zero value answers at once that there are no campaigns. Time passes in it as in a bubble of testing/synctest.
type Lister struct {
	mu    sync.Mutex
	list  []smartlead.Campaign
	err   error
	takes time.Duration
	asked []time.Time
}

// Answer makes the lister succeed with these campaigns.
func (l *Lister) Answer(list ...smartlead.Campaign) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list, l.err = list, nil
}

// Fail makes the lister fail; nil ends that.
func (l *Lister) Fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
}

// Take changes how long an answer takes.
func (l *Lister) Take(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.takes = d
}

// Times returns how often the lister was asked.
func (l *Lister) Times() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.asked)
}

// Campaigns implements collector.Lister.
func (l *Lister) Campaigns(ctx context.Context, _ smartlead.CampaignsQuery) (smartlead.CampaignList, error) {
	l.mu.Lock()
	list, err, takes := slices.Clone(l.list), l.err, l.takes
	l.asked = append(l.asked, time.Now())
	l.mu.Unlock()
	timer := time.NewTimer(takes)
	defer timer.Stop()
	select {
	case <-timer.C:
		return smartlead.CampaignList{Campaigns: list, Requests: 1}, err
	case <-ctx.Done():
		return smartlead.CampaignList{}, context.Cause(ctx)
	}
}
