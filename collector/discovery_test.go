package collector_test

import (
	"fmt"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/collector"
	"smartlead_exporter/smartlead"
)

// listed are campaigns of every kind; the id of each tells which.
var listed = []smartlead.Campaign{
	{ID: 1, Name: "Q4 outreach", Status: "ACTIVE", ClientID: "77", Tags: []string{"outbound", "eu"}, CreatedAt: created(1)},
	{ID: 2, Name: "Q4 test", Status: "ACTIVE", ClientID: "77", CreatedAt: created(2)},
	{ID: 3, Name: "Q3 outreach", Status: "PAUSED", ClientID: "78", Tags: []string{"outbound"}, CreatedAt: created(3)},
	{ID: 4, Name: "Q4 draft", Status: "DRAFTED", CreatedAt: created(4)},
	{ID: 5, Name: "Q2 old", Status: "ARCHIVED", ClientID: "77", Tags: []string{"nurture"}, CreatedAt: created(5)},
	{ID: 6, Name: "Q4 done", Status: "COMPLETED", Tags: []string{"nurture"}, CreatedAt: created(6)},
	{ID: 7, Name: "Q4 new kind", Status: "PONDERING", ClientID: "78", CreatedAt: created(7)},
}

func created(day int) time.Time { return time.Date(2026, time.January, day, 0, 0, 0, 0, time.UTC) }

func TestDiscoveryChoose(t *testing.T) {
	named := func(expression string) func(string) bool {
		return regexp.MustCompile("^(?:" + expression + ")$").MatchString
	}
	for _, tt := range []struct {
		name      string
		discovery collector.Discovery
		want      []int64 // newest first
		omitted   int
	}{
		{name: "without conditions all but drafts and the archive", want: []int64{7, 6, 3, 2, 1}},
		{name: "one status", discovery: collector.Discovery{Statuses: []string{"PAUSED"}}, want: []int64{3}},
		{name: "statuses combine with or", discovery: collector.Discovery{Statuses: []string{"PAUSED", "DRAFTED"}}, want: []int64{4, 3}},
		{name: "an undocumented status", discovery: collector.Discovery{Statuses: []string{"PONDERING"}}, want: []int64{7}},
		{name: "name", discovery: collector.Discovery{MatchesName: named("Q4 .*")}, want: []int64{7, 6, 2, 1}},
		{name: "one client", discovery: collector.Discovery{ClientIDs: []string{"77"}}, want: []int64{2, 1}},
		{name: "clients combine with or", discovery: collector.Discovery{ClientIDs: []string{"77", "78"}}, want: []int64{7, 3, 2, 1}},
		{name: "one tag", discovery: collector.Discovery{Tags: []string{"outbound"}}, want: []int64{3, 1}},
		{name: "tags combine with or", discovery: collector.Discovery{Tags: []string{"outbound", "nurture"}}, want: []int64{6, 3, 1}},
		{
			name: "conditions combine with and",
			discovery: collector.Discovery{
				Statuses: []string{"ACTIVE", "PAUSED"}, MatchesName: named("Q4 .*"), ClientIDs: []string{"77"}, Tags: []string{"eu"},
			},
			want: []int64{1},
		},
		{name: "nothing fits", discovery: collector.Discovery{Tags: []string{"none such"}}},
		{name: "the newest of too many", discovery: collector.Discovery{MaxCampaigns: 2}, want: []int64{7, 6}, omitted: 3},
		{name: "just as many as may be", discovery: collector.Discovery{MaxCampaigns: 5}, want: []int64{7, 6, 3, 2, 1}},
		{name: "one shard of one", discovery: collector.Discovery{Shard: 1, Shards: 1}, want: []int64{7, 6, 3, 2, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			chosen, omitted := tt.discovery.Choose(slices.Clone(listed))
			if diff := cmp.Diff(tt.want, ids(chosen)); diff != "" {
				t.Errorf("chosen campaigns (-want +got):\n%s", diff)
			}
			if omitted != tt.omitted {
				t.Errorf("omitted %d, want %d", omitted, tt.omitted)
			}
		})
	}
}

func ids(campaigns []smartlead.Campaign) []int64 {
	var ids []int64
	for _, c := range campaigns {
		ids = append(ids, c.ID)
	}
	return ids
}

// The newest are those created last, whatever the order of the list, and where nothing tells, those with the highest id.
func TestDiscoveryChooseNewest(t *testing.T) {
	list := []smartlead.Campaign{
		{ID: 30, Status: "ACTIVE", CreatedAt: created(1)}, {ID: 10, Status: "ACTIVE", CreatedAt: created(9)},
		{ID: 20, Status: "ACTIVE"}, {ID: 21, Status: "ACTIVE"},
	}
	chosen, _ := (&collector.Discovery{}).Choose(list)
	if diff := cmp.Diff([]int64{10, 30, 21, 20}, ids(chosen)); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestDiscoveryShards(t *testing.T) {
	var list []smartlead.Campaign
	for id := range int64(3000) {
		list = append(list, smartlead.Campaign{ID: 100_000 + id*7, Status: "ACTIVE"})
	}
	for _, shards := range []int{1, 2, 3, 7} {
		t.Run(fmt.Sprintf("of %d", shards), func(t *testing.T) {
			shardOf := map[int64]int{}
			for shard := 1; shard <= shards; shard++ {
				d := collector.Discovery{Shard: shard, Shards: shards}
				chosen, _ := d.Choose(list)
				for _, id := range ids(chosen) {
					if other, twice := shardOf[id]; twice {
						t.Errorf("campaign %d is in shards %d and %d", id, other, shard)
					}
					shardOf[id] = shard
				}
				if fair := len(list) / shards; len(chosen) < fair*9/10 || len(chosen) > fair*11/10 {
					t.Errorf("shard %d has %d of %d campaigns", shard, len(chosen), len(list))
				}
				// A list with half the campaigns gone, and new ones come, leaves the others where they were.
				later := append(slices.Clone(list[:len(list)/2]), smartlead.Campaign{ID: 1, Status: "ACTIVE"})
				chosen, _ = d.Choose(later)
				for _, id := range ids(chosen) {
					if before, known := shardOf[id]; known && before != shard {
						t.Errorf("campaign %d moved from shard %d to %d", id, before, shard)
					}
				}
			}
			if len(shardOf) != len(list) {
				t.Errorf("the shards have %d campaigns together, want %d", len(shardOf), len(list))
			}
		})
	}
}

// Exporters of different versions share campaigns while they are rolled out, so where one belongs must never change.
func TestDiscoveryShardsStayAsTheyAre(t *testing.T) {
	var list []smartlead.Campaign
	for id := range int64(15) {
		list = append(list, smartlead.Campaign{ID: 100_000 + id*7, Status: "ACTIVE"})
	}
	chosen, _ := (&collector.Discovery{Shard: 1, Shards: 3}).Choose(list)
	if diff := cmp.Diff([]int64{100098, 100091, 100077, 100042, 100035, 100007}, ids(chosen)); diff != "" {
		t.Errorf("shard 1/3 (-want +got):\n%s", diff)
	}
}
