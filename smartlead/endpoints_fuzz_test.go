package smartlead_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"reflect"
	"runtime"
	"testing"

	"smartlead_exporter/smartlead"
)

// FuzzEndpoints answers each of the calls of canary_endpoints_test.go with any bytes. It ends in a result, or in a known
// error beside which there is nothing but the number of requests; memory is bound by the length of the answer.
func FuzzEndpoints(f *testing.F) {
	for i, tt := range endpoints {
		f.Add(uint(i), bytes.ReplaceAll([]byte(tt.good), []byte("<1>"), []byte("1")))
	}
	for i := range endpoints {
		for _, s := range []string{
			"[" + recordedMailbox + "]", recordedTotals, recordedCategories, recordedSequences, overall(1, 3), recordedAnalytics, mailboxes(1, 100), `{}`, `[]`,
		} {
			f.Add(uint(i), []byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, which uint, b []byte) {
		call := endpoints[which%uint(len(endpoints))]
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
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := call.call(t.Context(), client)
		runtime.ReadMemStats(&after)
		if allocated, most := after.TotalAlloc-before.TotalAlloc, uint64(max(requests, 1))*(1<<20+128*uint64(len(b))); allocated > most {
			t.Fatalf("%s: %d bytes were allocated for %d bytes in %d requests, want at most %d", call.name, allocated, len(b), requests, most)
		}
		if requests > 100 {
			t.Fatalf("%s: asked %d times", call.name, requests)
		}
		if err == nil {
			return
		}
		if errors.Is(err, smartlead.ErrNotFound) && call.name == "CampaignAnalytics" {
			return // which says so with status 200
		}
		assertKnownError(t, err, http.StatusOK)
		if v := reflect.ValueOf(got); v.Kind() == reflect.Struct && v.FieldByName("Requests").IsValid() {
			rest := reflect.New(v.Type()).Elem()
			rest.Set(v)
			rest.FieldByName("Requests").SetInt(0)
			if !rest.IsZero() {
				t.Fatalf("%s: got %+v beside %v", call.name, got, err)
			}
		}
	})
}
