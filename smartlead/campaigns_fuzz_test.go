package smartlead_test

import (
	"bytes"
	"io"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"smartlead_exporter/smartlead"
)

// FuzzCampaigns answers with any bytes. Whatever they are, what comes out is a list that can be true and be shown, or a
// known error, and never both.
func FuzzCampaigns(f *testing.F) {
	for _, tt := range wrongLists {
		if len(tt.body) < 64<<10 {
			f.Add([]byte(tt.body))
		}
	}
	for _, s := range []string{
		`[]`, `{"ok":true,"data":[{"id":1}]}`, `{"success":true,"data":[{"id":"2","name":"Two"}]}`,
		`[{"id":3,"user_id":1001,"created_at":"2026-01-02T03:04:05.678Z","status":"ACTIVE","name":"\"Q4\"\n\ud83d\ude00",` +
			`"track_settings":["DONT_EMAIL_OPEN"],"max_leads_per_day":40,"client_id":"77","parent_campaign_id":1,"tags":[{"tag_id":1,"tag_name":"a"},"b"]}]`,
		"[{\"id\":1e3,\"name\":\"\xff\",\"status\":\"ß\",\"tags\":[\"" + strings.Repeat("é", 300) + "\"]},{\"id\":1000}]",
		`{"success":true,"campaigns":[{"id":1,"tags":"[{\"id\":3,\"name\":\"x\"}]","track_settings":"[\"DONT_EMAIL_OPEN\"]"},null,{"id":"x"}]}`,
		`{"data":{"campaigns":[{"id":1,"created_at":1659444551747,"track_settings":{"DONT_LINK_CLICK":true}}]},"campaigns":1}`,
		`[{"id":1,"parent_campaign_id":-1,"max_leads_per_day":-1,"created_at":"1969-12-31T23:59:59Z","client_id":1.50}]`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		client := newClient(t, nil, func(o *smartlead.Options) {
			o.Transport = body(func() io.Reader { return bytes.NewReader(b) })
		})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := client.Campaigns(t.Context(), smartlead.CampaignsQuery{})
		runtime.ReadMemStats(&after)
		if all, most := after.TotalAlloc-before.TotalAlloc, 2*(1<<20+64*uint64(len(b))); all > most {
			t.Fatalf("%d bytes were allocated for %d bytes, want at most %d", all, len(b), most)
		}
		if err == nil && got.Requests != 1 || err != nil && got.Requests != 2 {
			t.Fatalf("%d requests were counted with %v", got.Requests, err)
		}
		if err != nil {
			assertKnownError(t, err, 200)
			if got.Campaigns != nil {
				t.Fatalf("got %+v beside the error %v", got.Campaigns, err)
			}
			return
		}
		if got.Unreadable < 0 || got.Unreadable > 0 && len(got.Campaigns) == 0 {
			t.Fatalf("%d entries can't be read and %d can", got.Unreadable, len(got.Campaigns))
		}
		seen := map[int64]bool{}
		for _, c := range got.Campaigns {
			if c.ID <= 0 || seen[c.ID] || c.ParentID < 0 || c.MaxLeadsPerDay < -1 {
				t.Fatalf("%+v can't be true", c)
			}
			seen[c.ID] = true
			if !c.CreatedAt.IsZero() && c.CreatedAt.Unix() <= 0 {
				t.Fatalf("campaign %d is from %s", c.ID, c.CreatedAt)
			}
			if c.Status != strings.ToUpper(c.Status) {
				t.Fatalf("status %q is not in upper case", c.Status)
			}
			if len(c.Tags) > 100 {
				t.Fatalf("campaign %d has %d tags", c.ID, len(c.Tags))
			}
			for _, text := range append([]string{c.Name, c.Status, c.ClientID}, c.Tags...) {
				if !utf8.ValidString(text) || utf8.RuneCountInString(text) > smartlead.MaxNameLength {
					t.Fatalf("campaign %d has the text %q", c.ID, text)
				}
			}
		}
		if len(got.Campaigns) > bytes.Count(b, []byte("{")) {
			t.Fatalf("%d campaigns came out of %q", len(got.Campaigns), b)
		}
	})
}
