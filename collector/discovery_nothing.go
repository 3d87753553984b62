package collector

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-kit/log/level"

	"smartlead_exporter/smartlead"
)

// maxListed bounds how many of the tags, clients or statuses of an account are named.
const maxListed = 10

// NothingFits tells, of a list of which discovery chooses nothing, what there would be to choose from, in lines without an
// end. Tags, clients and names are the user's own.
func (d *Discovery) NothingFits(list []smartlead.Campaign) []string {
	if len(list) == 0 {
		return []string{"there is none in the list: is this the key of the right account?"}
	}
	statuses, clients, tags := map[string]int{}, map[string]int{}, map[string]int{}
	for i := range list {
		statuses[list[i].Status]++
		clients[cmp.Or(list[i].ClientID, "none")]++
		for _, tag := range list[i].Tags {
			tags[tag]++
		}
	}
	lines := []string{fmt.Sprintf("%d in the list, 0 fit; tags there: %s; clients: %s; statuses: %s", len(list), named(tags), named(clients), named(statuses))}
	names := map[string]int{}
	byName := false
	for i := range list {
		names[list[i].Name]++
		byName = byName || d.MatchesName != nil && !d.MatchesName(list[i].Name)
	}
	if byName {
		lines = append(lines, "names there: "+named(names))
	}
	return append(lines, "by each condition alone: "+strings.Join(d.alone(list, byName, slices.Collect(maps.Keys(statuses))), ", "))
}

// alone returns how many campaigns fit each condition without the others; byName says whether the name is one. A condition
// on the status can't be left out, so that every status has to be named.
func (d *Discovery) alone(list []smartlead.Campaign, byName bool, every []string) []string {
	fit := func(d Discovery) string {
		chosen, _ := d.Choose(list)
		return fmt.Sprintf("%d fit", len(chosen))
	}
	var counts []string
	if len(d.Statuses) > 0 {
		counts = append(counts, "statuses: "+fit(Discovery{Statuses: d.Statuses}))
	} else {
		counts = append(counts, "a status other than DRAFTED and ARCHIVED: "+fit(Discovery{}))
	}
	if byName {
		counts = append(counts, "name and exclude_name: "+fit(Discovery{Statuses: every, MatchesName: d.MatchesName}))
	}
	if len(d.ClientIDs) > 0 {
		counts = append(counts, "client_ids: "+fit(Discovery{Statuses: every, ClientIDs: d.ClientIDs}))
	}
	if len(d.Tags) > 0 {
		counts = append(counts, "tags: "+fit(Discovery{Statuses: every, Tags: d.Tags}))
	}
	if d.Shards > 1 {
		counts = append(counts, "shard: "+fit(Discovery{Statuses: every, Shard: d.Shard, Shards: d.Shards}))
	}
	return counts
}

// named returns names, the most frequent first.
func named(counts map[string]int) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	if len(names) == 0 {
		return "none"
	}
	rest := ""
	if len(names) > maxListed {
		rest = fmt.Sprintf(", and %d more", len(names)-maxListed)
		names = names[:maxListed]
	}
	shown := make([]string, len(names))
	for i, name := range names {
		shown[i] = plain(name)
	}
	return strings.Join(shown, ", ") + rest
}

// plain returns a name as it is, or in quotes if it could be taken for something else, or for what a terminal obeys.
func plain(name string) string {
	quoted := strconv.Quote(name)
	if name == "" || quoted != `"`+name+`"` || strings.ContainsAny(name, ",;") {
		return quoted
	}
	return name
}

// sayFitting tells, once, that discovery chooses nothing of a list that was had, and when it does again. s.mu is held.
func (s *Store) sayFitting(a *account, found int, now time.Time) {
	c := &a.catalog
	was := c.fitless
	if c.discovery == nil || c.lastSuccess.IsZero() {
		c.fitless, c.fitlessThere = time.Time{}, nil
		return
	}
	if found > 0 {
		c.fitless, c.fitlessThere = time.Time{}, nil
		if !was.IsZero() {
			s.say(level.Info, "msg", "discovery finds campaigns again", "account", a.name, "count", found, "after", now.Sub(was).Round(time.Second))
		}
		return
	}
	c.fitlessThere = c.discovery.NothingFits(c.list)
	if was.IsZero() {
		c.fitless = now
		s.say(level.Warn, "msg", "discovery finds no campaign", "account", a.name, "there", strings.Join(c.fitlessThere, "; "))
	}
}
