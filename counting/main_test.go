package counting_test

import (
	"net/http"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // much garbage, and little that is kept
	goleak.VerifyTestMain(m)
}

// campaignID is the campaign that is counted.
const campaignID = 7

// world is a campaign at a simulated API, and what a counter knows of it.
type world struct {
	t       testing.TB
	sim     *simulator.Simulator
	client  *smartlead.Client
	counter *counting.Counter
	task    counting.Task
	seen    map[counting.Method]int // refreshes
	found   map[counting.Outcome]int
	bytes   atomic.Int64 // of the answers
}

// newWorld returns a world whose clock is time.Now, if none is given.
func newWorld(t testing.TB, c simulator.Campaign, b simulator.Behaviour, clock ...func() time.Time) *world {
	t.Helper()
	c.ID = campaignID
	options := simulator.Options{Campaigns: []simulator.Campaign{c}, Behaviour: b}
	for _, clock := range clock {
		options.Clock = clock
	}
	sim, err := simulator.New(options)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, sim: sim, seen: map[counting.Method]int{}, found: map[counting.Outcome]int{}}
	client, err := smartlead.NewClient(smartlead.Options{
		Key:       func() (string, error) { return "key", nil },
		BaseURL:   "http://smartlead.test" + simulator.DefaultPrefix,
		Transport: simulator.Transport(w),
		Limits:    &smartlead.Limits{Concurrency: 4},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.client, w.counter = client, counting.NewCounter(client)
	w.task.Query = smartlead.StatisticsQuery{CampaignID: campaignID, PageSize: 20}
	return w
}

// ServeHTTP answers as the simulator does, and counts the bytes.
func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.sim.ServeHTTP(&counted{rw, &w.bytes}, r)
}

type counted struct {
	http.ResponseWriter
	bytes *atomic.Int64
}

func (c *counted) Write(b []byte) (int, error) {
	c.bytes.Add(int64(len(b)))
	return c.ResponseWriter.Write(b)
}

// count counts the campaign and keeps what is to be known the next time.
func (w *world) count() counting.Result {
	w.t.Helper()
	before := len(w.sim.Requests())
	result, err := w.counter.Count(w.t.Context(), w.task)
	if err != nil {
		w.t.Fatal(err)
	}
	if sent := len(w.sim.Requests()) - before; sent != result.Statistics.Requests {
		w.t.Errorf("%d requests were sent, and %d counted", sent, result.Statistics.Requests)
	}
	w.task.Last, w.task.State, w.task.Recount = &result.Statistics, result.State, false
	w.seen[result.State.Method()]++
	w.found[result.Recount]++
	return result
}

// truth is what a count of all rows would show now.
func (w *world) truth() []smartlead.Step {
	counts, _ := w.sim.Counts(campaignID)
	var steps []smartlead.Step
	for _, c := range counts {
		steps = append(steps, smartlead.Step{
			SequenceNumber: c.Step, Sent: c.Sent, Opened: c.Opened, Clicked: c.Clicked, Replied: c.Replied,
			Unsubscribed: c.Unsubscribed, Bounced: c.Bounced,
		})
	}
	return steps
}

// counts are steps without the moment of the newest e-mail.
func counts(steps []smartlead.Step) []smartlead.Step {
	steps = slices.Clone(steps)
	for i := range steps {
		steps[i].LastSent = time.Time{}
	}
	return steps
}

// right reports whether the counts are those of all rows.
func (w *world) right(result counting.Result) bool {
	return cmp.Equal(w.truth(), counts(result.Statistics.Steps))
}

// wantTruth checks that the counts are those of all rows.
func (w *world) wantTruth(when string, result counting.Result) {
	w.t.Helper()
	if diff := cmp.Diff(w.truth(), counts(result.Statistics.Steps)); diff != "" {
		w.t.Errorf("%s: the counts aren't those of all rows (-rows +counted):\n%s", when, diff)
	}
}

// model is of a campaign in which everything grows, from now on.
func model(seed uint64) simulator.Model {
	return simulator.Model{
		Seed: seed, Start: time.Now(), LeadsPerDay: 120, Steps: 3, DaysBetween: 2,
		Read: 0.5, Click: 0.1, Reply: 0.08, Unsubscribe: 0.03, Bounce: 0.04, Fade: 0.2,
		LateBounce: 0.3, Variants: 2,
	}
}

func living(m simulator.Model) simulator.Campaign {
	return simulator.Campaign{Source: simulator.Live(m)}
}
