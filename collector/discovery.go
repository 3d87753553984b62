package collector

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strconv"

	"smartlead_exporter/smartlead"
)

// Statuses are the documented statuses of a campaign, in the order of its life. The API may know others.
func Statuses() []string {
	return []string{"DRAFTED", "ACTIVE", "PAUSED", "STOPPED", "COMPLETED", "ARCHIVED"}
}

// Discovery chooses campaigns out of an account's list. Its conditions combine with AND, the entries of one list with
// OR; a condition left empty is always met.
type Discovery struct {
	Statuses    []string // in upper case; empty means every one but DRAFTED and ARCHIVED
	MatchesName func(name string) bool
	ClientIDs   []string
	Tags        []string
	Shard       int // this exporter's, 1 to Shards
	Shards      int // how many exporters share the campaigns; 0 or 1 means this one has all

	// MaxCampaigns bounds how many are chosen: the newest ones. 0 means no bound.
	MaxCampaigns int
}

// Choose returns the campaigns that meet all conditions, newest first, and how many of them MaxCampaigns leaves out.
func (d *Discovery) Choose(list []smartlead.Campaign) (chosen []smartlead.Campaign, omitted int) {
	for i := range list {
		if d.meets(&list[i]) {
			chosen = append(chosen, list[i])
		}
	}
	slices.SortStableFunc(chosen, func(a, b smartlead.Campaign) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.ID, a.ID))
	})
	if d.MaxCampaigns > 0 && len(chosen) > d.MaxCampaigns {
		omitted = len(chosen) - d.MaxCampaigns
		chosen = chosen[:d.MaxCampaigns]
	}
	return chosen, omitted
}

func (d *Discovery) meets(c *smartlead.Campaign) bool {
	if len(d.Statuses) == 0 {
		if c.Status == "DRAFTED" || c.Status == "ARCHIVED" {
			return false
		}
	} else if !slices.Contains(d.Statuses, c.Status) {
		return false
	}
	switch {
	case d.MatchesName != nil && !d.MatchesName(c.Name),
		len(d.ClientIDs) > 0 && !slices.Contains(d.ClientIDs, c.ClientID),
		len(d.Tags) > 0 && !slices.ContainsFunc(c.Tags, func(tag string) bool { return slices.Contains(d.Tags, tag) }):
		return false
	}
	return d.Shards <= 1 || shardOf(c.ID, d.Shards) == d.Shard
}

// shardOf returns which of the shards, from 1, a campaign belongs to. It depends on the id alone, so a campaign stays
// where it is when others come and go.
func shardOf(id int64, shards int) int {
	h := fnv.New64a()
	_, _ = h.Write([]byte(strconv.FormatInt(id, 10)))
	return int(h.Sum64()%uint64(shards)) + 1
}
