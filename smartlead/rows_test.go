package smartlead_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead"
)

// offsets answers with the page of per-e-mail rows that an offset asks for, of at most most rows, with what stands beside
// them in front.
func offsets(beside string, most int, rows ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first, _ := strconv.Atoi(r.URL.Query().Get("offset"))
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		first = min(first, len(rows))
		last := min(first+min(limit, most), len(rows))
		_, _ = io.WriteString(w, `{`+beside+`"data":[`+strings.Join(rows[first:last], ",")+`]}`)
	})
}

// A row must have what makes it one. What hasn't isn't taken for zeros.
func TestNoRows(t *testing.T) {
	for _, tt := range []struct{ name, row string }{
		{"counts in the names of sequence-analytics", `{"email_campaign_seq_id":7,"sequence_number":1,"sent_count":1240,"open_count":372,"click_count":89,"reply_count":23,"bounce_count":18,"unsubscribed_count":4}`},
		{"counts in the names of a report", `{"campaign_id":1,"sequence_number":1,"total_sent":1240,"total_opened":372}`},
		{"a step alone", `{"sequence_number":1}`},
		{"an empty object", `{}`},
		{"all counts null", `{"sequence_number":1,"sent":null,"opened":null,"clicked":null,"replied":null,"unsubscribed":null,"bounced":null}`},
		{"sent alone and null", `{"sequence_number":1,"sent":null}`},
		{"all counts but sent", `{"sequence_number":1,"opened":372,"clicked":89,"replied":23,"unsubscribed":4,"bounced":18}`},
		{"counts in another case", `{"sequence_number":1,"Sent":1240,"Opened":372}`},
		{"counts within an object", `{"sequence_number":1,"stats":{"sent":1240,"opened":372}}`},
		{"flags alone", `{"sequence_number":1,"is_opened":true,"is_replied":true}`},
		{"times alone", `{"sequence_number":1,"open_time":"2022-08-02T12:49:11.747Z","reply_time":"2022-08-02T12:49:11.747Z"}`},
		{"an e-mail whose identity is null", `{"sequence_number":1,"stats_id":null,"lead_email":null,"sent_time":null,"open_count":3}`},
		{"an e-mail whose identity is empty", `{"sequence_number":1,"stats_id":"","lead_email":" ","sent_time":"","open_count":3}`},
		{"an e-mail whose identity says that there is none", `{"sequence_number":1,"stats_id":"null","lead_email":"-","sent_time":"0000-00-00 00:00:00","open_count":3}`},
		{"an e-mail that is a step with 1,240", `{"sequence_number":1,"stats_id":"a","sent":1240}`},
	} {
		for name, body := range map[string]string{
			"aggregated": `{"ok":true,"data":[` + tt.row + `],"offset":0,"limit":1000}`,
			"per e-mail": `{"total_stats":"1","data":[` + tt.row + `],"offset":0,"limit":1000}`,
			"behind one": `{"ok":true,"data":[` + row("2", "5") + `,` + tt.row + `],"offset":0,"limit":1000}`,
		} {
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				got, err := statistics(t.Context(), newClient(t, respond(http.StatusOK, body)))
				assertBadResponse(t, got, err, "")
			})
		}
	}
}

// What happened to an e-mail is told by times, counts, flags, or any of these.
func TestFlags(t *testing.T) {
	const email = `"lead_email":"a@b.example","sequence_number":1,"sent_time":"2022-08-02T12:49:11.747Z"`
	base := smartlead.Step{SequenceNumber: 1, Sent: 1, LastSent: time.Date(2022, 8, 2, 12, 49, 11, 747e6, time.UTC)}
	with := func(change func(*smartlead.Step)) smartlead.Step {
		step := base
		change(&step)
		return step
	}
	for _, tt := range []struct {
		name, fields string
		want         smartlead.Step
	}{
		{"none", `"is_opened":false,"is_clicked":false,"is_replied":false,"is_bounced":false,"is_unsubscribed":false`, base},
		{"opened", `"is_opened":true`, with(func(s *smartlead.Step) { s.Opened = 1 })},
		{"clicked", `"is_clicked":true`, with(func(s *smartlead.Step) { s.Clicked = 1 })},
		{"replied", `"is_replied":true`, with(func(s *smartlead.Step) { s.Replied = 1 })},
		{"bounced", `"is_bounced":true`, with(func(s *smartlead.Step) { s.Bounced = 1 })},
		{"unsubscribed", `"is_unsubscribed":true`, with(func(s *smartlead.Step) { s.Unsubscribed = 1 })},
		{"as text and numbers", `"is_opened":"true","is_clicked":1,"is_replied":"1","is_bounced":"FALSE","is_unsubscribed":0`, with(func(s *smartlead.Step) { s.Opened, s.Clicked, s.Replied = 1, 1, 1 })},
		{"saying nothing", `"is_opened":"null","is_clicked":"-","is_replied":"","open_count":"","click_count":"null","is_bounced":"N/A"`, base},
		{"null", `"is_opened":null,"is_clicked":null,"is_replied":null,"is_bounced":null,"is_unsubscribed":null`, base},
		{"beside times and counts that say the same", `"is_opened":true,"open_count":3,"open_time":"2022-08-02T13:00:00Z"`, with(func(s *smartlead.Step) { s.Opened = 1 })},
		{"as other words", `"is_opened":"yes","is_clicked":"Y","is_replied":" true ","is_bounced":"no","is_unsubscribed":"f"`, with(func(s *smartlead.Step) { s.Opened, s.Clicked, s.Replied = 1, 1, 1 })},
		{"as numbers with a point", `"is_opened":1.0,"is_clicked":1e0,"is_replied":"1.0","is_bounced":0.0,"is_unsubscribed":"0.0"`, with(func(s *smartlead.Step) { s.Opened, s.Clicked, s.Replied = 1, 1, 1 })},
		{"in place of counts", `"open_count":true,"click_count":false`, with(func(s *smartlead.Step) { s.Opened = 1 })},
		{"not set beside a time", `"is_replied":false,"reply_time":"2022-08-02T13:00:00Z"`, with(func(s *smartlead.Step) { s.Replied = 1 })},
		{"set beside a time that is null", `"is_replied":true,"reply_time":null`, with(func(s *smartlead.Step) { s.Replied = 1 })},
		{"the bare words", `"opened":true,"clicked":"true","replied":1,"unsubscribed":false,"bounced":null`, with(func(s *smartlead.Step) { s.Opened, s.Clicked, s.Replied = 1, 1, 1 })},
		{"a lead's category is no reply", `"lead_category":"Out Of Office"`, base},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := statistics(t.Context(), newClient(t, respond(http.StatusOK, `{"total_stats":"1","data":[{`+email+`,`+tt.fields+`}]}`)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]smartlead.Step{tt.want}, got.Steps); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
		})
	}
}

// A field that rows don't need changes nothing about them, whatever its name.
func TestExtraFields(t *testing.T) {
	step := `{"campaign_id":1,"sequence_number":1,"sent":1240,"opened":372,"clicked":89,"replied":23,"unsubscribed":4,"bounced":18`
	email := `{"stats_id":"a","lead_email":"a@b.example","sequence_number":1,"sent_time":"2022-08-02T12:49:11.747Z","open_count":2,"reply_time":null`
	ofStep := smartlead.Step{SequenceNumber: 1, Sent: 1240, Opened: 372, Clicked: 89, Replied: 23, Unsubscribed: 4, Bounced: 18}
	ofEmail := smartlead.Step{SequenceNumber: 1, Sent: 1, Opened: 1, LastSent: time.Date(2022, 8, 2, 12, 49, 11, 747e6, time.UTC)}
	for _, field := range []string{
		`"x":1`, `"open_rate":"30%"`, `"positive_reply_count":3`, `"total_sent":5`, `"email_campaign_seq_id":7`, `"ignore_reply":true`,
		`"open_count":0`, `"open_count":-1`, `"click_count":"none"`, `"is_bounced":false`, `"is_bounced":{}`, `"click_time":null`, `"sent_count":1240`,
		`"sent_time":null`, `"lead_email":null`, `"stats_id":null`,
	} {
		t.Run("aggregated with "+field, func(t *testing.T) {
			got, err := statistics(t.Context(), newClient(t, respond(http.StatusOK, aggregated(step+`,`+field+`}`))))
			if err != nil || got.Shape != smartlead.ShapeAggregated || len(got.Steps) != 1 || got.Steps[0] != ofStep {
				t.Errorf("got %+v and %v, want %+v", got, err, ofStep)
			}
		})
	}
	t.Run("aggregated with the time of the newest e-mail", func(t *testing.T) {
		got, err := statistics(t.Context(), newClient(t, respond(http.StatusOK, aggregated(
			step+`,"sent_time":"2022-08-02T12:49:11.747Z"}`, `{"sequence_number":2,"sent":1,"sent_time":"2022-08-02T12:49:11.747Z"}`))))
		if err != nil || len(got.Steps) != 2 || got.Steps[0].Sent != 1240 || got.Steps[1].Sent != 1 {
			t.Errorf("got %+v and %v, want two steps", got, err)
		}
	})
	for _, field := range []string{
		`"x":1`, `"sent":1`, `"sent":true`, `"sent":null`, `"replied":0`, `"replied":null`, `"bounced":false`, `"clicked":"never"`,
		`"opened":372`, `"campaign_id":1`, `"total_sent":5`, `"unsubscribed":{"at":null}`,
	} {
		t.Run("per e-mail with "+field, func(t *testing.T) {
			got, err := statistics(t.Context(), newClient(t, respond(http.StatusOK, `{"total_stats":"1","data":[`+email+`,`+field+`}]}`)))
			if err != nil || got.Shape != smartlead.ShapePerEmail || len(got.Steps) != 1 || !got.Steps[0].LastSent.Equal(ofEmail.LastSent) {
				t.Fatalf("got %+v and %v, want %+v", got, err, ofEmail)
			}
			if got.Steps[0] != ofEmail {
				t.Errorf("got %+v, want %+v", got.Steps[0], ofEmail)
			}
		})
	}
}

// The ways in which a moment is written, and those in which it is said that there is none.
func TestMoments(t *testing.T) {
	at := time.Date(2022, 8, 2, 12, 49, 11, 747e6, time.UTC)
	second := at.Truncate(time.Second)
	for _, tt := range []struct {
		json string
		want time.Time // zero: it happened, and nobody knows when
	}{
		{`"2022-08-02T12:49:11.747Z"`, at},
		{`"2022-08-02T12:49:11.747z"`, at},
		{`"2022-08-02 12:49:11.747Z"`, at},
		{`"2022-08-02T12:49:11Z"`, second},
		{`"2022-08-02T12:49:11,747Z"`, at},
		{`"2022-08-02T12:49:11.747"`, at},
		{`"2022-08-02 12:49:11.747"`, at},
		{`"2022-08-02T12:49:11.747+00"`, at},
		{`"2022-08-02 12:49:11.747+00"`, at},
		{`"2022-08-02T12:49:11.747+0000"`, at},
		{`"2022-08-02 12:49:11.747+0000"`, at},
		{`"2022-08-02T12:49:11.747+00:00"`, at},
		{`"2022-08-02 12:49:11.747+00:00"`, at},
		{`"2022-08-02 12:49:11.747 +0000"`, at},
		{`"2022-08-02 12:49:11.747-00"`, at},
		{`"2022-08-02T14:49:11.747+02"`, at},
		{`"2022-08-02 18:19:11.747+0530"`, at},
		{`"2022-08-02T07:49:11.747-05:00"`, at},
		{`"2022-08-02 12:49:11.747 UTC"`, at},
		{`"2022-08-02 12:49:11 +0000 UTC"`, second},
		{`"2022-08-02 12:49:11.747 GMT"`, at},
		{`"2022-08-02T12:49Z"`, second.Truncate(time.Minute)},
		{`"2022-08-02"`, at.Truncate(24 * time.Hour)},
		{`" 2022-08-02T12:49:11.747Z "`, at},
		{`"2022-08-02T12\u003a49:11.747Z"`, at},
		{`"2022-08-02T12:49:11.747123456Z"`, at.Add(123456)},
		{`"Tue, 02 Aug 2022 12:49:11 GMT"`, second},
		{`"Tue, 02 Aug 2022 14:49:11 +0200"`, second},
		{`"Tue Aug 02 2022 12:49:11 GMT+0000 (Coordinated Universal Time)"`, second},
		{`1659444551`, second},
		{`"1659444551"`, second},
		{`1659444551747`, at},
		{`"1659444551747"`, at},
		{`1659444551747000`, at},
		{`1659444551747000000`, at},
		{`1659444551.747`, at},
		{`"1659444551.747"`, at},
		{`1.659444551747e12`, at},
		{`"20220802124911"`, second},
		{`20220802124911`, second},
		{`"20220802124911747"`, at},
		{`"20220802"`, at.Truncate(24 * time.Hour)},
		{`"20220802T124911Z"`, second},
		{`"20220802T144911+0200"`, second},
		{`"Tue, 2 Aug 2022 12:49:11 GMT"`, second},
		{`"Tuesday, 02-Aug-22 12:49:11 UTC"`, second},
		{`"/Date(1659444551747)/"`, at},
		{`"8/2/2022 12:49 PM"`, time.Time{}},
		{`"Tue, 02 Aug 2022 12:49:11 CEST"`, time.Time{}},
		{`"8/2/22 12:49 +0530"`, time.Time{}},
		{`"2022/08/02 12:49:11"`, time.Time{}},
		{`"2022-08-02T12:49:11.747+99:99"`, time.Time{}},
		{`"2022-08-02T12:49:11.747-25:00"`, time.Time{}},
		{`"2022-08-02T12:49:11.747+01:60"`, time.Time{}},
		{`"2022-08-02T25:99:11Z"`, time.Time{}},
	} {
		t.Run(tt.json, func(t *testing.T) {
			got, err := statistics(t.Context(), newClient(t, respond(http.StatusOK, perEmail(`"sent_time":`+tt.json+`,"open_time":`+tt.json))))
			if err != nil {
				t.Fatal(err)
			}
			want := smartlead.Step{SequenceNumber: 1, Sent: 1, Opened: 1, LastSent: tt.want}
			if diff := cmp.Diff([]smartlead.Step{want}, got.Steps, cmp.Comparer(func(a, b time.Time) bool { return a.Sub(b).Abs() < time.Microsecond })); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
			list, err := listOf(t, `[{"id":1,"created_at":`+tt.json+`}]`)
			if err != nil || list.Campaigns[0].CreatedAt.Sub(tt.want).Abs() >= time.Microsecond {
				t.Errorf("a campaign was created at %+v (%v), want %s", list.Campaigns, err, tt.want)
			}
		})
	}
	for _, json := range []string{
		`null`, `""`, `" "`, `"null"`, `"NULL"`, `"-"`, `"--"`, `"N/A"`, `"n/a"`, `"undefined"`, `"None"`, `"never"`, `"nil"`, `"NaN"`, `"Invalid Date"`, `"false"`, `false`,
		`0`, `"0"`, `0.0`, `-1`, `"-1"`, `-62135596800`, `-62135596800000`, `1`, `"19800000"`,
		`"0000-00-00"`, `"0000-00-00 00:00:00"`, `"0000-00-00T00:00:00.000Z"`, `"-0001-11-30T00:00:00+00:00"`, `"0001-01-01T00:00:00Z"`, `"0001-01-01 00:00:00 +0000 UTC"`,
		`"1970-01-01"`, `"1970-01-01T00:00:00Z"`, `"1970-01-01T00:00:00.000Z"`, `"1970-01-01 00:00:00"`, `"1970-01-01 00:00:00+00"`, `"1970-01-01T05:30:00+05:30"`, `"1970-01-01T05:30:00"`,
		`"1969-12-31T23:59:59Z"`, `"1899-12-30"`, `"1900-01-01T00:00:00Z"`, `"Thu, 01 Jan 1970 00:00:00 GMT"`,
		`"9999-12-31T23:59:59Z"`, `253402300799000`,
		`"01/01/1970"`, `"1/1/1970 12:00:00 AM"`, `"12/30/1899"`, `"1970/01/01 00:00:00"`, `"1970-1-1"`, `"Jan 1, 1970"`, `"1 January 1970"`, `"Thu Jan  1 00:00:00 1970 +0000"`,
		`"19700101T000000Z"`, `"19700101"`, `"19700101000000"`, `"00010101000000"`, `"1970-01-01T00:00:00Z[UTC]"`, `"1970-01-01 01:00:00 CET"`, `"1970-01-01T00:00:00.000 Europe/Berlin"`,
		`"Thu, 1 Jan 1970 00:00:00 GMT"`, `"Thursday, 01-Jan-70 00:00:00 UTC"`, `"+0001-01-01T00:00:00Z"`, `"0000-00-00T00:00:00+01:00"`, `"0000-00-00 00:00:01"`,
		`"+010000-01-01T00:00:00.000Z"`, `"292278994-08-17T07:12:55Z"`, `"/Date(-62135596800000)/"`, `"/Date(0)/"`,
	} {
		t.Run(json+" is none", func(t *testing.T) {
			got, err := statistics(t.Context(), newClient(t, respond(http.StatusOK, perEmail(fmt.Sprintf(`"sent_time":%s,"open_time":%[1]s,"click_time":%[1]s,"reply_time":%[1]s`, json)))))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]smartlead.Step{{SequenceNumber: 1}}, got.Steps); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
			list, err := listOf(t, `[{"id":1,"created_at":`+json+`}]`)
			if err != nil || !list.Campaigns[0].CreatedAt.IsZero() {
				t.Errorf("a campaign was created at %+v (%v), want nobody to know when", list.Campaigns, err)
			}
		})
	}
}

// What doesn't identify a row is no identity: rows that have nothing else are counted one by one.
func TestNoIdentity(t *testing.T) {
	const at = `,"sequence_number":1,"sent_time":"2022-08-02T12:49:11Z"`
	for _, identity := range []string{
		`"stats_id":null`, `"stats_id":""`, `"stats_id":" "`, `"stats_id":"null"`, `"stats_id":"undefined"`, `"stats_id":"-"`, `"stats_id":0`, `"stats_id":"0"`,
		`"stats_id":"00000000-0000-0000-0000-000000000000"`, `"stats_id":{}`,
		`"lead_email":null`, `"lead_email":""`, `"lead_email":"null"`, `"lead_email":"hidden"`, `"lead_email":"***"`, `"stats_id":"","lead_email":""`,
	} {
		t.Run(identity, func(t *testing.T) {
			body := rowsWithout(3, identity+at, identity+at, identity+at+`,"open_count":1`)
			got, err := statistics(t.Context(), newClient(t, respond(http.StatusOK, body)))
			if err != nil || got.Rows != 3 || got.Steps[0].Sent != 3 || got.Steps[0].Opened != 1 {
				t.Errorf("got %+v and %v, want three e-mails", got, err)
			}
		})
	}
}

// A count that an aggregated row doesn't have is unknown; one that is null is 0.
func TestUnknownCounts(t *testing.T) {
	set := func(counts ...smartlead.Count) (set smartlead.CountSet) {
		for _, c := range counts {
			set |= 1 << c
		}
		return set
	}
	const opened, clicked, replied, unsubscribed, bounced = smartlead.CountOpened, smartlead.CountClicked, smartlead.CountReplied, smartlead.CountUnsubscribed, smartlead.CountBounced
	for _, tt := range []struct {
		name    string
		rows    []string
		want    []smartlead.Step
		unknown string
	}{
		{
			"sent alone", []string{`{"sequence_number":1,"sent":1240}`},
			[]smartlead.Step{{SequenceNumber: 1, Sent: 1240, Unknown: set(opened, clicked, replied, unsubscribed, bounced)}},
			"opened, clicked, replied, unsubscribed, bounced",
		},
		{
			"sent alone and 0", []string{`{"sequence_number":1,"sent":0}`},
			[]smartlead.Step{{SequenceNumber: 1, Unknown: set(opened, clicked, replied, unsubscribed, bounced)}},
			"opened, clicked, replied, unsubscribed, bounced",
		},
		{
			"opens in the words of the other shape", []string{`{"sequence_number":1,"sent":1240,"open_count":372,"clicked":1,"replied":2,"unsubscribed":3,"bounced":4}`},
			[]smartlead.Step{{SequenceNumber: 1, Sent: 1240, Clicked: 1, Replied: 2, Unsubscribed: 3, Bounced: 4, Unknown: set(opened)}},
			"opened",
		},
		{
			"null", []string{`{"sequence_number":1,"sent":5,"opened":null,"clicked":null,"replied":null,"unsubscribed":null,"bounced":null}`},
			[]smartlead.Step{{SequenceNumber: 1, Sent: 5}}, "",
		},
		{
			"of one step of two", []string{row("1", "5"), `{"sequence_number":2,"sent":4,"opened":3,"clicked":2,"replied":1,"unsubscribed":0}`},
			[]smartlead.Step{{SequenceNumber: 1, Sent: 5}, {SequenceNumber: 2, Sent: 4, Opened: 3, Clicked: 2, Replied: 1, Unknown: set(bounced)}},
			"bounced",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := statistics(t.Context(), newClient(t, respond(http.StatusOK, aggregated(tt.rows...))))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.Steps); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
			if unknown := got.Unknown().String(); unknown != tt.unknown {
				t.Errorf("unknown are %q, want %q", unknown, tt.unknown)
			}
		})
	}
}

// Rows without a step are left out and told of, and the server's total has them all the same.
func TestRowsWithoutStep(t *testing.T) {
	var emails []string
	for i := range 100 {
		emails = append(emails, fmt.Sprintf(`{"stats_id":"%d","sequence_number":1,"sent_time":"2022-08-02T12:49:11Z"}`, i+1))
	}
	for _, step := range []string{``, `"sequence_number":null,`, `"sequence_number":"",`, `"sequence_number":"null",`, `"sequence_number":"-",`, `"sequence_number":"first",`, `"sequence_number":-1,`, `"sequence_number":101,`, `"sequence_number":1.5,`, `"sequence_number":{},`} {
		t.Run("per e-mail with "+step, func(t *testing.T) {
			rows := append([]string{`{` + step + `"stats_id":"x","sent_time":"2022-08-02T12:49:11Z"}`}, emails...)
			for _, most := range []int{1000, 10} {
				got, err := statistics(t.Context(), newClient(t, offsets(`"total_stats":"101",`, most, rows...)))
				if err != nil || got.Rows != 101 || got.RowsWithoutStep != 1 || len(got.Steps) != 1 || got.Steps[0].Sent != 100 {
					t.Errorf("got %+v and %v, want 100 e-mails of 101 rows", got, err)
				}
			}
		})
		t.Run("aggregated with "+step, func(t *testing.T) {
			got, err := statistics(t.Context(), newClient(t, respond(http.StatusOK, aggregated(row("1", "100"), `{`+step+`"sent":100}`))))
			if err != nil || got.Rows != 2 || got.RowsWithoutStep != 1 || len(got.Steps) != 1 || got.Steps[0].Sent != 100 {
				t.Errorf("got %+v and %v, want one step of two rows", got, err)
			}
		})
	}
	for _, step := range []string{``, `"sequence_number":null,`, `"sequence_number":"",`, `"sequence_number":"null",`} {
		t.Run("one that is alone on the last page with "+step, func(t *testing.T) {
			rows := append(slices.Clone(emails), `{`+step+`"stats_id":"x","sent_time":"2022-08-02T12:49:11Z"}`)
			got, err := statistics(t.Context(), newClient(t, offsets(`"total_stats":"101",`, 10, rows...)))
			if err != nil || got.Rows != 101 || got.RowsWithoutStep != 1 {
				t.Errorf("got %+v and %v, want 101 rows", got, err)
			}
		})
	}
	t.Run("all of them", func(t *testing.T) {
		stepless := strings.Split(strings.ReplaceAll(strings.Join(emails, "\n"), `"sequence_number":1`, `"sequence_number":null`), "\n")
		for _, beside := range []string{`"total_stats":"100",`, `"total_stats":"101",`, ``} {
			for _, most := range []int{1000, 10} {
				got, err := statistics(t.Context(), newClient(t, offsets(beside, most, stepless...)))
				assertBadResponse(t, got, err, "none of ")
			}
		}
	})
}
