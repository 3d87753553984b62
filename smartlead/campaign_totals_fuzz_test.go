package smartlead_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"testing"

	"smartlead_exporter/smartlead"
)

// FuzzRows answers filtered requests with any bytes. What comes out fits the filter and adds up, or is a known error.
func FuzzRows(f *testing.F) {
	for _, s := range []string{
		empty, perEmail(`"reply_time":"2022-08-02T12:49:11.747Z","lead_category":"Interested","email_campaign_seq_id":8494`),
		perEmail(`"reply_time":null`), aggregated(row("1", "12")), testdata(f, "per_email.json"), `{"total_stats":"3","data":[]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		requests := 0
		client := newClient(t, nil, func(o *smartlead.Options) {
			o.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
				requests++
				if requests > 100 {
					return nil, errors.New("too many requests for one answer, again and again")
				}
				return body(func() io.Reader { return bytes.NewReader(b) })(r)
			})
		})
		q := smartlead.StatisticsQuery{CampaignID: 1, EmailStatus: smartlead.StatusReplied}
		total, err := client.Total(t.Context(), q)
		switch {
		case err != nil:
			assertKnownError(t, err, http.StatusOK)
			if total.Row != nil || total.Rows != 0 {
				t.Fatalf("got %+v beside the error %v", total, err)
			}
		case total.Rows < -1, total.Row != nil && !total.Row.Replied, total.Shape == smartlead.ShapeUnknown && total.Rows > 0:
			t.Fatalf("got %+v", total)
		}

		requests = 0
		set, err := client.Rows(t.Context(), q)
		if requests > 100 || set.Requests != requests {
			t.Fatalf("%d requests were sent and %d counted", requests, set.Requests)
		}
		if err != nil {
			assertKnownError(t, err, http.StatusOK)
			if set.Facts != nil || set.Steps != nil {
				t.Fatalf("got %+v beside the error %v", set, err)
			}
			return
		}
		assertPlausible(t, set.Statistics, b)
		if set.Shape == smartlead.ShapePerEmail && len(set.Facts) != set.Rows {
			t.Fatalf("got %d facts of %d rows", len(set.Facts), set.Rows)
		}
		for _, row := range set.Facts {
			if !row.Replied || row.SequenceNumber > smartlead.MaxSequenceNumber || row.SequenceID < 0 {
				t.Fatalf("got %+v", row)
			}
		}
	})
}
