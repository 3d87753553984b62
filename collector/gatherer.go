package collector

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"smartlead_exporter/smartlead"
)

// Gatherer shows what New shows, to many scrapes, and makes anew only what changed since the last one: a campaign
// changes when it was refreshed, and its statistics often not even then. It is safe for concurrent use.
//
// Metrics and families are shared between scrapes. Once made they are never written to; whoever gathers them must not
// do so either.
type Gatherer struct {
	store *Store

	// mu is held while families are put together, not while a scrape waits for refreshes.
	mu         sync.Mutex
	campaigns  map[string]*shownCampaign // by id
	accounts   []AccountSnapshot
	subjects   []subjectView
	parts      map[madePart][]shown // metrics of parts of subjects
	generation []*dto.MetricFamily
}

// shownCampaign is a campaign as it was last shown.
type shownCampaign struct {
	seen  Snapshot
	state []shown
	meta  []shown
	steps []shown
}

// shown is a metric and where it belongs.
type shown struct {
	family *family
	metric *dto.Metric
}

// NewGatherer returns a gatherer of a store's campaigns and accounts.
func NewGatherer(store *Store) *Gatherer {
	return &Gatherer{store: store}
}

// ForScrape returns the gatherer for one scrape, whose context says how long to wait for refreshes, as in New. What own
// gathers is shown as well; it must not have families of the same names.
func (g *Gatherer) ForScrape(ctx context.Context, own prometheus.Gatherer) prometheus.Gatherer {
	return prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		generation := g.show(g.store.look(ctx, 0), g.store.lists(), g.store.subjects())
		others, err := own.Gather() // last, so that it counts what this scrape caused
		all := slices.Concat(generation, others)
		sortFamilies(all)
		return all, err
	})
}

// ForCampaign returns the gatherer of one campaign alone for one scrape. It shows nothing if the store has no such
// campaign.
func (g *Gatherer) ForCampaign(ctx context.Context, id int64) prometheus.Gatherer {
	return prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		campaigns := map[string]*shownCampaign{}
		for _, seen := range g.store.look(ctx, id) {
			campaigns[seen.ID] = showCampaign(&seen, nil)
		}
		families := assemble(campaigns, nil, nil)
		sortFamilies(families)
		return families, nil
	})
}

// sortFamilies puts what people look for first: what is known of campaigns and accounts, then what is known of the exporter,
// then of the process it is. The format leaves the order to us; it is the same each time.
func sortFamilies(families []*dto.MetricFamily) {
	rank := func(name string) int {
		switch {
		case strings.HasPrefix(name, "smartlead_exporter_"):
			return 1
		case strings.HasPrefix(name, "smartlead_"):
			return 0
		default:
			return 2
		}
	}
	slices.SortFunc(families, func(a, b *dto.MetricFamily) int {
		return cmp.Or(cmp.Compare(rank(a.GetName()), rank(b.GetName())), strings.Compare(a.GetName(), b.GetName()))
	})
}

// show returns the families of these campaigns, accounts and subjects.
func (g *Gatherer) show(views []Snapshot, accounts []AccountSnapshot, subjects []subjectView) []*dto.MetricFamily {
	g.mu.Lock()
	defer g.mu.Unlock()
	changed := len(views) != len(g.campaigns) ||
		!slices.EqualFunc(accounts, g.accounts, func(a, b AccountSnapshot) bool { return a.sameList(&b) }) ||
		!slices.EqualFunc(subjects, g.subjects, func(a, b subjectView) bool { return a.same(&b) })
	campaigns := make(map[string]*shownCampaign, len(views))
	for i := range views {
		v := &views[i]
		old := g.campaigns[v.ID]
		if old != nil && old.seen.sameState(v) && old.seen.sameMeta(v) && old.seen.Statistics == v.Statistics {
			campaigns[v.ID] = old
			continue
		}
		campaigns[v.ID] = showCampaign(v, old)
		changed = true
	}
	if changed {
		g.campaigns, g.accounts, g.subjects = campaigns, accounts, subjects
		g.generation = assemble(campaigns, accounts, g.showSubjects(subjects))
	}
	return g.generation
}

// showCampaign makes a campaign's metrics, but for those that are as they were.
func showCampaign(v *Snapshot, old *shownCampaign) *shownCampaign {
	c := &shownCampaign{seen: *v, state: collect(v.showState)}
	if old != nil && old.seen.sameMeta(v) {
		c.meta = old.meta
	} else {
		c.meta = collect(v.showMeta)
	}
	if old != nil && old.seen.sameSteps(v) {
		c.steps = old.steps
	} else {
		c.steps = collect(v.showSteps)
	}
	return c
}

// assemble sorts metrics into families.
func assemble(campaigns map[string]*shownCampaign, accounts []AccountSnapshot, subjects [][]shown) []*dto.MetricFamily {
	byFamily := make(map[*family]*dto.MetricFamily, len(families))
	add := func(list []shown) {
		for _, s := range list {
			f := byFamily[s.family]
			if f == nil {
				f = &dto.MetricFamily{Name: &s.family.name, Help: &s.family.help, Type: s.family.kind.Enum()}
				byFamily[s.family] = f
			}
			f.Metric = append(f.Metric, s.metric)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(campaigns)) {
		c := campaigns[id]
		add(c.state)
		add(c.meta)
		add(c.steps)
	}
	for _, v := range accounts {
		add(collect(v.show))
	}
	for _, list := range subjects {
		add(list)
	}
	return slices.Collect(maps.Values(byFamily))
}

// collect makes the metrics that show shows.
func collect(show func(sink)) []shown {
	var s metricMaker
	show(&s)
	return slices.Clip(s.made)
}

// metricMaker is a sink that makes metrics as a registry would, except that what is the same in several of them is
// there once: with 10,000 campaigns a process would be half as large again without.
type metricMaker struct {
	made   []shown
	values []string         // of the labels of the newest metric
	pairs  []*dto.LabelPair // the labels
	first  *dto.LabelPair   // campaign_id, mostly
}

func (s *metricMaker) gauge(f *family, value float64, labels ...string) {
	s.made = append(s.made, shown{family: f, metric: &dto.Metric{Label: s.labels(f, labels), Gauge: gaugeOf(value)}})
}

func (s *metricMaker) histogram(f *family, h *histogram, labels ...string) {
	made := &dto.Histogram{SampleCount: &h.count, SampleSum: &h.sum, Bucket: make([]*dto.Bucket, len(h.bounds))}
	for i := range h.bounds {
		made.Bucket[i] = &dto.Bucket{UpperBound: &h.bounds[i], CumulativeCount: &h.cumulative[i]}
	}
	s.made = append(s.made, shown{family: f, metric: &dto.Metric{Label: s.labels(f, labels), Histogram: made}})
}

// labels returns the pairs, sorted by name. The families of a step come one after the other and share them.
func (s *metricMaker) labels(f *family, values []string) []*dto.LabelPair {
	if len(s.made) > 0 && slices.Equal(s.values, values) && slices.Equal(s.made[len(s.made)-1].family.labels, f.labels) {
		return s.pairs
	}
	s.values, s.pairs = values, make([]*dto.LabelPair, len(values))
	for i := range values {
		switch {
		case i == 0 && s.first.GetName() == f.labels[0] && s.first.GetValue() == values[0]:
			s.pairs[i] = s.first
		case commonPairs[f.labels[i]][values[i]] != nil:
			s.pairs[i] = commonPairs[f.labels[i]][values[i]]
		default:
			s.pairs[i] = &dto.LabelPair{Name: &f.labels[i], Value: new(values[i])}
		}
		if i == 0 {
			s.first = s.pairs[0]
		}
	}
	slices.SortFunc(s.pairs, func(a, b *dto.LabelPair) int { return strings.Compare(a.GetName(), b.GetName()) })
	return s.pairs
}

// commonPairs are labels that many campaigns have, by name and value.
var commonPairs = func() map[string]map[string]*dto.LabelPair {
	common := map[string]map[string]*dto.LabelPair{}
	add := func(name string, values ...string) {
		common[name] = map[string]*dto.LabelPair{}
		for _, v := range values {
			common[name][v] = &dto.LabelPair{Name: new(name), Value: new(v)}
		}
	}
	var steps []string
	for step := range smartlead.MaxSequenceNumber + 1 {
		steps = append(steps, strconv.Itoa(step))
	}
	add("sequence_number", steps...)
	add("status", Statuses()...)
	return common
}()

// smallCounts are the values of most gauges: few campaigns have a thousand replies, and a status is 0 or 1.
var smallCounts = func() (gauges [1000]*dto.Gauge) {
	for i := range gauges {
		gauges[i] = &dto.Gauge{Value: new(float64(i))}
	}
	return gauges
}()

func gaugeOf(value float64) *dto.Gauge {
	if i := int(value); i >= 0 && i < len(smallCounts) && float64(i) == value {
		return smallCounts[i]
	}
	return &dto.Gauge{Value: &value}
}
