package simulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// campaignJSON has the fields of the documented campaign object, in its order.
type campaignJSON struct {
	ID                int64           `json:"id"`
	UserID            int64           `json:"user_id"`
	CreatedAt         string          `json:"created_at"`
	UpdatedAt         string          `json:"updated_at"`
	Status            string          `json:"status"`
	Name              string          `json:"name"`
	TrackSettings     []string        `json:"track_settings"`
	SchedulerCron     json.RawMessage `json:"scheduler_cron_value"`
	MinTimeBetween    int             `json:"min_time_btwn_emails"`
	MaxLeadsPerDay    *int            `json:"max_leads_per_day"`
	StopLeadSettings  string          `json:"stop_lead_settings"`
	UnsubscribeText   *string         `json:"unsubscribe_text"`
	ClientID          any             `json:"client_id"`
	ParentID          *int64          `json:"parent_campaign_id"`
	EnableESPMatching bool            `json:"enable_ai_esp_matching"`
	SendAsPlainText   bool            `json:"send_as_plain_text"`
	FollowUpPercent   string          `json:"follow_up_percentage"`
	Tags              *[]Tag          `json:"tags,omitempty"`
}

// object returns the campaign as the API shows it at a time.
func (e entry) object(now time.Time, withTags bool) campaignJSON {
	c := e.campaign
	created := c.createdAt()
	updated := created
	if !c.UpdatedAt.IsZero() {
		updated = c.UpdatedAt
	}
	out := campaignJSON{
		ID:               c.ID,
		UserID:           1001,
		CreatedAt:        created.UTC().Format(timeLayout),
		UpdatedAt:        updated.UTC().Format(timeLayout),
		Status:           e.status(now),
		Name:             c.Name,
		TrackSettings:    append([]string{}, c.TrackSettings...),
		SchedulerCron:    json.RawMessage(`{"tz":"Etc/UTC","days":[1,2,3,4,5],"startHour":"09:00","endHour":"17:00"}`),
		MinTimeBetween:   10,
		StopLeadSettings: "REPLY_TO_AN_EMAIL",
		ClientID:         c.ClientID,
		FollowUpPercent:  "40%",
	}
	if c.MaxLeadsPerDay > 0 {
		out.MaxLeadsPerDay = &c.MaxLeadsPerDay
	}
	if c.ParentID != 0 {
		out.ParentID = &c.ParentID
	}
	if withTags {
		tags := append([]Tag{}, c.Tags...)
		out.Tags = &tags
	}
	return out
}

// serveCampaigns answers with a bare array of all campaigns, newest first.
func (s *Simulator) serveCampaigns(w http.ResponseWriter, r *http.Request) {
	q := parameters{values: r.URL.Query()}
	q.allow("client_id", "include_tags")
	withTags := q.boolean("include_tags")
	clientID := q.values.Get("client_id")
	if q.refused != nil {
		writeAnswer(w, *q.refused)
		return
	}

	s.mu.Lock()
	var entries []entry
	for _, e := range s.campaigns {
		if clientID == "" || e.campaign.ClientID != nil && fmt.Sprint(e.campaign.ClientID) == clientID {
			entries = append(entries, *e)
		}
	}
	s.mu.Unlock()
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(b.campaign.createdAt().Compare(a.campaign.createdAt()), cmp.Compare(b.campaign.ID, a.campaign.ID))
	})

	now := s.clock()
	objects := make([]campaignJSON, len(entries))
	for i, e := range entries {
		objects[i] = e.object(now, withTags)
	}
	writeJSON(w, objects)
}

func (s *Simulator) serveCampaign(w http.ResponseWriter, r *http.Request, e entry) {
	q := parameters{values: r.URL.Query()}
	q.allow("include_tags")
	withTags := q.boolean("include_tags")
	if q.refused != nil {
		writeAnswer(w, *q.refused)
		return
	}
	writeJSON(w, e.object(s.clock(), withTags))
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", contentJSON)
	_ = json.NewEncoder(w).Encode(v) // can only fail because the client is gone
}
