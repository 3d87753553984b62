package smartlead_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"smartlead_exporter/smartlead"
)

// FuzzStatistics answers with any bytes. Whatever they are, what comes out is a complete set of counts that can be
// true, or a known error, and never both.
func FuzzStatistics(f *testing.F) {
	for _, tt := range slices.Concat(wrongBodies, wrongSteps) {
		if len(tt.body) < 64<<10 {
			f.Add([]byte(tt.body), 200)
		}
	}
	for _, name := range []string{"aggregated.json", "per_email.json"} {
		f.Add([]byte(testdata(f, name)), 200)
	}
	for _, s := range []string{
		empty, perEmail(`"sent_time":"2022-08-02T12:49:11.747Z","open_count":3,"is_bounced":true`),
		perEmail(`"lead_email":"a@b.example","reply_time":"2022-08-02 12:49:11"`),
		perEmail(`"is_opened":true,"is_replied":"1","sent_time":1659444551747,"open_time":"1970-01-01T00:00:00Z","click_time":"Tue, 02 Aug 2022 12:49:11 GMT"`),
		perEmail(`"reply_time":"2022-08-02 12:49:11.747+00"},{"stats_id":"b","sent_time":"-"},{"sequence_number":null,"sent_time":"2022-08-02"`),
		`{"data":[{"sequence_number":1,"sent":7,"open_count":3},{"sent":5}]}`, `{"data":[{"sequence_number":1,"sent_time":"2022-08-02T12:49:11Z"}]}`,
		perEmail(`"sent_time":"2022-08-02T12:49:11Z","reply_time":"2022-08-02T13:00:00Z","lead_category":"Out Of Office"},{"stats_id":"c","sequence_number":1,"sent_time":"2022-08-02T12:49:11Z","reply_time":"1999-08-02T13:00:00Z","lead_category":{"id":6}`),
		perEmail(`"reply_time":"2022-08-02T13:00:00Z","lead_category":"a@b.example"},{"stats_id":"d","sequence_number":2,"is_replied":true,"lead_category":6,"seq_variant_id":7`),
		aggregated(row("0", "9223372036854775807"), row("100", `"12.0"`)),
		`{"message":"Invalid API Key"}`, `{"error":{"message":"no","retry_after":30}}`, "<html><title>502</title></html>",
	} {
		for _, status := range []int{200, 400, 404, 302} {
			f.Add([]byte(s), status)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, status int) {
		if status != 200 && status != 302 && (status < 400 || status >= 500 || status == 408 || status == 429) {
			t.Skip("tried again, which takes time")
		}
		requests := 0
		client := newClient(t, nil, func(o *smartlead.Options) {
			o.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
				requests++
				if requests > 100 {
					return nil, errors.New("too many requests for one answer, again and again")
				}
				resp, err := body(func() io.Reader { return bytes.NewReader(b) })(r)
				resp.StatusCode = status
				return resp, err
			})
		})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := statistics(t.Context(), client)
		runtime.ReadMemStats(&after)

		if requests > 100 || got.Requests != requests {
			t.Fatalf("%d requests were sent and %d counted", requests, got.Requests)
		}
		// Each request may buffer a row and look at a message; nothing grows with what the rows are about.
		if allocated, most := after.TotalAlloc-before.TotalAlloc, uint64(requests)*(1<<20+64*uint64(len(b))); allocated > most {
			t.Fatalf("%d bytes were allocated for %d bytes in %d requests, want at most %d", allocated, len(b), requests, most)
		}
		if err != nil {
			assertKnownError(t, err, status)
			if len(got.Steps) != 0 || got.Rows != 0 {
				t.Fatalf("got %+v beside the error %v", got, err)
			}
			return
		}
		assertPlausible(t, got, b)
	})
}

func assertKnownError(t *testing.T, err error, status int) {
	t.Helper()
	var e *smartlead.Error
	if !errors.As(err, &e) || smartlead.ReasonOf(err) == "" {
		t.Fatalf("%v is not an *Error with a reason", err)
	}
	if status == 200 && e.Reason != smartlead.ErrBadResponse && e.Reason != smartlead.ErrIncomplete {
		t.Fatalf("status 200 became %v", err)
	}
	text := err.Error()
	if strings.Contains(text, testKey) || strings.ContainsAny(text, "\n\r\x00\x1b") || len(text) > 4*300 {
		t.Fatalf("%q is no line for a log", text)
	}
}

func assertPlausible(t *testing.T, got smartlead.Statistics, b []byte) {
	t.Helper()
	last := -1
	for _, step := range got.Steps {
		if step.SequenceNumber <= last || step.SequenceNumber > smartlead.MaxSequenceNumber {
			t.Fatalf("step %d follows step %d", step.SequenceNumber, last)
		}
		last = step.SequenceNumber
		if min(step.Sent, step.Opened, step.Clicked, step.Replied, step.Unsubscribed, step.Bounced) < 0 {
			t.Fatalf("%+v has a negative count", step)
		}
		for c, n := range []int64{step.Sent, step.Opened, step.Clicked, step.Replied, step.Unsubscribed, step.Bounced} {
			if step.Unknown.Has(smartlead.Count(c)) && (n != 0 || got.Shape == smartlead.ShapePerEmail) {
				t.Fatalf("%+v has a count that is unknown in shape %q", step, got.Shape)
			}
		}
		if step.Unknown.Has(smartlead.CountSent) {
			t.Fatalf("%+v has no sent", step)
		}
		if !step.LastSent.IsZero() && (step.LastSent.Year() < 1990 || step.LastSent.Year() > 2200) {
			t.Fatalf("%+v can't be true", step)
		}
		if got.Shape == smartlead.ShapePerEmail && step.Sent > int64(got.Rows) {
			t.Fatalf("%+v are more than %d rows", step, got.Rows)
		}
	}
	assertPlausibleReplies(t, got)
	if got.RowsWithoutStep < 0 || got.RowsWithoutStep > got.Rows || got.RowsWithoutStep == got.Rows && got.Rows > 0 {
		t.Fatalf("%d of %d rows are without a step", got.RowsWithoutStep, got.Rows)
	}
	if got.Rows < len(got.Steps) || got.Rows > len(b) {
		t.Fatalf("%d steps of %d rows in %d bytes", len(got.Steps), got.Rows, len(b))
	}
	if !bytes.Contains(b, []byte("{")) {
		t.Fatalf("%q became %+v", b, got)
	}
}

func assertPlausibleReplies(t *testing.T, got smartlead.Statistics) {
	t.Helper()
	if got.Replies == nil {
		if got.Shape == smartlead.ShapePerEmail {
			t.Fatalf("%d rows of e-mails say nothing of replies", got.Rows)
		}
		return
	}
	bySteps, names := map[int]int64{}, map[string]bool{}
	for _, c := range got.Replies.Categories {
		bySteps[c.SequenceNumber] += c.Replied
		names[c.Category] = true
		if c.Replied < 1 || !utf8.ValidString(c.Category) || utf8.RuneCountInString(c.Category) > smartlead.MaxNameLength || strings.ContainsAny(c.Category, "@\n\x00") {
			t.Fatalf("%+v is no category", c)
		}
	}
	replied := int64(0)
	for _, step := range got.Steps {
		replied += step.Replied
		if got.Replies.Categories != nil && bySteps[step.SequenceNumber] != step.Replied {
			t.Fatalf("%+v, but by category %d replied", step, bySteps[step.SequenceNumber])
		}
	}
	for _, n := range got.Replies.Delays.Counts {
		replied -= n
	}
	if replied < 0 || got.Replies.Delays.Sum < 0 || len(names) > 50 {
		t.Fatalf("%+v can't be true of %+v", got.Replies, got.Steps)
	}
}
