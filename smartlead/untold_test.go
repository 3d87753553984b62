package smartlead_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead"
)

// A count that not one of many e-mails has a field for is unknown. A field that is there, if only once and null, says that nothing
// happened to the others; and where there are no such fields at all, or few e-mails, nothing has happened yet.
func TestUntoldCounts(t *testing.T) {
	const all = `"open_time":"2026-01-05T11:00:00Z","click_count":0,"is_unsubscribed":false,"is_bounced":false,`
	emails := func(n int, fields, last string) []string {
		rows := make([]string, n)
		for i := range rows {
			if i == n-1 {
				fields = last
			}
			rows[i] = fmt.Sprintf(`{%s"stats_id":"s%d","sequence_number":%d}`, fields, i, 1+i%2)
		}
		return rows
	}
	const sent = `"sent_time":"2026-01-05T10:00:00Z",`
	for _, tt := range []struct {
		name    string
		rows    []string
		unknown string
		opened  int64 // of each step
	}{
		{"no field for replies", emails(100, sent+all, sent+all), "replied", 50},
		{"no field for replies, and few e-mails", emails(98, sent+all, sent+all), "", 49},
		{"a field for replies in one e-mail, on the last page", emails(100, sent+all, sent+all+`"reply_time":null,`), "", 50},
		{"in the words of the other shape", emails(100, sent+all+`"replied":0,`, sent+all), "", 50},
		{"a field for opens alone", emails(100, sent+`"is_opened":true,`, sent+`"is_opened":true,`), "clicked, replied, unsubscribed, bounced", 50},
		{"no field for when it was sent", emails(100, all+`"reply_time":null,`, all), "sent", 50},
		{"no field for anything", emails(100, sent, sent), "", 0},
	} {
		for name, handler := range map[string]http.Handler{
			"on one page":     respond(http.StatusOK, fmt.Sprintf(`{"total_stats":"%d","data":[%s]}`, len(tt.rows), strings.Join(tt.rows, ","))),
			"on three pages":  offsets(fmt.Sprintf(`"total_stats":"%d",`, len(tt.rows)), 40, tt.rows...),
			"without a total": offsets("", 1000, tt.rows...),
		} {
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				got, err := newClient(t, handler).Statistics(t.Context(), smartlead.StatisticsQuery{CampaignID: 1})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.unknown, got.Unknown().String()); diff != "" {
					t.Errorf("unknown counts (-want +got):\n%s", diff)
				}
				for _, step := range got.Steps {
					if step.Opened != tt.opened || step.Replied != 0 || step.Unknown != got.Unknown() {
						t.Errorf("got %+v, want %d opened and nothing else known of some step alone", step, tt.opened)
					}
				}
			})
		}
	}
}
