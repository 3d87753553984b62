package simulator_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead/simulator"
)

func getCampaigns(t *testing.T, sim *simulator.Simulator, query url.Values) []map[string]any {
	t.Helper()
	_, body := get(t, sim, "/campaigns/", query)
	var list []map[string]any
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		t.Fatalf("couldn't parse %s: %v", body, err)
	}
	return list
}

func ids(list []map[string]any) []int {
	out := make([]int, len(list))
	for i, c := range list {
		out[i] = int(c["id"].(float64))
	}
	return out
}

// TestCampaignObject pins the object, alone and in the list.
func TestCampaignObject(t *testing.T) {
	sim := newSim(t, simulator.Options{}, simulator.Campaign{
		ID: 5, Name: "Q4 \"<b>\" ü", Status: simulator.StatusPaused, ClientID: 77, ParentID: 4, MaxLeadsPerDay: 50,
		Tags: []simulator.Tag{{ID: 9, Name: "outbound"}}, TrackSettings: []string{simulator.DontTrackOpens},
		CreatedAt: time.Date(2025, time.March, 3, 4, 5, 6, 7e6, time.UTC),
		UpdatedAt: time.Date(2025, time.April, 3, 4, 5, 6, 7e6, time.UTC),
	})
	_, body := get(t, sim, "/campaigns/5", values("include_tags", "true"))
	want := `{"id":5,"user_id":1001,"created_at":"2025-03-03T04:05:06.007Z","updated_at":"2025-04-03T04:05:06.007Z",` +
		`"status":"PAUSED","name":"Q4 \"\u003cb\u003e\" ü","track_settings":["DONT_EMAIL_OPEN"],` +
		`"scheduler_cron_value":{"tz":"Etc/UTC","days":[1,2,3,4,5],"startHour":"09:00","endHour":"17:00"},` +
		`"min_time_btwn_emails":10,"max_leads_per_day":50,"stop_lead_settings":"REPLY_TO_AN_EMAIL","unsubscribe_text":null,` +
		`"client_id":77,"parent_campaign_id":4,"enable_ai_esp_matching":false,"send_as_plain_text":false,` +
		`"follow_up_percentage":"40%","tags":[{"tag_id":9,"tag_name":"outbound"}]}` + "\n"
	if body != want {
		t.Errorf("got  %s\nwant %s", body, want)
	}
	_, list := get(t, sim, "/campaigns/", values("include_tags", "true"))
	if list != "["+want[:len(want)-1]+"]\n" {
		t.Errorf("the list differs: %s", list)
	}
}

func TestCampaignDefaults(t *testing.T) {
	sim := newSim(t, simulator.Options{}, simulator.Campaign{ID: 1})
	c := getCampaigns(t, sim, nil)[0]
	for field, want := range map[string]any{
		"status": "ACTIVE", "client_id": nil, "parent_campaign_id": nil, "max_leads_per_day": nil,
		"created_at": "2025-01-01T00:00:00.000Z", "updated_at": "2025-01-01T00:00:00.000Z",
	} {
		if got, there := c[field]; got != want || !there {
			t.Errorf("%s: got %v, want %v", field, got, want)
		}
	}
	if settings, ok := c["track_settings"].([]any); !ok || len(settings) != 0 {
		t.Errorf("got track_settings %v, want an empty array", c["track_settings"])
	}
	if _, there := c["tags"]; there {
		t.Error("tags are there without include_tags")
	}
	if tags, ok := getCampaigns(t, sim, values("include_tags", "true"))[0]["tags"].([]any); !ok || len(tags) != 0 {
		t.Errorf("got tags %v, want an empty array", tags)
	}
}

func TestCampaignList(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2025, time.May, n, 0, 0, 0, 0, time.UTC) }
	sim := newSim(t, simulator.Options{},
		simulator.Campaign{ID: 1, CreatedAt: day(2), ClientID: 77},
		simulator.Campaign{ID: 2, CreatedAt: day(1), ClientID: "77"},
		simulator.Campaign{ID: 3, CreatedAt: day(3), ClientID: "x"},
		simulator.Campaign{ID: 4, CreatedAt: day(3)},
	)
	for _, test := range []struct {
		query url.Values
		want  []int
	}{
		{nil, []int{4, 3, 1, 2}},
		{values("client_id", "77"), []int{1, 2}},
		{values("client_id", "x"), []int{3}},
		{values("client_id", "none"), []int{}},
	} {
		if got := ids(getCampaigns(t, sim, test.query)); !slices.Equal(got, test.want) {
			t.Errorf("%v: got %v, want %v", test.query, got, test.want)
		}
	}

	if err := sim.SetCampaign(simulator.Campaign{ID: 3, Name: "renamed", CreatedAt: day(3)}); err != nil {
		t.Fatal(err)
	}
	sim.RemoveCampaign(1)
	list := getCampaigns(t, sim, nil)
	if got := ids(list); !slices.Equal(got, []int{4, 3, 2}) || list[1]["name"] != "renamed" {
		t.Errorf("after the changes: got %v", list)
	}
	if resp, _ := get(t, sim, "/campaigns/1/statistics", nil); resp.StatusCode != 404 {
		t.Errorf("a removed campaign answers %d", resp.StatusCode)
	}
}

func TestChangesOfRows(t *testing.T) {
	for name, c := range map[string]simulator.Campaign{
		"oldest first": {ID: 1, Source: simulator.Rows(5, 10)},
		"newest first": {ID: 1, Source: simulator.Rows(5, 10), Order: simulator.NewestFirst},
	} {
		t.Run(name, func(t *testing.T) {
			sim := newSim(t, simulator.Options{}, c)
			before := getAll(t, sim, 1, nil)
			if !sim.AddEmails(1, simulator.Email{Step: 9, SentTime: monday}, simulator.Email{Step: 10, SentTime: monday}) {
				t.Error("the campaign is not there")
			}
			after := getAll(t, sim, 1, nil)
			added, rest := after[5:], after[:5]
			if c.Order == simulator.NewestFirst {
				added, rest = []map[string]any{after[1], after[0]}, after[2:]
			}
			if added[0]["sequence_number"] != 9.0 || added[1]["sequence_number"] != 10.0 || added[0]["stats_id"] == added[1]["stats_id"] {
				t.Errorf("got %v as the added rows", added)
			}
			if rest[0]["stats_id"] != before[0]["stats_id"] {
				t.Error("the rows which were there before have changed")
			}

			if !sim.DeleteRows(1, 3) || !sim.DeleteRows(1, 1) {
				t.Error("the campaign is not there")
			}
			if diff := cmp.Diff(after[4:], getAll(t, sim, 1, nil)); diff != "" {
				t.Errorf("the rows left differ (-want +got):\n%s", diff)
			}
			if p := getPage(t, sim, 1, nil); *p.Total != "3" {
				t.Errorf("got a total of %s, want 3", *p.Total)
			}
		})
	}

	sim := newSim(t, simulator.Options{}, simulator.Campaign{ID: 1, Source: simulator.Raw(`{}`)})
	sim.AddEmails(1, simulator.Email{Step: 1})
	sim.DeleteRows(1, 1)
	if p := getPage(t, sim, 1, nil); len(p.Data) != 1 {
		t.Errorf("raw rows have changed: %v", p.Data)
	}
	if sim.AddEmails(2) || sim.DeleteRows(2, 1) {
		t.Error("a campaign that isn't there was changed")
	}
	if counts, ok := sim.Counts(2); ok || counts != nil {
		t.Errorf("a campaign that isn't there has counts %v", counts)
	}
}
