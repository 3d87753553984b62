package collector_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"smartlead_exporter/smartlead"
)

// api is a collector.Fetcher that answers as it is told, and remembers what it was asked.
type api struct {
	mu        sync.Mutex
	answers   map[int64]answer
	asked     []ask
	cancelled []int64 // campaigns whose refresh was given up
	running   map[int64]int
	total     int // of running
	most      int // running at the same time
}

// answer is what api does for a campaign. The zero value is to answer at once that one e-mail of step 1 was sent.
type answer struct {
	takes time.Duration
	sent  int64 // of step 1; 0 stands for 1
	err   error
	// statistics, if not nil, takes the place of sent.
	statistics *smartlead.Statistics
	// lingers is how long a refresh that is given up takes to end.
	lingers time.Duration
}

// ask is a call of Statistics.
type ask struct {
	id   int64
	at   time.Time
	both bool // another one for the same campaign hadn't ended
}

func newAPI() *api { return &api{answers: map[int64]answer{}, running: map[int64]int{}} }

// answer changes what becomes of a campaign's refreshes that begin from now on.
func (a *api) answer(id int64, with answer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answers[id] = with
}

func (a *api) Statistics(ctx context.Context, q smartlead.StatisticsQuery) (smartlead.Statistics, error) {
	with := a.begin(q.CampaignID)
	defer a.end(q.CampaignID)
	if with.takes > 0 {
		timer := time.NewTimer(with.takes)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			a.mu.Lock()
			a.cancelled = append(a.cancelled, q.CampaignID)
			a.mu.Unlock()
			time.Sleep(with.lingers)
			return smartlead.Statistics{}, context.Cause(ctx)
		}
	}
	if with.statistics != nil {
		return *with.statistics, with.err
	}
	if with.err != nil {
		return smartlead.Statistics{Requests: 1}, with.err
	}
	return smartlead.Statistics{
		Steps: []smartlead.Step{{SequenceNumber: 1, Sent: max(with.sent, 1)}}, Shape: smartlead.ShapeAggregated, Rows: 1, Requests: 1,
	}, nil
}

func (a *api) begin(id int64) answer {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, ask{id: id, at: time.Now(), both: a.running[id] > 0})
	a.running[id]++
	a.total++
	a.most = max(a.most, a.total)
	return a.answers[id]
}

func (a *api) end(id int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.running[id]--
	a.total--
}

// times returns how often a campaign was asked for.
func (a *api) times(id int64) int {
	n := 0
	for _, asked := range a.all() {
		if asked.id == id {
			n++
		}
	}
	return n
}

// order returns the campaigns in the order in which they were asked for since the last call of forget.
func (a *api) order() []int64 {
	ids := []int64{}
	for _, asked := range a.all() {
		ids = append(ids, asked.id)
	}
	return ids
}

func (a *api) all() []ask {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.asked)
}

func (a *api) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = nil
}

// givenUp returns the campaigns whose refresh was cancelled under way.
func (a *api) givenUp() []int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.cancelled)
}

// busiest returns the largest number of refreshes that ran at the same time.
func (a *api) busiest() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.most
}

// failure is what a client returns for a refresh that fails.
func failure(reason smartlead.Reason) error {
	return &smartlead.Error{Op: "GET /campaigns/1/statistics", Reason: reason, Message: "as the test wants it"}
}

// numbers returns 1 to n, to be ids.
func numbers(n int) []int64 {
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = int64(i + 1)
	}
	return ids
}
