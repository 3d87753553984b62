package smartlead_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead"
)

// happened returns which of the six counts an e-mail is in.
func happened(row smartlead.RowTimes) (counts string) { return row.Happened.String() }

// Each e-mail is handed out once, with when what happened to it.
func TestEachRow(t *testing.T) {
	at := func(minute int) string { return fmt.Sprintf(`"2026-03-02T10:%02d:00Z"`, minute) }
	rows := []string{
		`{"stats_id":"a","sequence_number":1,"sent_time":` + at(1) + `,"open_time":` + at(2) + `,"click_time":` + at(3) + `,"reply_time":` + at(4) + `}`,
		`{"stats_id":"b","sequence_number":2,"sent_time":` + at(5) + `,"open_count":1,"is_bounced":true,"is_unsubscribed":true}`,
		`{"stats_id":"c","sequence_number":1,"open_time":` + at(6) + `}`,
		`{"stats_id":"d","sent_time":` + at(7) + `}`,
	}
	minute := func(n int) time.Time { return time.Date(2026, 3, 2, 10, n, 0, 0, time.UTC) }
	type row struct {
		Step                           int
		Sent, Opened, Clicked, Replied time.Time
		Happened                       string
	}
	want := []row{
		{1, minute(1), minute(2), minute(3), minute(4), "sent, opened, clicked, replied"},
		{2, minute(5), time.Time{}, time.Time{}, time.Time{}, "sent, opened, unsubscribed, bounced"},
		{1, time.Time{}, minute(6), time.Time{}, time.Time{}, "opened"},
	}
	page := func(total int, rows ...string) string {
		return fmt.Sprintf(`{"total_stats":"%d","data":[%s]}`, total, strings.Join(rows, ","))
	}
	for name, tc := range map[string]struct {
		bodies []string
		query  smartlead.StatisticsQuery
		resets int
		want   []row
	}{
		"one page":               {[]string{page(4, rows...)}, smartlead.StatisticsQuery{}, 1, want},
		"several pages":          {[]string{page(4, rows[:2]...), page(4, rows[2:]...)}, smartlead.StatisticsQuery{PageSize: 2}, 1, want},
		"a row on two pages":     {[]string{page(4, rows[:2]...), page(4, rows[1:3]...), page(4, rows[3])}, smartlead.StatisticsQuery{PageSize: 2}, 2, nil},
		"a set that was doubted": {[]string{page(4, rows[0]), page(3, rows[1]), page(3, rows[1]), page(4, rows...)}, smartlead.StatisticsQuery{PageSize: 1}, 2, want},
		"a page that broke off":  {[]string{page(4, rows...)[:200], page(4, rows...)}, smartlead.StatisticsQuery{}, 1, want},
		"chosen steps":           {[]string{page(4, rows...)}, smartlead.StatisticsQuery{SequenceNumbers: []int{2, 3}}, 1, want[1:2]},
		"steps":                  {[]string{aggregated(`{"sequence_number":1,"sent":5,"opened":1,"clicked":1,"replied":1,"unsubscribed":1,"bounced":1}`)}, smartlead.StatisticsQuery{}, 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []row
			resets := 0
			tc.query.CampaignID = 1
			_, err := newClient(t, pages(tc.bodies...)).EachRow(t.Context(), tc.query, smartlead.Times{
				Reset: func() { got = nil; resets++ },
				Row: func(r smartlead.RowTimes) {
					got = append(got, row{r.SequenceNumber, r.Sent, r.Opened, r.Clicked, r.Replied, happened(r)})
				},
			})
			if name == "a row on two pages" {
				if err == nil || resets != 2 {
					t.Errorf("got %v after %d resets, want an incomplete set, tried twice", err, resets)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" || resets != tc.resets {
				t.Errorf("%d resets, want %d; rows (-want +got):\n%s", resets, tc.resets, diff)
			}
		})
	}
}

// A query that can't be asked hands out nothing.
func TestEachRowOfABadQuery(t *testing.T) {
	client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{}`) }))
	_, err := client.EachRow(t.Context(), smartlead.StatisticsQuery{CampaignID: -1}, smartlead.Times{
		Reset: func() { t.Error("it began a set") }, Row: func(smartlead.RowTimes) { t.Error("it handed out a row") },
	})
	if err == nil {
		t.Error("no error")
	}
}
