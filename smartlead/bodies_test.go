package smartlead_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead"
)

func testdata(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The body of the API's reference page, to the letter.
func TestReferenceBody(t *testing.T) {
	client := newClient(t, respond(http.StatusOK, testdata(t, "aggregated.json")))
	got, err := client.Statistics(t.Context(), smartlead.StatisticsQuery{CampaignID: 123})
	if err != nil {
		t.Fatal(err)
	}
	want := smartlead.Statistics{
		Steps: []smartlead.Step{
			{SequenceNumber: 1, Sent: 1240, Opened: 372, Clicked: 89, Replied: 23, Unsubscribed: 4, Bounced: 18},
			{SequenceNumber: 2, Sent: 892, Opened: 267, Clicked: 54, Replied: 12, Unsubscribed: 2, Bounced: 9},
		},
		Shape: smartlead.ShapeAggregated, Rows: 2, Requests: 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The body that published clients parse holds the first of the 419 rows it speaks of. Without the others it is an
// incomplete set.
func TestPublishedPerEmailBody(t *testing.T) {
	published := testdata(t, "per_email.json")
	var others []string
	for i := range 418 {
		others = append(others, fmt.Sprintf(`{"stats_id":"%d","sequence_number":2,"sent_time":"2022-08-02T13:00:00.000Z"}`, i))
	}
	rest := `{"total_stats":"419","offset":1,"limit":1000,"data":[` + strings.Join(others, ",") + `]}`
	first := smartlead.Step{SequenceNumber: 1, Sent: 1, LastSent: time.Date(2022, 8, 2, 12, 49, 11, 747e6, time.UTC)}
	second := smartlead.Step{SequenceNumber: 2, Sent: 418, LastSent: time.Date(2022, 8, 2, 13, 0, 0, 0, time.UTC)}

	sequences := []smartlead.SequenceStep{{SequenceID: 8494, SequenceNumber: 1}}
	recent := []smartlead.RecentRow{{Identity: 7990389881841802855, SentTime: time.Date(2022, 8, 2, 12, 49, 11, 747e6, time.UTC)}}
	variants := []smartlead.VariantCounts{{SequenceNumber: 1, VariantID: 2535, Sent: 1}}

	for _, tt := range []struct {
		name   string
		pages  []string
		want   smartlead.Statistics
		reason smartlead.Reason
	}{
		{
			name:  "followed by the other rows",
			pages: []string{published, rest},
			want: smartlead.Statistics{
				Steps: []smartlead.Step{first, second}, Shape: smartlead.ShapePerEmail, Sequences: sequences, Variants: variants, Replies: &smartlead.Replies{},
				Rows: 419, Requests: 2,
			},
		},
		{
			name:  "of a campaign with one row",
			pages: []string{strings.Replace(published, `"419"`, `"1"`, 1)},
			want: smartlead.Statistics{
				Steps: []smartlead.Step{first}, Shape: smartlead.ShapePerEmail, Sequences: sequences, Recent: recent,
				Variants: variants, Replies: &smartlead.Replies{}, Rows: 1, Requests: 1,
			},
		},
		{
			name:   "alone",
			pages:  []string{published, `{"total_stats":"419","offset":1,"limit":100,"data":[]}`},
			reason: smartlead.ErrIncomplete,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := statistics(t.Context(), newClient(t, pages(tt.pages...)))
			if reason := smartlead.ReasonOf(err); reason != tt.reason {
				t.Fatalf("got %v, want reason %q", err, tt.reason)
			}
			if err != nil {
				return
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// perEmail is a page of one row with the fields, and the total that goes with it.
func perEmail(fields string) string {
	return `{"total_stats":"1","offset":0,"limit":1000,"data":[{"stats_id":"a","sequence_number":1,` + fields + `}]}`
}

// Bodies that look odd and are good, each on one page.
func TestGoodBodies(t *testing.T) {
	sentAt := time.Date(2022, 8, 2, 12, 49, 11, 747e6, time.UTC)
	for _, tt := range []struct {
		name, body string
		want       []smartlead.Step
	}{
		{"no rows", empty, nil},
		{"no rows and nothing else", `{"data":[]}`, nil},
		{"no rows and a total", `{"total_stats":"0","data":[]}`, nil},
		{"error is null", `{"data":[],"error":null}`, nil},
		{"ok as text", `{"ok":"true","success":"true","data":[]}`, nil},
		{"ok as a word", `{"ok":"yes","success":"Statistics fetched","data":[]}`, nil},
		{"error that is none", `{"data":[` + row("1", "5") + `],"error":false}`, []smartlead.Step{{SequenceNumber: 1, Sent: 5}}},
		{"error that is empty", `{"data":[` + row("1", "5") + `],"error":"","errors":[]}`, []smartlead.Step{{SequenceNumber: 1, Sent: 5}}},
		{"error of another kind that is none", `{"data":[` + row("1", "5") + `],"error":[],"errors":{}}`, []smartlead.Step{{SequenceNumber: 1, Sent: 5}}},
		{"error 0", `{"data":[` + row("1", "5") + `],"error":0,"errors":null}`, []smartlead.Step{{SequenceNumber: 1, Sent: 5}}},
		{"status success", `{"status":"success","statusCode":200,"code":"OK","data":[]}`, nil},
		{"status true", `{"status":true,"code":0,"data":[]}`, nil},
		{"a message that isn't one of a failure", `{"message":"Statistics fetched successfully","data":[]}`, nil},
		{"a message that there is nothing", `{"message":"No statistics found","data":[]}`, nil},
		{"a message of a failure beside rows", `{"message":"Invalid rows were left out","data":[` + row("1", "5") + `]}`, []smartlead.Step{{SequenceNumber: 1, Sent: 5}}},
		{"a count that comes twice, alike", aggregated(`{"sequence_number":1,"sent":5,"sequence_number":1,"sent":5,"opened":0,"clicked":0,"replied":0,"unsubscribed":0,"bounced":0}`), []smartlead.Step{{SequenceNumber: 1, Sent: 5}}},
		{"unknown fields of any kind", `{"x":{"data":[1]},"data":[],"y":[[{"error":1}]],"z":"\ud83d\ude00"}`, nil},
		{"spaces around it", " \r\n\t" + empty + "\r\n \t", nil},
		{"escaped names", `{"d\u0061ta":[{"s\u0065nt":7,"sequence_number":1,"opened":0,"clicked":0,"replied":0,"unsubscribed":0,"bounced":0}]}`, []smartlead.Step{{SequenceNumber: 1, Sent: 7}}},
		{"steps out of order", aggregated(row("3", "5"), row("1", "9")), []smartlead.Step{{SequenceNumber: 1, Sent: 9}, {SequenceNumber: 3, Sent: 5}}},
		{"steps 0 and 100", aggregated(row("0", "5"), row("100", "9")), []smartlead.Step{{SequenceNumber: 0, Sent: 5}, {SequenceNumber: 100, Sent: 9}}},
		{"numbers as strings", aggregated(row(`"1"`, `"1240"`)), []smartlead.Step{{SequenceNumber: 1, Sent: 1240}}},
		{"whole numbers with a point", aggregated(row("1.0", "12.0")), []smartlead.Step{{SequenceNumber: 1, Sent: 12}}},
		{"whole numbers with a point as strings", aggregated(row(`"1.0"`, `" 12.0 "`)), []smartlead.Step{{SequenceNumber: 1, Sent: 12}}},
		{"whole numbers with an exponent", aggregated(row("1e0", "1.2e3")), []smartlead.Step{{SequenceNumber: 1, Sent: 1200}}},
		{"the largest count", aggregated(row("1", "9223372036854775807")), []smartlead.Step{{SequenceNumber: 1, Sent: 1<<63 - 1}}},
		{"counts that are null", aggregated(`{"sequence_number":1,"sent":null,"opened":null,"clicked":5,"replied":null,"unsubscribed":null,"bounced":null}`), []smartlead.Step{{SequenceNumber: 1, Clicked: 5}}},
		{"an e-mail of which nothing is known", perEmail(`"open_time":null`), []smartlead.Step{{SequenceNumber: 1}}},
		{
			"an e-mail that saw everything",
			perEmail(`"sent_time":"2022-08-02T12:49:11.747Z","open_count":3,"click_count":"2","reply_time":"2022-08-03T00:00:00Z","is_unsubscribed":true,"is_bounced":true`),
			[]smartlead.Step{{SequenceNumber: 1, Sent: 1, Opened: 1, Clicked: 1, Replied: 1, Unsubscribed: 1, Bounced: 1, LastSent: sentAt}},
		},
		{
			"opened and clicked by their times alone",
			perEmail(`"open_count":0,"click_count":null,"open_time":"2022-08-02T12:49:11.747Z","click_time":"2022-08-02T12:49:11.747Z"`),
			[]smartlead.Step{{SequenceNumber: 1, Opened: 1, Clicked: 1}},
		},
		{"times that are empty", perEmail(`"sent_time":"","open_time":"","click_time":"","reply_time":""`), []smartlead.Step{{SequenceNumber: 1}}},
		{"flags as text and numbers", perEmail(`"is_unsubscribed":"true","is_bounced":1`), []smartlead.Step{{SequenceNumber: 1, Unsubscribed: 1, Bounced: 1}}},
		{"flags that are not set", perEmail(`"is_unsubscribed":"false","is_bounced":null`), []smartlead.Step{{SequenceNumber: 1}}},
		{"a time without a zone", perEmail(`"sent_time":"2022-08-02T12:49:11.747"`), []smartlead.Step{{SequenceNumber: 1, Sent: 1, LastSent: sentAt}}},
		{"a time with a space", perEmail(`"sent_time":"2022-08-02 12:49:11.747Z"`), []smartlead.Step{{SequenceNumber: 1, Sent: 1, LastSent: sentAt}}},
		{"a time with a space and without a zone", perEmail(`"sent_time":"2022-08-02 12:49:11.747"`), []smartlead.Step{{SequenceNumber: 1, Sent: 1, LastSent: sentAt}}},
		{"a time in another zone", perEmail(`"sent_time":"2022-08-02T14:49:11.747+02:00"`), []smartlead.Step{{SequenceNumber: 1, Sent: 1, LastSent: sentAt}}},
		{"a time that is none", perEmail(`"sent_time":"a while ago"`), []smartlead.Step{{SequenceNumber: 1}}},
		{"a time before there was e-mail to count", perEmail(`"sent_time":"0001-01-01T00:00:00Z"`), []smartlead.Step{{SequenceNumber: 1}}},
		{"bytes that aren't UTF-8", perEmail("\"email_message\":\"\xff\xfe\",\"sent_time\":\"2022-08-02T12:49:11.747Z\""), []smartlead.Step{{SequenceNumber: 1, Sent: 1, LastSent: sentAt}}},
		{"the total after the rows", `{"data":[{"stats_id":"a","sequence_number":1,"is_bounced":true}],"total_stats":1}`, []smartlead.Step{{SequenceNumber: 1, Bounced: 1}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := statistics(t.Context(), newClient(t, respond(http.StatusOK, tt.body)))
			if err != nil {
				t.Fatal(err)
			}
			if got.Requests != 1 {
				t.Errorf("it took %d requests, want 1", got.Requests)
			}
			if diff := cmp.Diff(tt.want, got.Steps, cmp.Comparer(time.Time.Equal)); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
		})
	}
}

// Several steps are chosen from what the API returns for all; a single one is, too, should it return others.
func TestSequenceNumbers(t *testing.T) {
	body := aggregated(row("1", "10"), row("2", "20"), row("3", "30"))
	for _, tt := range []struct {
		name   string
		wanted []int
		want   []smartlead.Step
	}{
		{"one", []int{2}, []smartlead.Step{{SequenceNumber: 2, Sent: 20}}},
		{"several", []int{3, 1}, []smartlead.Step{{SequenceNumber: 1, Sent: 10}, {SequenceNumber: 3, Sent: 30}}},
		{"one that isn't there", []int{1, 7}, []smartlead.Step{{SequenceNumber: 1, Sent: 10}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client := newClient(t, respond(http.StatusOK, body))
			got, err := client.Statistics(t.Context(), smartlead.StatisticsQuery{CampaignID: 1, SequenceNumbers: tt.wanted})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.Steps); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
		})
	}
}

// rowsWithout is a page of rows without a stats_id.
func rowsWithout(total int, rows ...string) string {
	return fmt.Sprintf(`{"total_stats":"%d","offset":0,"limit":1000,"data":[{%s}]}`, total, strings.Join(rows, "},{"))
}

// A row that is seen again, on the same page or another one, is known by its stats_id, else by address, step and time.
func TestRowIdentity(t *testing.T) {
	const (
		ann      = `"lead_email":"ann@a.example","sequence_number":1,"sent_time":"2022-08-02T12:49:11.747Z"`
		annLater = `"lead_email":"ann@a.example","sequence_number":1,"sent_time":"2022-08-03T12:49:11.747Z"`
		annNext  = `"lead_email":"ann@a.example","sequence_number":2,"sent_time":"2022-08-02T12:49:11.747Z"`
		bob      = `"lead_email":"bob@a.example","sequence_number":1,"sent_time":"2022-08-02T12:49:11.747Z"`
		nobody   = `"sequence_number":1,"sent_time":"2022-08-02T12:49:11.747Z","open_count":1`
		id1      = `"stats_id":"1",`
		id2      = `"stats_id":"2",`
		id3      = `"stats_id":"3",`
	)
	for _, tt := range []struct {
		name  string
		pages []string
		rows  int
	}{
		{"different addresses", []string{rowsWithout(2, ann, bob)}, 2},
		{"different times", []string{rowsWithout(2, ann, annLater)}, 2},
		{"different steps", []string{rowsWithout(2, ann, annNext)}, 2},
		{"the same row on one page", []string{rowsWithout(1, ann, ann)}, 1},
		{"the same row on two pages", []string{rowsWithout(3, ann, bob), rowsWithout(3, ann, annNext)}, 3},
		{"the same stats_id on one page", []string{rowsWithout(1, id1+ann, id1+ann)}, 1},
		{"the same stats_id on two pages", []string{rowsWithout(3, id1+ann, id2+bob), rowsWithout(3, id1+ann, id3+annNext)}, 3},
		{"the same stats_id with other values", []string{rowsWithout(1, id1+ann, id1+bob)}, 1},
		{"another stats_id with the same values", []string{rowsWithout(2, id1+ann, id2+ann)}, 2},
		{"a stats_id that is a number", []string{rowsWithout(1, `"stats_id":1,`+ann, `"stats_id":1,`+ann)}, 1},
		{"a stats_id that is escaped", []string{rowsWithout(1, id1+ann, `"stats_id":"\u0031",`+ann)}, 1},
		{"nothing to know it by", []string{rowsWithout(2, nobody, nobody)}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := statistics(t.Context(), newClient(t, pages(tt.pages...)))
			if err != nil {
				t.Fatal(err)
			}
			if got.Rows != tt.rows || got.Requests != len(tt.pages) {
				t.Errorf("got %d rows in %d requests, want %d in %d", got.Rows, got.Requests, tt.rows, len(tt.pages))
			}
		})
	}
}

// Rows hold names, addresses and messages. An error says where the answer is wrong and quotes none of it.
func TestErrorsDontQuoteRows(t *testing.T) {
	body := perEmail(`"lead_name":"Zoe","lead_email":"zoe@a.example","email_message":"Dear Zoe","open_count":"Zoe",`)
	for end := range len(body) {
		client := newClient(t, nil, func(o *smartlead.Options) { o.Transport = bodyBytes([]byte(body[:end])) })
		_, err := statistics(t.Context(), client)
		if !strings.HasPrefix(fmt.Sprint(err), "GET /campaigns/1/statistics: bad response (status 200): ") {
			t.Fatalf("got %v for %s", err, body[:end])
		}
		if strings.Contains(strings.ToLower(err.Error()), "zoe") {
			t.Fatalf("%q quotes the row", err)
		}
	}
}
