package collector_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Each campaign has a place in the order of what is refreshed next, whether it waits or isn't due yet.
func TestPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI()
		e := start(t, settings(concurrently(1, account("a", api, 1, 2, 3, 4, 5))))
		places := func() map[int64][2]int {
			found := map[int64][2]int{}
			for _, c := range e.store.Snapshot()[0].Campaigns {
				found[c.Query.CampaignID] = [2]int{c.Place, c.Queue}
			}
			return found
		}
		want := func(when string, want map[int64][2]int) {
			t.Helper()
			if diff := cmp.Diff(want, places()); diff != "" {
				t.Errorf("%s: place, and place while waiting (-want +got):\n%s", when, diff)
			}
		}
		want("before the first scrape", map[int64][2]int{1: {1, 0}, 2: {2, 0}, 3: {3, 0}, 4: {4, 0}, 5: {5, 0}})

		api.AnswerAll(answer{Takes: time.Second})
		e.scrapeFor(1500 * time.Millisecond)
		want("while the second is refreshed", map[int64][2]int{1: {4, 0}, 2: {0, 0}, 3: {1, 1}, 4: {2, 2}, 5: {3, 3}})

		time.Sleep(10 * time.Second)
		want("when all are fresh, by when they aren't any more", map[int64][2]int{1: {1, 0}, 2: {2, 0}, 3: {3, 0}, 4: {4, 0}, 5: {5, 0}})

		time.Sleep(24 * time.Hour)
		for range 3 { // what changes comes first
			api.Answer(4, answer{Sent: time.Now().Unix() % 1e6, Takes: time.Second})
			e.scrape()
			time.Sleep(time.Hour)
		}
		if got := places()[4]; got != [2]int{1, 0} {
			t.Errorf("the campaign that changes has places %v, want the first", got)
		}
	})
}
