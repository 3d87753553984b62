package collector

import (
	"context"
	"errors"
	"strconv"
	"time"

	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
)

var repliesSubject = &subject{
	name: "replies",
	pieces: []*piece{
		{fetch: func(ctx context.Context, from Source, _ smartlead.StatisticsQuery) (finding, int, error) {
			got, err := from.LeadCategories(ctx)
			return newCategories(got.Categories), got.Requests, err
		}},
		{
			byCampaign: true,
			fetch: func(ctx context.Context, from Source, q smartlead.StatisticsQuery) (finding, int, error) {
				q.EmailStatus = smartlead.StatusReplied
				got, err := from.Rows(ctx, q)
				switch {
				case errors.Is(err, smartlead.ErrNotFound): // a campaign that has gone has no replies that could be told
					return nil, got.Requests, nil
				case errors.Is(err, smartlead.ErrFilterIgnored): // all rows are counted each time, as soon as counting meets this, too
					return nil, got.Requests, errNoUse
				case err == nil && got.Replies == nil && got.Rows == 0:
					return &replies{}, got.Requests, nil
				case err == nil && got.Replies == nil:
					return nil, got.Requests, nil
				default:
					return &replies{got.Replies}, got.Requests, err
				}
			},
			taken: takenReplies,
			// The category of a lead is set late and can change, which moves no count. Where all rows are counted each time
			// it comes with them.
			wanted: func(_ *collecting, p *part, _ time.Time) bool {
				known := &p.campaign.known
				return known.Statistics != nil && known.Counting.Method() != counting.MethodRows
			},
			keep: func(known *Snapshot, found finding, at time.Time) {
				if r, ok := found.(*replies); ok {
					known.Replies, known.RepliesAt = r.list, at
				}
			},
			restore: func(known *Snapshot) (finding, time.Time) {
				if known.RepliesAt.IsZero() {
					return nil, time.Time{}
				}
				return &replies{known.Replies}, known.RepliesAt
			},
		},
	},
}

// takenReplies returns what counting saw of replies: those of all rows, or of all that have one.
func takenReplies(result *counting.Result) (found finding, known bool) {
	statistics := &result.Statistics
	if statistics.Replies != nil {
		return &replies{statistics.Replies}, true
	}
	if statistics.Shape == smartlead.ShapeAggregated {
		return nil, true // no row tells of a lead
	}
	for i := range statistics.Steps {
		if statistics.Steps[i].Replied > 0 {
			return nil, false
		}
	}
	return &replies{}, true // there is none
}

// categories are those that leads of the account can have.
type categories struct {
	list []smartlead.LeadCategory // each name once
	// names are by id, as it is written.
	names map[string]string
}

func newCategories(all []smartlead.LeadCategory) *categories {
	c := &categories{names: make(map[string]string, len(all))}
	seen := make(map[string]bool, len(all))
	for _, category := range all {
		c.names[strconv.FormatInt(category.ID, 10)] = category.Name
		if !seen[category.Name] {
			seen[category.Name] = true
			c.list = append(c.list, category)
		}
	}
	return c
}

func (c *categories) size() int { return len(c.list) }

func (c *categories) show(to sink, about *about) {
	for _, category := range c.list {
		to.gauge(replyCategoryFamily, 1, about.account, category.Name, category.Sentiment)
	}
}

// replies are a campaign's e-mails with a reply.
type replies struct {
	list *smartlead.Replies // nil if there are none
}

func (r *replies) size() (n int) {
	if r.list == nil {
		return 0
	}
	for _, c := range r.list.Categories {
		n += int(c.Replied)
	}
	return n
}

func (r *replies) show(to sink, about *about) {
	if r.list == nil {
		return
	}
	known, _ := about.common.(*categories)
	name := func(category string) string { // rows can have a category's id in place of its name
		if known != nil && known.names[category] != "" {
			return known.names[category]
		}
		return category
	}
	list := r.list.Categories
	shown := make(map[smartlead.CategoryReplies]bool, len(list)) // without their numbers
	for i := range list {
		c := smartlead.CategoryReplies{SequenceNumber: list[i].SequenceNumber, Category: name(list[i].Category)}
		if shown[c] {
			continue
		}
		shown[c] = true
		replied := int64(0)
		for _, other := range list[i:] {
			if other.SequenceNumber == c.SequenceNumber && name(other.Category) == c.Category {
				replied += other.Replied
			}
		}
		to.gauge(repliesFamily, float64(replied), about.campaignID, strconv.Itoa(c.SequenceNumber), c.Category)
	}
	if delays := histogramOf(&r.list.Delays); delays.count > 0 {
		to.histogram(replyDelayFamily, delays, about.campaignID)
	}
}

// histogramOf returns delays as they are shown, in seconds.
func histogramOf(delays *smartlead.ReplyDelays) *histogram {
	h := &histogram{sum: delays.Sum.Seconds()}
	for i, bound := range smartlead.ReplyDelayBounds() {
		h.count += uint64(delays.Counts[i])
		h.bounds = append(h.bounds, bound.Seconds())
		h.cumulative = append(h.cumulative, h.count)
	}
	h.count += uint64(delays.Counts[len(delays.Counts)-1])
	return h
}
