package collector_test

import (
	"fmt"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/collector"
	"smartlead_exporter/smartlead"
)

// A discovery that fits nothing is told of once, with what there would be to choose from, and so is its end.
func TestDiscoveryThatFitsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &catalogAPI{}
		l.Answer(listed...)
		a := discovering("main", newAPI(), l)
		a.Discovery = &collector.Discovery{Tags: []string{"Outbound"}}
		e := start(t, settings(a))
		there := []string{
			"7 in the list, 0 fit; tags there: nurture, outbound, eu; clients: 77, 78, none; statuses: ACTIVE, ARCHIVED, COMPLETED, DRAFTED, PAUSED, PONDERING",
			"by each condition alone: a status other than DRAFTED and ARCHIVED: 5 fit, tags: 0 fit",
		}
		// hours passes time, and returns what the log says meanwhile, but for debugging.
		hours := func(n int) (lines []string) {
			t.Helper()
			for range 6 * n {
				e.scrape()
				time.Sleep(10 * time.Minute)
			}
			for _, line := range e.log.Take() {
				if line["level"] != "debug" && line["msg"] != "the list of campaigns changed: found" {
					lines = append(lines, fmt.Sprint(line["level"], " ", line["account"], ": ", line["msg"], ": ", line["count"], line["there"], " ", line["after"]))
				}
			}
			return lines
		}
		want := func(when string, got []string, want ...string) {
			t.Helper()
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", when, diff)
			}
		}
		begins := time.Now()
		want("when it begins", hours(1), "warn main: discovery finds no campaign: "+there[0]+"; "+there[1]+" ")
		want("while it lasts", hours(3))
		got := e.store.Snapshot()[0]
		want("for whoever looks", got.NothingFits, there...)
		if !got.NothingFitsSince.Equal(begins) {
			t.Errorf("it is so since %s, want %s", got.NothingFitsSince, begins)
		}
		e.store.Apply(settings(a)) // a reload that changes nothing
		want("after a reload", hours(1))

		l.Answer(append(active(9), listed...)...)
		a.Discovery = &collector.Discovery{Tags: []string{"eu"}}
		e.store.Apply(settings(a))
		want("when it ends", hours(1), "info main: discovery finds campaigns again: 1 5h0m0s")
		if got := e.store.Snapshot()[0]; got.NothingFits != nil || !got.NothingFitsSince.IsZero() {
			t.Errorf("it has ended, and %v is still told", got.NothingFits)
		}

		a.Discovery = &collector.Discovery{MatchesName: regexp.MustCompile("^none$").MatchString}
		e.store.Apply(settings(a))
		if lines := hours(1); len(lines) != 1 {
			t.Errorf("when it begins again the log says %q, want one line", lines)
		}
		a.Discovery = nil
		a.Campaigns = []collector.Campaign{campaign(1, "")}
		e.store.Apply(settings(a))
		want("without discovery", hours(1))
	})
}

// An account without any campaign is told so, when its empty list is believed; a list that can't be had is another trouble.
func TestDiscoveryInAnEmptyAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &catalogAPI{}
		l.Fail(failure(smartlead.ErrBadResponse))
		e := start(t, settings(discovering("main", newAPI(), l)))
		e.scrape()
		time.Sleep(time.Hour)
		e.scrape()
		if n := e.log.Count("discovery finds no campaign"); n != 0 {
			t.Errorf("without a list the log says %d times that it holds nothing", n)
		}
		l.Answer()
		for range 3 {
			time.Sleep(time.Hour)
			e.scrape()
		}
		if n := e.log.Count("there=there is none in the list: is this the key of the right account?"); n != 1 {
			t.Errorf("the log says %d times that the list is empty, want once:\n%s", n, e.log)
		}
	})
}
