package reliability_test

import (
	"slices"
	"testing"
	"time"

	"smartlead_exporter/collector"
	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// cell is an exporter with two accounts.
type cell struct {
	*exporter
	t            *testing.T
	shape        simulator.Shape
	order        simulator.Order
	north, south *api
	steps        int // of the struck campaign, in the aggregated shape
	version      int64
	history      [][]simulator.StepCounts // what the API held of the struck campaign since all was changed
	strikes      []time.Time
}

func newCell(t *testing.T, f *fault, shape simulator.Shape) *cell {
	t.Helper()
	time.Sleep(time.Until(present)) // later than the simulator's rows were sent
	c := &cell{exporter: start(t), t: t, shape: shape, order: f.order, steps: 5}
	now := func() time.Time { return time.Now().Add(f.clock) }
	c.north, c.south = newAPI(t, simulator.Options{Clock: now}), newAPI(t, simulator.Options{})
	c.north.sim.Inject(simulator.Fault{Effects: []simulator.Effect{simulator.SkewDate(f.clock + f.date)}})
	c.north.line.observe = c.remember
	c.change()
	account := func(name string, a *api, campaigns ...collector.Campaign) collector.Account {
		client := c.newClient(name, func() (string, error) { return matrixKey, nil }, a.line, smartlead.NewBudgets(), matrixLimits)
		return collector.Account{
			Name: name, Origin: client.Origin(), Fetcher: counting.NewByRows(client), Budget: client.Budget, Concurrency: matrixLimits.Concurrency, Campaigns: campaigns,
		}
	}
	campaign := func(id int64, pageSize int) collector.Campaign {
		return collector.Campaign{Query: smartlead.StatisticsQuery{CampaignID: id, PageSize: pageSize}}
	}
	c.store.Apply(collector.Settings{TTL: ttl, MaxStale: 10 * day, Accounts: []collector.Account{
		account("north", c.north, campaign(struck, c.pageSize()), campaign(bystander, 0)),
		account("south", c.south, campaign(stranger, 0)),
	}})
	return c
}

// pageSize is that of the struck campaign.
func (c *cell) pageSize() int {
	if c.shape == simulator.PerSequence {
		return 2
	}
	return 10
}

// change makes all campaigns hold something else than before.
func (c *cell) change() {
	c.t.Helper()
	c.version++
	c.set(c.north, bystander, simulator.Aggregated(simulator.StepCounts{Step: 1, Sent: 100 - c.version, Opened: c.version}))
	c.set(c.south, stranger, simulator.Rows(20-int(c.version), 20))
	if c.shape == simulator.PerSequence {
		c.set(c.north, struck, c.aggregated())
	} else {
		c.set(c.north, struck, simulator.Rows(21+int(c.version)*2, 200))
	}
	c.history = nil
}

// aggregated is what the struck campaign holds in the aggregated shape.
func (c *cell) aggregated() simulator.Source {
	var steps []simulator.StepCounts
	for step := range c.steps {
		steps = append(steps, simulator.StepCounts{Step: step + 1, Sent: 1000 * c.version, Opened: int64(step), Bounced: c.version})
	}
	return simulator.Aggregated(steps...)
}

func (c *cell) set(a *api, id int64, source simulator.Source) {
	c.t.Helper()
	if err := a.sim.SetCampaign(simulator.Campaign{ID: id, Shape: c.shape, Order: c.order, Source: source}); err != nil {
		c.t.Fatal(err)
	}
}

// state returns what the APIs hold at this moment.
func (c *cell) state() map[int64][]simulator.StepCounts {
	state := map[int64][]simulator.StepCounts{}
	state[struck], _ = c.north.sim.Counts(struck)
	state[bystander], _ = c.north.sim.Counts(bystander)
	state[stranger], _ = c.south.sim.Counts(stranger)
	return state
}

// remember keeps what the struck campaign holds at this moment, if that is news. A campaign changes with requests alone.
func (c *cell) remember() {
	now := c.state()[struck]
	if n := len(c.history); n == 0 || !slices.Equal(c.history[n-1], now) {
		c.history = append(c.history, now)
	}
}

// inject switches the fault on.
func (c *cell) inject(f *fault, m moment) (remove func()) {
	offset := m.page * c.pageSize()
	match := []simulator.Matcher{simulator.ForCampaign(struck), simulator.AtOffset(offset)}
	skip, times := 0, 1
	if m.forGood {
		times = 0
	}
	if m.retry {
		skip = 1
		c.north.sim.Inject(simulator.Fault{Match: match, Times: 1, Effects: []simulator.Effect{simulator.RespondStatus(503, "")}})
	}
	if f.dial != nil {
		c.north.line.fail(struck, offset, skip, times, f.dial)
		return func() { c.north.line.fail(0, 0, 0, 0, nil) }
	}
	effects := []simulator.Effect{simulator.Do(func() { c.strikes = append(c.strikes, time.Now()) })}
	return c.north.sim.Inject(simulator.Fault{Match: match, Skip: skip, Times: times, Effects: append(effects, f.effects(c)...)})
}
