package testkit

import (
	"context"
	"slices"
	"sync"
	"time"

	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
)

// Fetcher is a fake of the API's client, a collector.Fetcher that answers as it is told, and remembers what it was asked.
// Time passes in it as in a bubble of testing/synctest.
type Fetcher struct {
	mu        sync.Mutex
	answers   map[int64]Answer
	all       Answer
	asked     []Ask
	cancelled []int64 // campaigns whose refresh was given up
	running   map[int64]int
	total     int // of running
	most      int // running at the same time
}

// Answer is what a Fetcher does for a campaign. The zero value is to answer at once that one e-mail of step 1 was sent.
type Answer struct {
	Takes time.Duration
	Sent  int64 // of step 1; 0 stands for 1
	Err   error
	// Statistics, if not nil, takes the place of Sent.
	Statistics *smartlead.Statistics
	// Lingers is how long a refresh that is given up takes to end.
	Lingers time.Duration
}

// Ask is a call of Statistics.
type Ask struct {
	ID   int64
	At   time.Time
	Both bool // another one for the same campaign hadn't ended
}

// NewFetcher returns a fetcher with the zero Answer for all campaigns.
func NewFetcher() *Fetcher {
	return &Fetcher{answers: map[int64]Answer{}, running: map[int64]int{}}
}

// Answer changes what becomes of a campaign's refreshes that begin from now on.
func (f *Fetcher) Answer(id int64, with Answer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[id] = with
}

// AnswerAll is Answer for the campaigns that have no answer of their own.
func (f *Fetcher) AnswerAll(with Answer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = with
}

// Count implements collector.Fetcher: by all rows.
func (f *Fetcher) Count(ctx context.Context, task counting.Task) (counting.Result, error) {
	return counting.NewByRows(f).Count(ctx, task)
}

// Statistics implements counting.Rower.
func (f *Fetcher) Statistics(ctx context.Context, q smartlead.StatisticsQuery) (smartlead.Statistics, error) {
	with := f.begin(q.CampaignID)
	defer f.end(q.CampaignID)
	if with.Takes > 0 {
		timer := time.NewTimer(with.Takes)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			f.mu.Lock()
			f.cancelled = append(f.cancelled, q.CampaignID)
			f.mu.Unlock()
			time.Sleep(with.Lingers)
			return smartlead.Statistics{}, context.Cause(ctx)
		}
	}
	if with.Statistics != nil {
		return *with.Statistics, with.Err
	}
	if with.Err != nil {
		return smartlead.Statistics{Requests: 1}, with.Err
	}
	return smartlead.Statistics{
		Steps: []smartlead.Step{{SequenceNumber: 1, Sent: max(with.Sent, 1)}}, Shape: smartlead.ShapeAggregated, Rows: 1, Requests: 1,
	}, nil
}

func (f *Fetcher) begin(id int64) Answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, Ask{ID: id, At: time.Now(), Both: f.running[id] > 0})
	f.running[id]++
	f.total++
	f.most = max(f.most, f.total)
	if with, ok := f.answers[id]; ok {
		return with
	}
	return f.all
}

func (f *Fetcher) end(id int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running[id]--
	f.total--
}

// Times returns how often a campaign was asked for.
func (f *Fetcher) Times(id int64) int {
	n := 0
	for _, asked := range f.Asked() {
		if asked.ID == id {
			n++
		}
	}
	return n
}

// Order returns the campaigns in the order in which they were asked for since the last call of Forget.
func (f *Fetcher) Order() []int64 {
	ids := []int64{}
	for _, asked := range f.Asked() {
		ids = append(ids, asked.ID)
	}
	return ids
}

// Asked returns what was asked for since the last call of Forget, in order.
func (f *Fetcher) Asked() []Ask {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.asked)
}

// Forget forgets what was asked for.
func (f *Fetcher) Forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = nil
}

// GivenUp returns the campaigns whose refresh was cancelled under way.
func (f *Fetcher) GivenUp() []int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.cancelled)
}

// Busiest returns the largest number of refreshes that ran at the same time.
func (f *Fetcher) Busiest() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.most
}
