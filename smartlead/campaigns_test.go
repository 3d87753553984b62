package smartlead_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// plain is a campaign of which the list says no more than its id.
func plain(id int64) smartlead.Campaign {
	return smartlead.Campaign{ID: id, OpenTracking: true, ClickTracking: true, MaxLeadsPerDay: -1}
}

// with is plain, changed.
func with(id int64, change func(*smartlead.Campaign)) smartlead.Campaign {
	c := plain(id)
	change(&c)
	return c
}

// listOf lists the campaigns of an API that answers with one body.
func listOf(t *testing.T, body string) (smartlead.CampaignList, error) {
	t.Helper()
	return newClient(t, respond(http.StatusOK, body)).Campaigns(t.Context(), smartlead.CampaignsQuery{})
}

// Lists that are whole, in each envelope that the API puts them into.
func TestCampaignEnvelopes(t *testing.T) {
	const rows = `{"id":2,"name":"Two"},{"id":1,"name":"One"}`
	two := []smartlead.Campaign{
		with(2, func(c *smartlead.Campaign) { c.Name = "Two" }),
		with(1, func(c *smartlead.Campaign) { c.Name = "One" }),
	}
	for _, tt := range []struct {
		name, body string
		want       []smartlead.Campaign
	}{
		{"bare", `[` + rows + `]`, two},
		{"bare and empty", `[]`, nil},
		{"ok", `{"ok":true,"data":[` + rows + `]}`, two},
		{"success", `{"success":true,"data":[` + rows + `]}`, two},
		{"the verdict behind the rows", `{"data":[` + rows + `],"success":true,"message":"Campaigns fetched"}`, two},
		{"data alone", `{"data":[` + rows + `]}`, two},
		{"wrapped and empty", `{"ok":true,"data":[]}`, nil},
		{"error is null", `{"ok":true,"error":null,"data":[` + rows + `]}`, two},
		{"numbers about pages", `{"ok":true,"data":[` + rows + `],"offset":0,"limit":100,"total":"2"}`, two},
		{"campaigns", `{"success":true,"campaigns":[` + rows + `]}`, two},
		{"campaigns and empty", `{"ok":true,"campaigns":[]}`, nil},
		{"campaigns and their number", `{"campaigns":[` + rows + `],"total":2,"data":null}`, two},
		{"data and the number of campaigns", `{"data":[` + rows + `],"campaigns":2}`, two},
		{"campaigns within data", `{"success":true,"data":{"total":2,"campaigns":[` + rows + `]}}`, two},
		{"spaces around it", " \r\n\t[" + rows + "]\r\n\t ", two},
		{"spaces within it", "[ {\"id\" : 2 ,\n\"name\": \"Two\"} ,\t{\"id\":1,\"name\":\"One\"} ]", two},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := listOf(t, tt.body)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(smartlead.CampaignList{Campaigns: tt.want, Requests: 1}, got); diff != "" {
				t.Errorf("list (-want +got):\n%s", diff)
			}
		})
	}
}

// What is said of a campaign can be of any kind, or missing. Only its id can't.
func TestCampaignFields(t *testing.T) {
	created := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
	untracked := func(opens, clicks bool) smartlead.Campaign {
		return with(1, func(c *smartlead.Campaign) { c.OpenTracking, c.ClickTracking = opens, clicks })
	}
	status := func(s string) smartlead.Campaign { return with(1, func(c *smartlead.Campaign) { c.Status = s }) }
	client := func(s string) smartlead.Campaign { return with(1, func(c *smartlead.Campaign) { c.ClientID = s }) }
	parent := func(id int64) smartlead.Campaign { return with(1, func(c *smartlead.Campaign) { c.ParentID = id }) }
	leads := func(n int64) smartlead.Campaign { return with(1, func(c *smartlead.Campaign) { c.MaxLeadsPerDay = n }) }
	at := func(when time.Time) smartlead.Campaign {
		return with(1, func(c *smartlead.Campaign) { c.CreatedAt = when })
	}
	for _, tt := range []struct {
		name, fields string
		want         smartlead.Campaign
	}{
		{"an id", `"id":1`, plain(1)},
		{"an id as a string", `"id":"1"`, plain(1)},
		{"an id with a point", `"id":1.0`, plain(1)},
		{"the largest id", `"id":9223372036854775807`, plain(1<<63 - 1)},
		{"an id behind all else", `"name":null,"x":{"id":5},"id":1`, plain(1)},
		{"an escaped name of a field", `"\u0069d":1`, plain(1)},
		{"everything else null", `"id":1,"name":null,"status":null,"created_at":null,"client_id":null,"parent_campaign_id":null,` +
			`"track_settings":null,"max_leads_per_day":null,"tags":null`, plain(1)},
		{"everything else an object", `"id":1,"name":{},"status":{},"created_at":{},"client_id":{},"parent_campaign_id":{},` +
			`"track_settings":{},"max_leads_per_day":{},"tags":{}`, plain(1)},
		{"everything else a number", `"id":1,"name":5,"status":6,"created_at":7,"client_id":8,"parent_campaign_id":9,` +
			`"track_settings":10,"max_leads_per_day":11,"tags":12`, with(1, func(c *smartlead.Campaign) {
			c.Name, c.Status, c.ClientID, c.ParentID, c.MaxLeadsPerDay = "5", "6", "8", 9, 11
		})},

		{"status", `"id":1,"status":"ACTIVE"`, status("ACTIVE")},
		{"status in lower case", `"id":1,"status":"paused"`, status("PAUSED")},
		{"status with spaces", `"id":1,"status":" Active "`, status("ACTIVE")},
		{"a status nobody has documented", `"id":1,"status":"WARMING_UP"`, status("WARMING_UP")},

		{"client as a number", `"id":1,"client_id":77`, client("77")},
		{"client as a string", `"id":1,"client_id":"77"`, client("77")},
		{"client with a point", `"id":1,"client_id":77.0`, client("77")},
		{"client with an exponent", `"id":1,"client_id":7.7e1`, client("77")},
		{"client as a string with spaces", `"id":1,"client_id":" 77 "`, client("77")},
		{"client that is none", `"id":1,"client_id":"null"`, plain(1)},
		{"client true", `"id":1,"client_id":true`, plain(1)},

		{"parent", `"id":1,"parent_campaign_id":5`, parent(5)},
		{"parent as a string", `"id":1,"parent_campaign_id":"5"`, parent(5)},
		{"parent 0", `"id":1,"parent_campaign_id":0`, plain(1)},
		{"parent that is none", `"id":1,"parent_campaign_id":"none"`, plain(1)},
		{"negative parent", `"id":1,"parent_campaign_id":-5`, plain(1)},

		{"created with a zone", `"id":1,"created_at":"2026-01-02T04:04:05.678+01:00"`, at(created)},
		{"created without a zone", `"id":1,"created_at":"2026-01-02T03:04:05.678"`, at(created)},
		{"created with a space and without a zone", `"id":1,"created_at":"2026-01-02 03:04:05.678"`, at(created)},
		{"created some day", `"id":1,"created_at":"some day"`, plain(1)},
		{"created in the year 1", `"id":1,"created_at":"0001-01-01T00:00:00Z"`, plain(1)},

		{"leads per day", `"id":1,"max_leads_per_day":40`, leads(40)},
		{"leads per day as a string", `"id":1,"max_leads_per_day":"40"`, leads(40)},
		{"no leads per day", `"id":1,"max_leads_per_day":0`, leads(0)},
		{"negative leads per day", `"id":1,"max_leads_per_day":-40`, plain(1)},
		{"leads per day without a number", `"id":1,"max_leads_per_day":"many"`, plain(1)},

		{"tracking of both", `"id":1,"track_settings":[]`, untracked(true, true)},
		{"no tracking of opens", `"id":1,"track_settings":["DONT_EMAIL_OPEN"]`, untracked(false, true)},
		{"no tracking of clicks", `"id":1,"track_settings":["DONT_LINK_CLICK"]`, untracked(true, false)},
		{"no tracking at all", `"id":1,"track_settings":["DONT_LINK_CLICK", "DONT_EMAIL_OPEN"]`, untracked(false, false)},
		{"no tracking, in the words that change it", `"id":1,"track_settings":["DONT_TRACK_EMAIL_OPEN","DONT_TRACK_LINK_CLICK"]`, untracked(false, false)},
		{"track settings as JSON in a string", `"id":1,"track_settings":"[\"DONT_EMAIL_OPEN\",\"DONT_LINK_CLICK\"]"`, untracked(false, false)},
		{"track settings as JSON in a string, escaped otherwise", `"id":1,"track_settings":"\u005b\u0022DONT_EMAIL_OPEN\u0022]"`, untracked(false, true)},
		{"track settings as a JSON string in a string", `"id":1,"track_settings":"\"DONT_LINK_CLICK\""`, untracked(true, false)},
		{"track settings as JSON in a string, twice", `"id":1,"track_settings":"\"[\\\"DONT_LINK_CLICK\\\"]\""`, untracked(true, false)},
		{"no track settings as JSON in a string", `"id":1,"track_settings":"[]"`, untracked(true, true)},
		{"track settings with commas", `"id":1,"track_settings":"DONT_LINK_CLICK, DONT_EMAIL_OPEN"`, untracked(false, false)},
		{"track settings as an object", `"id":1,"track_settings":{"DONT_EMAIL_OPEN":true,"DONT_LINK_CLICK":false}`, untracked(false, true)},
		{"track settings as an object in a string", `"id":1,"track_settings":"{\"DONT_EMAIL_OPEN\":false,\"DONT_LINK_CLICK\":true}"`, untracked(true, false)},
		{"track settings that hold one in a longer word", `"id":1,"track_settings":"[\"NO_DONT_EMAIL_OPEN\"]"`, untracked(true, true)},
		{"track settings as a string that is no JSON", `"id":1,"track_settings":"["`, untracked(true, true)},
		{"track settings in lower case", `"id":1,"track_settings":["dont_email_open"]`, untracked(false, true)},
		{"track settings as a bare string", `"id":1,"track_settings":"DONT_LINK_CLICK"`, untracked(true, false)},
		{"track settings nobody has documented", `"id":1,"track_settings":["DONT_EMAIL_OPEN_TWICE","TRACK_ALL"]`, untracked(true, true)},

		{"unknown fields of any kind", `"x":{"id":7,"y":[[{"name":"no"}]]},"id":1,"user_id":1001,"z":"\ud83d\ude00","w":1e999`, plain(1)},
		{"an unknown field that is deeply nested", `"x":` + strings.Repeat(`{"x":[`, 2000) + strings.Repeat(`]}`, 2000) + `,"id":1`, plain(1)},
		{"an unknown field of 8 MiB", `"x":"` + strings.Repeat("x", 8<<20) + `","id":1`, plain(1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := listOf(t, `[{`+tt.fields+`}]`)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]smartlead.Campaign{tt.want}, got.Campaigns, cmp.Comparer(time.Time.Equal)); diff != "" {
				t.Errorf("campaigns (-want +got):\n%s", diff)
			}
		})
	}
}

// Names are the users' own. What is made of them is valid UTF-8 of at most MaxNameLength characters, and else as it was.
func TestCampaignNames(t *testing.T) {
	const most = smartlead.MaxNameLength
	long := strings.Repeat("x", 10<<10)
	for _, tt := range []struct{ name, json, want string }{
		{"empty", `""`, ""},
		{"quotes", `"\"Q4\" 'outreach'"`, `"Q4" 'outreach'`},
		{"line ends and tabs", `"two\r\nlines\tand a \\"`, "two\r\nlines\tand a \\"},
		{"other scripts", `"Многая лета 東京 مرحبا"`, "Многая лета 東京 مرحبا"},
		{"emoji", `"🎉 \ud83d\ude00"`, "🎉 😀"},
		{"half of an emoji", `"a\ud83db"`, "a\ufffdb"},
		{"bytes that aren't UTF-8", "\"a\xff\xfeb\"", "a\ufffd\ufffdb"},
		{"zero", `"a\u0000b"`, "a\x00b"},
		{"as long as may be", `"` + long[:most] + `"`, long[:most]},
		{"one character more", `"` + long[:most+1] + `"`, long[:most-1] + "…"},
		{"10 KB", `"` + long + `"`, long[:most-1] + "…"},
		{"as many emoji as may be", `"` + strings.Repeat("🎉", most) + `"`, strings.Repeat("🎉", most)},
		{"too many emoji", `"` + strings.Repeat("🎉", 5000) + `"`, strings.Repeat("🎉", most-1) + "…"},
		{"too many bytes that aren't UTF-8", `"` + strings.Repeat("é\xff", 5000) + `"`, strings.Repeat("é\ufffd", most)[:(most/2)*5-3] + "…"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := listOf(t, `[{"id":1,"name":`+tt.json+`,"client_id":`+tt.json+`,"tags":[{"tag_name":`+tt.json+`}]}]`)
			if err != nil {
				t.Fatal(err)
			}
			want := with(1, func(c *smartlead.Campaign) {
				c.Name, c.ClientID = tt.want, tt.want
				if tt.want != "" {
					c.Tags = []string{tt.want}
				}
			})
			if diff := cmp.Diff([]smartlead.Campaign{want}, got.Campaigns); diff != "" {
				t.Errorf("campaigns (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCampaignTags(t *testing.T) {
	var many, first []string
	for i := range 1000 {
		many = append(many, fmt.Sprintf(`{"tag_id":%d,"tag_name":"t%d"}`, i, i))
		if i < 100 {
			first = append(first, fmt.Sprintf("t%d", i))
		}
	}
	for _, tt := range []struct {
		name, tags string
		want       []string
	}{
		{"none", `[]`, nil},
		{"null", `null`, nil},
		{"objects", `[{"tag_id":1,"tag_name":"outbound"},{"tag_name":"Q4","tag_id":2,"tag_color":{"a":[1]}}]`, []string{"outbound", "Q4"}},
		{"strings", `["outbound","Q4"]`, []string{"outbound", "Q4"}},
		{"objects with an id and a name", `[{"id":3,"name":"x"},{"name":"y","id":4}]`, []string{"x", "y"}},
		{"objects with both names", `[{"id":3,"name":"x","tag_name":"y"},{"tag_name":null,"name":"z"},{"tag_name":"","name":"w"}]`, []string{"y", "z", "w"}},
		{"JSON in a string", `"[{\"id\":3,\"name\":\"x\"},\"y\"]"`, []string{"x", "y"}},
		{"JSON in a string that is cut off", `"[\"x\",{\"na"`, []string{"x"}},
		{"an empty list in a string", `"[]"`, nil},
		{"numbers", `[{"tag_name":4},5]`, []string{"4", "5"}},
		{"a mixture", `[null,{"tag_name":null},{},"a",{"tag_name":"b"},[],["c"],true,"",{"tag_name":["d"]}]`, []string{"a", "b"}},
		{"a bare string", `"outbound"`, []string{"outbound"}},
		{"a bare string with commas", `" outbound, Q4 ,,"`, []string{"outbound", "Q4"}},
		{"a bare string that says that there is none", `"null"`, nil},
		{"an empty string", `" "`, nil},
		{"an object", `{"tag_name":"outbound"}`, []string{"outbound"}},
		{"an object without a name", `{"tag_id":3}`, nil},
		{"an object in a string", `"{\"name\":\"outbound\"}"`, []string{"outbound"}},
		{"a broken object in a string", `"{\"name\":"`, nil},
		{"other fields", `[{"label":"a"},{"title":"b"},{"tag":"c"},{"tag":{"id":4,"name":"d"}}]`, []string{"a", "b", "c", "d"}},
		{"spaces around them", `[" outbound ",{"tag_name":" Q4"}]`, []string{"outbound", "Q4"}},
		{"objects within objects without end", `[{"tag":` + strings.Repeat(`{"tag":`, 500) + `1` + strings.Repeat(`}`, 500) + `}]`, nil},
		{"the same name of a field twice", `[{"tag_name":"a","tag_name":"b"}]`, []string{"b"}},
		{"1,000 of them", `[` + strings.Join(many, ",") + `]`, first},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := listOf(t, `[{"id":1,"tags":`+tt.tags+`,"name":"behind them"}]`)
			if err != nil {
				t.Fatal(err)
			}
			want := with(1, func(c *smartlead.Campaign) { c.Name, c.Tags = "behind them", tt.want })
			if diff := cmp.Diff([]smartlead.Campaign{want}, got.Campaigns); diff != "" {
				t.Errorf("campaigns (-want +got):\n%s", diff)
			}
		})
	}
}

// Of a campaign that is listed twice the first entry counts.
func TestCampaignListedTwice(t *testing.T) {
	got, err := listOf(t, `[{"id":1,"name":"first"},{"id":2},{"id":"1","name":"second"},{"id":2,"status":"ACTIVE"},{"id":3}]`)
	if err != nil {
		t.Fatal(err)
	}
	want := []smartlead.Campaign{with(1, func(c *smartlead.Campaign) { c.Name = "first" }), plain(2), plain(3)}
	if diff := cmp.Diff(want, got.Campaigns); diff != "" {
		t.Errorf("campaigns (-want +got):\n%s", diff)
	}
}

func TestCampaignsQuery(t *testing.T) {
	for _, tt := range []struct {
		name  string
		query smartlead.CampaignsQuery
		want  url.Values // besides api_key
	}{
		{"all", smartlead.CampaignsQuery{}, url.Values{}},
		{"with tags", smartlead.CampaignsQuery{IncludeTags: true}, url.Values{"include_tags": {"true"}}},
		{"of a client", smartlead.CampaignsQuery{ClientID: "77"}, url.Values{"client_id": {"77"}}},
		{"of a client whose id needs escaping", smartlead.CampaignsQuery{ClientID: "a&b=c", IncludeTags: true}, url.Values{"client_id": {"a&b=c"}, "include_tags": {"true"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var asked *http.Request
			client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = r
				_, _ = w.Write([]byte("[]"))
			}))
			if _, err := client.Campaigns(t.Context(), tt.query); err != nil {
				t.Fatal(err)
			}
			if asked.Method != http.MethodGet || asked.URL.Path != "/api/v1/campaigns/" {
				t.Errorf("asked %s %s", asked.Method, asked.URL.Path)
			}
			tt.want.Set("api_key", testKey)
			if diff := cmp.Diff(tt.want, asked.URL.Query()); diff != "" {
				t.Errorf("query (-want +got):\n%s", diff)
			}
		})
	}
}

// The simulator's list, whose author has read the same description of the API.
func TestCampaignsOfSimulator(t *testing.T) {
	day := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	sim := newSim(t,
		simulator.Campaign{ID: 1, Name: "Oldest", CreatedAt: day, Source: simulator.Rows(10, 10)},
		simulator.Campaign{
			ID: 2, Name: "Новая \"Q4\"\n🎉", Status: simulator.StatusPaused, CreatedAt: day.Add(2 * time.Hour), ClientID: 77, ParentID: 1,
			MaxLeadsPerDay: 40, TrackSettings: []string{simulator.DontTrackClicks, simulator.DontTrackOpens},
			Tags: []simulator.Tag{{ID: 1, Name: "outbound"}, {ID: 2, Name: "Q4, later"}},
		},
		simulator.Campaign{ID: 3, Name: strings.Repeat("n", 500), Status: "WARMING", CreatedAt: day.Add(time.Hour), ClientID: "77"},
	)
	oldest := with(1, func(c *smartlead.Campaign) { c.Name, c.Status, c.CreatedAt = "Oldest", "ACTIVE", day })
	untagged := smartlead.Campaign{
		ID: 2, Name: "Новая \"Q4\"\n🎉", Status: "PAUSED", CreatedAt: day.Add(2 * time.Hour), ClientID: "77", ParentID: 1, MaxLeadsPerDay: 40,
	}
	tagged := untagged
	tagged.Tags = []string{"outbound", "Q4, later"}
	warming := with(3, func(c *smartlead.Campaign) {
		c.Name, c.Status, c.CreatedAt, c.ClientID = strings.Repeat("n", 255)+"…", "WARMING", day.Add(time.Hour), "77"
	})
	for _, tt := range []struct {
		name  string
		query smartlead.CampaignsQuery
		want  []smartlead.Campaign
	}{
		{"all", smartlead.CampaignsQuery{}, []smartlead.Campaign{untagged, warming, oldest}},
		{"with tags", smartlead.CampaignsQuery{IncludeTags: true}, []smartlead.Campaign{tagged, warming, oldest}},
		{"of a client", smartlead.CampaignsQuery{ClientID: "77"}, []smartlead.Campaign{untagged, warming}},
		{"of a client without campaigns", smartlead.CampaignsQuery{ClientID: "78"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := newClient(t, sim).Campaigns(t.Context(), tt.query)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(smartlead.CampaignList{Campaigns: tt.want, Requests: 1}, got); diff != "" {
				t.Errorf("list (-want +got):\n%s", diff)
			}
		})
	}
}
