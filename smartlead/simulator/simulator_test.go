package simulator_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"smartlead_exporter/smartlead/simulator"
)

func TestRefusals(t *testing.T) {
	const statistics = "/campaigns/1/statistics"
	sim := newSim(t, simulator.Options{Keys: []string{testKey}, ExpiredKeys: []string{"old"}},
		simulator.Campaign{ID: 1, Source: simulator.Rows(3, 10)})
	badRequest := func(parameter, complaint string) string {
		return `{"error":"Bad Request","message":"\"` + parameter + `\" ` + complaint +
			`","statusCode":400,"validation":{"keys":["` + parameter + `"],"source":"query"}}`
	}
	for _, test := range []struct {
		path   string
		query  url.Values
		status int
		body   string // equal, or a part if the status is 404
	}{
		{statistics, values("api_key", "wrong"), 401, `{"message":"Invalid API Key"}`},
		{statistics, values("api_key", "old"), 401, `{"message":"Plan expired!"}`},
		{statistics, values("api_key", ""), 401, `{"success":false,"error":{"code":"UNAUTHORIZED","message":"API key is required"}}`},
		{"/campaigns/", values("api_key", "wrong"), 401, `{"message":"Invalid API Key"}`},
		{"/campaigns/2/statistics", nil, 404, `{"error":"Campaign not found - Invalid campaign_id."}`},
		{"/campaigns/2", nil, 404, `{"error":"Campaign not found - Invalid campaign_id."}`},
		{"/campaigns/x/statistics", nil, 400, `{"error":"Bad Request","message":"\"campaign_id\" must be a number","statusCode":400,"validation":{"keys":["campaign_id"],"source":"params"}}`},
		{"/nowhere<", nil, 404, `Cannot GET /api/v1/nowhere&lt;</pre>`},
		{"/campaigns/1/nothing", nil, 404, `Cannot GET`},
		{"/campaigns/1/statistics/2", nil, 404, `Cannot GET`},
		{"/campaignsX", nil, 404, `Cannot GET`},
		{"/campaignsX/1", nil, 404, `Cannot GET`},

		{statistics, values("limit", "1001"), 400, badRequest("limit", "must be less than or equal to 1000")},
		{statistics, values("limit", "0"), 400, badRequest("limit", "must be greater than or equal to 1")},
		{statistics, values("limit", "many"), 400, badRequest("limit", "must be a number")},
		{statistics, values("limit", "1", "limit", "2"), 400, badRequest("limit", "must be a number")},
		{statistics, values("offset", "-1"), 400, badRequest("offset", "must be greater than or equal to 0")},
		{statistics, values("offset", ""), 400, badRequest("offset", "must be a number")},
		{statistics, values("email_sequence_number", "0"), 400, badRequest("email_sequence_number", "must be greater than or equal to 1")},
		{statistics, values("email_sequence_number", "21"), 400, badRequest("email_sequence_number", "must be less than or equal to 20")},
		{statistics, values("email_status", "sent"), 400, badRequest("email_status", "must be one of [opened, clicked, replied, unsubscribed, bounced]")},
		{statistics, values("sent_time_start_date", "yesterday"), 400, badRequest("sent_time_start_date", "must be in ISO 8601 date format")},
		{statistics, values("sent_time_end_date", "2025-13-01"), 400, badRequest("sent_time_end_date", "must be in ISO 8601 date format")},
		{statistics, values("page", "2"), 400, badRequest("page", "is not allowed")},
		{"/campaigns/", values("include_tags", "yes"), 400, badRequest("include_tags", "must be a boolean")},
		{"/campaigns/1", values("client_id", "7"), 400, badRequest("client_id", "is not allowed")},
	} {
		resp, body := get(t, sim, test.path, test.query)
		right := body == test.body || test.status == 404 && strings.Contains(body, test.body)
		if resp.StatusCode != test.status || !right {
			t.Errorf("%s?%s: got %d with %s, want %d with %s", test.path, test.query.Encode(), resp.StatusCode, body, test.status, test.body)
		}
		if html := strings.HasPrefix(body, "<"); html != strings.Contains(resp.Header.Get("Content-Type"), "html") {
			t.Errorf("%s: got content type %q for %s", test.path, resp.Header.Get("Content-Type"), body)
		}
	}
}

func TestMethods(t *testing.T) {
	sim := newSim(t, simulator.Options{}, simulator.Campaign{ID: 1})
	for path, want := range map[string]int{
		"/api/v1/campaigns/":             http.StatusMethodNotAllowed,
		"/api/v1/campaigns/1":            http.StatusMethodNotAllowed,
		"/api/v1/campaigns/1/statistics": http.StatusMethodNotAllowed,
		"/api/v1/nowhere":                http.StatusNotFound,
	} {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
			w := httptest.NewRecorder()
			sim.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path+"?api_key=x", nil))
			if w.Code != want {
				t.Errorf("%s %s: got %d, want %d", method, path, w.Code, want)
			}
			if allow := w.Header().Get("Allow"); want == http.StatusMethodNotAllowed && allow != http.MethodGet {
				t.Errorf("%s %s: got Allow %q", method, path, allow)
			}
		}
	}
}

func TestPrefix(t *testing.T) {
	sim := newSim(t, simulator.Options{Prefix: "/other"}, simulator.Campaign{ID: 1})
	for path, want := range map[string]int{"/other/campaigns/1": 200, "/api/v1/campaigns/1": 404} {
		w := httptest.NewRecorder()
		sim.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path+"?api_key=x", nil))
		if w.Code != want {
			t.Errorf("%s: got %d, want %d", path, w.Code, want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	model := simulator.Model{Start: monday, Steps: 1, LeadsPerDay: 1}
	changed := func(change func(*simulator.Model)) []simulator.Campaign {
		m := model
		change(&m)
		return []simulator.Campaign{{ID: 1, Source: simulator.Live(m)}}
	}
	if _, err := simulator.New(simulator.Options{Campaigns: changed(func(*simulator.Model) {})}); err != nil {
		t.Fatalf("the model itself is refused: %v", err)
	}
	for want, campaigns := range map[string][]simulator.Campaign{
		"campaign 1 is there twice":           {{ID: 1}, {ID: 1}},
		"campaign 0: the id must be positive": {{}},
		"campaign 2: the client id must be":   {{ID: 2, ClientID: 1.5}},
		"campaign 3: the numbers of rows":     {{ID: 3, Source: simulator.Rows(-1, 0)}},
		"no start":                            changed(func(m *simulator.Model) { m.Start = m.Stop }),
		"numbers of leads":                    changed(func(m *simulator.Model) { m.Leads = -1 }),
		"steps must be 1 to 20, not 21":       changed(func(m *simulator.Model) { m.Steps, m.DaysBetween = 21, 1 }),
		"between two steps":                   changed(func(m *simulator.Model) { m.Steps = 2 }),
		"from 5h0m0s to 4h0m0s":               changed(func(m *simulator.Model) { m.Opens, m.Ends = 5*time.Hour, 4*time.Hour }),
		"fade must be 0 to 1":                 changed(func(m *simulator.Model) { m.Fade = 1.1 }),
		"chances contradict":                  changed(func(m *simulator.Model) { m.Read, m.Click = 0.1, 0.2 }),
		"in a busy time there must be leads":  changed(func(m *simulator.Model) { m.Busy = simulator.Busy{From: monday, Faster: 1} }),
		"nothing happens slower than else":    changed(func(m *simulator.Model) { m.Busy = simulator.Busy{From: monday, LeadsPerHour: 1, Faster: 0.5} }),
		"chances contradict each other":       changed(func(m *simulator.Model) { m.Read, m.Bounce = 0.6, 0.5 }),
		"no weekday 7":                        changed(func(m *simulator.Model) { m.Days = append(m.Days, 7) }),
	} {
		if _, err := simulator.New(simulator.Options{Campaigns: campaigns}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
}

// TestAnswersAreDistinct looks for slips in the lists of failures: names that repeat, bodies that are correct after
// all, and statuses that are not errors.
func TestAnswersAreDistinct(t *testing.T) {
	names := map[string]bool{}
	for _, a := range append(simulator.ErrorAnswers(), simulator.WrongBodies()...) {
		if a.Name == "" || names[a.Name] {
			t.Errorf("the name %q is empty or there twice", a.Name)
		}
		names[a.Name] = true
	}
	for _, a := range simulator.ErrorAnswers() {
		if a.Status < 400 {
			t.Errorf("%s: status %d is not an error", a.Name, a.Status)
		}
	}
	valid := 0
	for _, a := range simulator.WrongBodies() {
		if a.Status != http.StatusOK {
			t.Errorf("%s: got status %d, want 200", a.Name, a.Status)
		}
		if json.Valid([]byte(a.Body)) {
			valid++
		}
	}
	// All but the broken ones must be wrong by what they say, not by a slip in the JSON.
	if broken := len(simulator.WrongBodies()) - valid; broken != 9 {
		t.Errorf("%d bodies are not JSON, want 9", broken)
	}
}
