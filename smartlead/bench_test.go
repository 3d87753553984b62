package smartlead_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// benchmarkPage is a page of 1,000 per-e-mail rows with messages of 3 KB.
func benchmarkPage(b *testing.B) []byte {
	b.Helper()
	sim := newSim(b, simulator.Campaign{ID: 1, Source: simulator.Rows(smartlead.MaxPageSize, 3<<10)})
	answer := httptest.NewRecorder()
	sim.ServeHTTP(answer, httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/api/v1/campaigns/1/statistics?limit=1000&api_key="+testKey, http.NoBody))
	return answer.Body.Bytes()
}

// BenchmarkDecodePage is a whole call of Statistics but for the network.
func BenchmarkDecodePage(b *testing.B) {
	page := benchmarkPage(b)
	client := newClient(b, nil, func(o *smartlead.Options) { o.Transport = bodyBytes(page) })
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	for b.Loop() {
		got, err := statistics(b.Context(), client)
		if err != nil || got.Rows != smartlead.MaxPageSize {
			b.Fatalf("got %d rows and %v", got.Rows, err)
		}
	}
}

// BenchmarkDecodePageGzip is the same for a page that comes compressed. Bytes are those of the page.
func BenchmarkDecodePageGzip(b *testing.B) {
	page := benchmarkPage(b)
	client := newClient(b, nil, encoded(http.StatusOK, gzipped(b, page), "gzip"))
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	for b.Loop() {
		got, err := statistics(b.Context(), client)
		if err != nil || got.Rows != smartlead.MaxPageSize {
			b.Fatalf("got %d rows and %v", got.Rows, err)
		}
	}
}

// BenchmarkDecodePageUnmarshal is what the same counts cost when the page is held in memory, which isn't counted here,
// and decoded at once.
func BenchmarkDecodePageUnmarshal(b *testing.B) {
	type row struct {
		SequenceNumber int        `json:"sequence_number"`
		StatsID        string     `json:"stats_id"`
		LeadEmail      string     `json:"lead_email"`
		SentTime       *time.Time `json:"sent_time"`
		OpenTime       *time.Time `json:"open_time"`
		ClickTime      *time.Time `json:"click_time"`
		ReplyTime      *time.Time `json:"reply_time"`
		OpenCount      int64      `json:"open_count"`
		ClickCount     int64      `json:"click_count"`
		IsUnsubscribed bool       `json:"is_unsubscribed"`
		IsBounced      bool       `json:"is_bounced"`
	}
	page := benchmarkPage(b)
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	for b.Loop() {
		var answer struct {
			TotalStats string `json:"total_stats"`
			Data       []row  `json:"data"`
		}
		if err := json.Unmarshal(page, &answer); err != nil {
			b.Fatal(err)
		}
		seen := make(map[string]bool)
		steps := make(map[int]*smartlead.Step)
		for _, r := range answer.Data {
			if seen[r.StatsID] {
				continue
			}
			seen[r.StatsID] = true
			step := steps[r.SequenceNumber]
			if step == nil {
				step = &smartlead.Step{SequenceNumber: r.SequenceNumber}
				steps[r.SequenceNumber] = step
			}
			count(&step.Sent, r.SentTime != nil)
			count(&step.Opened, r.OpenTime != nil || r.OpenCount > 0)
			count(&step.Clicked, r.ClickTime != nil || r.ClickCount > 0)
			count(&step.Replied, r.ReplyTime != nil)
			count(&step.Unsubscribed, r.IsUnsubscribed)
			count(&step.Bounced, r.IsBounced)
			if r.SentTime != nil && r.SentTime.After(step.LastSent) {
				step.LastSent = *r.SentTime
			}
		}
		if len(seen) != smartlead.MaxPageSize || len(steps) != 3 {
			b.Fatalf("got %d rows in %d steps", len(seen), len(steps))
		}
	}
}

func count(n *int64, is bool) {
	if is {
		*n++
	}
}
