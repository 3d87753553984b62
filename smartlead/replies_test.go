package smartlead_test

import (
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

func TestReplyBodies(t *testing.T) {
	type categories = []smartlead.CategoryReplies
	one := func(step int, category string, n int64) smartlead.CategoryReplies {
		return smartlead.CategoryReplies{SequenceNumber: step, Category: category, Replied: n}
	}
	id := 0
	row := func(step int, category, more string) string { // sent at ten on a Monday
		id++
		return `{"stats_id":"` + strconv.Itoa(id) + `","sequence_number":` + strconv.Itoa(step) +
			`,"sent_time":"2026-01-05T10:00:00Z","lead_category":` + category + `,` + more + `}`
	}
	const (
		soon     = `"reply_time":"2026-01-05T10:05:00Z"`
		late     = `"reply_time":"2026-03-05T10:00:00Z"`
		before   = `"reply_time":"2026-01-05T09:00:00Z"`
		sometime = `"is_replied":true`
		never    = `"reply_time":null`
	)
	delays := func(sum time.Duration, first, last int64) smartlead.ReplyDelays {
		d := smartlead.ReplyDelays{Sum: sum}
		d.Counts[0], d.Counts[len(d.Counts)-1] = first, last
		return d
	}
	var many, most []string
	for i := range 51 {
		many = append(many, row(1, `"category `+strconv.Itoa(i)+`"`, sometime))
	}
	for i := range 100 {
		most = append(most, row(i+1, `"category `+strconv.Itoa(i%10)+`"`, sometime))
	}
	for _, tt := range []struct {
		name string
		rows []string
		want categories
		took smartlead.ReplyDelays
	}{
		{"none", []string{row(1, "null", never), row(1, `"Interested"`, never)}, nil, smartlead.ReplyDelays{}},
		{
			"by step and category",
			[]string{row(2, `"Interested"`, soon), row(1, `"Out Of Office"`, soon), row(1, `"Interested"`, late), row(1, `"Out Of Office"`, soon)},
			categories{one(1, "Interested", 1), one(1, "Out Of Office", 2), one(2, "Interested", 1)},
			delays(15*time.Minute+59*24*time.Hour, 3, 1),
		},
		{"no category", []string{row(1, "null", soon), row(1, `""`, soon), row(1, `"-"`, soon)}, categories{one(1, "", 3)}, delays(15*time.Minute, 3, 0)},
		{"an id", []string{row(1, "6", soon), row(1, `"6"`, soon)}, categories{one(1, "6", 2)}, delays(10*time.Minute, 2, 0)},
		{
			"what is none", []string{row(1, `{"id":6}`, soon), row(1, `"ada@acme.example"`, soon), row(1, `"two\nlines"`, soon), row(1, `"`+strings.Repeat("e", 300)+`"`, soon), row(1, `"`+strings.Repeat("e", 3000)+`"`, soon)},
			categories{one(1, "", 5)}, delays(25*time.Minute, 5, 0),
		},
		{"no delay", []string{row(1, `"Interested"`, sometime), row(1, `"Interested"`, before)}, categories{one(1, "Interested", 2)}, smartlead.ReplyDelays{}},
		{"as many as can be", most, func() (want categories) {
			for i := range 100 {
				want = append(want, one(i+1, "category "+strconv.Itoa(i%10), 1))
			}
			return want
		}(), smartlead.ReplyDelays{}},
		{"more than can be", many, nil, smartlead.ReplyDelays{}},
	} {
		body := `{"total_stats":"` + strconv.Itoa(len(tt.rows)) + `","data":[` + strings.Join(tt.rows, ",") + `]}`
		got, err := statistics(t.Context(), newClient(t, respond(200, body)))
		if diff := cmp.Diff(&smartlead.Replies{Categories: tt.want, Delays: tt.took}, got.Replies); err != nil || diff != "" {
			t.Errorf("%s: got %v (-want +got):\n%s", tt.name, err, diff)
		}
	}
	got, err := statistics(t.Context(), newClient(t, respond(200, `{"data":[{"sequence_number":1,"sent":7,"replied":3}]}`)))
	if err != nil || got.Replies != nil {
		t.Errorf("rows of steps: got %+v and %v, want nothing of replies", got.Replies, err)
	}
}

// Replies are those of the rows that came, each once, also when a page has to be asked for again, and of the steps that
// were asked for.
func TestRepliesOfPages(t *testing.T) {
	for _, steps := range [][]int{nil, {1}, {1, 3}} {
		synctest.Test(t, func(t *testing.T) {
			sim := newSim(t, variantCampaign(time.Now().AddDate(0, 0, -9)))
			sim.Inject(simulator.Fault{Skip: 1, Times: 1, Effects: []simulator.Effect{simulator.ResetAfter(20_000)}})
			client := newClient(t, sim)
			got, err := client.Statistics(t.Context(), smartlead.StatisticsQuery{CampaignID: 1, SequenceNumbers: steps})
			if err != nil {
				t.Fatal(err)
			}
			rows, err := client.Rows(t.Context(), smartlead.StatisticsQuery{CampaignID: 1, SequenceNumbers: steps, EmailStatus: smartlead.StatusReplied})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got.Replies, rows.Replies); diff != "" {
				t.Errorf("steps %v: all rows and those with a reply (-all +replied):\n%s", steps, diff)
			}
			var took time.Duration
			byCategory := map[smartlead.CategoryReplies]int64{}
			for _, f := range rows.Facts {
				took += f.ReplyTime.Sub(f.SentTime)
				byCategory[smartlead.CategoryReplies{SequenceNumber: f.SequenceNumber, Category: f.Category}]++
			}
			for _, c := range got.Replies.Categories {
				n := c.Replied
				c.Replied = 0
				if byCategory[c] != n {
					t.Errorf("steps %v: %+v has %d, want %d", steps, c, n, byCategory[c])
				}
			}
			if len(got.Replies.Categories) != len(byCategory) || len(byCategory) < 3 || got.Replies.Delays.Sum != took {
				t.Errorf("steps %v: %+v, want %v after %v", steps, got.Replies, byCategory, took)
			}
		})
	}
}
