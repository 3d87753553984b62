package collector_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead"
)

// missing is statistics of campaign 1 in which opens are unknown, if they are, and of which some rows have no step.
func missing(opened bool, rowsWithoutStep int) answer {
	s := &smartlead.Statistics{
		Steps: []smartlead.Step{{SequenceNumber: 1, Sent: 10}, {SequenceNumber: 2, Sent: 5, Opened: 2}},
		Rows:  15 + rowsWithoutStep, RowsWithoutStep: rowsWithoutStep, Requests: 1,
	}
	if opened {
		s.Steps[0].Unknown = 1 << smartlead.CountOpened
	}
	return answer{Statistics: s}
}

// A count that the API doesn't give has no series, and rows that are in no count are told of.
func TestMissingIsNotZero(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI()
		api.Answer(1, missing(true, 3))
		e := start(t, settings(account("default", api, 1)))
		for range 2 { // the second shows what is kept of the first
			var got []string
			for line := range strings.Lines(e.exposition(t.Context(), textFormat)) {
				for _, name := range []string{"smartlead_sent_total{", "smartlead_opened_total{", "smartlead_campaign_rows_without_step{"} {
					if strings.HasPrefix(line, name) {
						got = append(got, strings.TrimSpace(line))
					}
				}
			}
			want := []string{
				`smartlead_campaign_rows_without_step{campaign_id="1"} 3`,
				`smartlead_opened_total{campaign_id="1",sequence_number="2"} 2`,
				`smartlead_sent_total{campaign_id="1",sequence_number="1"} 10`,
				`smartlead_sent_total{campaign_id="1",sequence_number="2"} 5`,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
		time.Sleep(ttl)
		api.Answer(1, missing(false, 0))
		page := e.exposition(t.Context(), textFormat)
		if !strings.Contains(page, `smartlead_opened_total{campaign_id="1",sequence_number="1"} 0`) || strings.Contains(page, "rows_without_step") {
			t.Errorf("what is known again isn't shown, or what is over is:\n%s", page)
		}
	})
}

// What is missing is told once, until it changes.
func TestMissingIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI()
		e := start(t, settings(account("default", api, 1)))
		var got []string
		for _, a := range []answer{
			missing(true, 0), missing(true, 0), missing(false, 0), missing(true, 2), {Err: failure(smartlead.ErrServer)}, missing(true, 3), missing(true, 3), missing(true, 0), missing(true, 1),
		} {
			time.Sleep(ttl)
			api.Answer(1, a)
			e.scrape()
			synctest.Wait()
			var lines []string
			for _, line := range e.log.Take() {
				if line["level"] == "warn" && line["reason"] == "" {
					lines = append(lines, strings.TrimSpace(line["campaign_id"]+" "+line["missing"]+line["rows"]))
				}
			}
			got = append(got, strings.Join(lines, ", "))
		}
		if diff := cmp.Diff([]string{"1 opened", "", "", "1 opened, 1 2", "", "", "", "", "1 1"}, got); diff != "" {
			t.Errorf("warnings (-want +got):\n%s", diff)
		}
	})
}

// listing is a collector.Lister whose list has some entries besides that can't be read.
type listing struct {
	*catalogAPI
	unreadable int
}

func (l *listing) Campaigns(ctx context.Context, q smartlead.CampaignsQuery) (smartlead.CampaignList, error) {
	list, err := l.catalogAPI.Campaigns(ctx, q)
	list.Unreadable = l.unreadable
	return list, err
}

// Entries of the list that can't be read hide none of the others. They are counted, and told of when their number changes.
func TestUnreadableEntriesAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &listing{catalogAPI: &catalogAPI{}}
		l.Answer(active(1, 2)...)
		a := discovering("a", newAPI(), l.catalogAPI)
		a.Lister = l
		e := start(t, settings(a))
		var got []string
		for _, unreadable := range []int{1, 1, 0, 2, 1, 0} {
			l.unreadable = unreadable
			time.Sleep(listInterval)
			wantShown(t, "with entries that can't be read", e.scrape(), 1, 2)
			synctest.Wait()
			told := ""
			for _, kv := range e.log.Take() {
				if kv["level"] == "warn" {
					told += kv["account"] + " " + kv["count"]
				}
			}
			got = append(got, told)
			if want := fmt.Sprintf(`smartlead_account_campaigns_omitted{account="a"} %d`, unreadable); !strings.Contains(e.exposition(t.Context(), textFormat), want+"\n") {
				t.Errorf("the page lacks %s", want)
			}
		}
		if diff := cmp.Diff([]string{"a 1", "", "", "a 2", "a 1", ""}, got); diff != "" {
			t.Errorf("warnings (-want +got):\n%s", diff)
		}
	})
}

// A campaign whose entry can't be read stays. Without such entries, or with no more of them than there always are, one that
// isn't in the list is gone.
func TestUnreadableEntriesTakeNothingAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &listing{catalogAPI: &catalogAPI{}}
		a := discovering("a", newAPI(), l.catalogAPI)
		a.Lister = l
		e := start(t, settings(a))
		for _, step := range []struct {
			what       string
			listed     []int64
			unreadable int
			want       []int64
		}{
			{"at first", []int64{1, 2, 3}, 0, []int64{1, 2, 3}},
			{"one can't be read", []int64{1, 3}, 1, []int64{1, 2, 3}},
			{"it still can't", []int64{1, 3}, 1, []int64{1, 2, 3}},
			{"nor can most", []int64{3}, 2, []int64{1, 2, 3}},
			{"all can again", []int64{1, 2, 3}, 0, []int64{1, 2, 3}},
			{"one is gone", []int64{1, 2}, 0, []int64{1, 2}},
			{"there is a strange entry", []int64{1, 2, 4}, 1, []int64{1, 2, 4}},
			{"one is gone, beside it", []int64{1, 4}, 1, []int64{1, 4}},
			{"another one can't be read, beside it", []int64{1}, 2, []int64{1, 4}},
			{"it can again, and the strange entry is gone", []int64{1, 4}, 0, []int64{1, 4}},
			{"one is gone for good", []int64{4, 5}, 0, []int64{4, 5}},
		} {
			l.Answer(active(step.listed...)...)
			l.unreadable = step.unreadable
			time.Sleep(listInterval)
			e.scrape()
			synctest.Wait()
			wantShown(t, step.what, e.scrape(), step.want...)
		}
	})
}
