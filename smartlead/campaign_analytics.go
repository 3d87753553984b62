package smartlead

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// CampaignAnalytics are counts of a campaign's people over its whole life, by Smartlead's own definitions. Each is -1 if
// unknown.
type CampaignAnalytics struct {
	// LeadsReplied is reply_count: the leads that replied, as the platform's own page shows them.
	LeadsReplied int64
	// Leads are the campaign's leads by where they are in the sequence.
	Leads LeadStates
	// Requests is the number of requests it took. It is set with an error, too.
	Requests int
}

// LeadStates are numbers of leads. Each is -1 if unknown.
type LeadStates struct {
	Total, NotStarted, InProgress, Completed, Paused, Stopped, Blocked int64
}

// CampaignAnalytics asks for the totals of a campaign, in one request: GET /campaigns/{id}/analytics. The live answer is
// an object whose counts are strings but for the leads', which are numbers; one in "data" is taken as well. An unknown
// campaign, which answers 200 with an empty object, is ErrNotFound.
//
// The error is an *Error, an error of the id itself, or wraps the end of ctx.
func (c *Client) CampaignAnalytics(ctx context.Context, campaignID int64) (CampaignAnalytics, error) {
	if campaignID <= 0 {
		return CampaignAnalytics{}, fmt.Errorf("smartlead: campaign id %d is not positive", campaignID)
	}
	var got CampaignAnalytics
	known := false // something was said
	req := &request{
		path: "/campaigns/" + strconv.FormatInt(campaignID, 10) + "/analytics",
		read: func(body *pageReader, _ time.Time) error {
			got, known = CampaignAnalytics{LeadsReplied: -1, Leads: unknownLeads}, false
			answer := envelope{
				dataOptional: true,
				row:          func(*jsontext.Decoder) error { return errors.New(`"data" is an array`) },
				fields:       []string{"reply_count", "campaign_lead_stats", "id", "sent_count"},
				field: func(name string, value jsontext.Value) error {
					known = true
					return got.field(name, value)
				},
				object: func(d *jsontext.Decoder) error {
					return readObject(d, func(name string) error {
						v, err := readValue(d)
						if err != nil {
							return err
						}
						known = true
						return got.field(name, v)
					})
				},
			}
			_, err := answer.read(body)
			return err
		},
	}
	err := c.do(ctx, req)
	switch {
	case err != nil:
		return CampaignAnalytics{Requests: req.sent}, err
	case !known:
		return CampaignAnalytics{Requests: req.sent}, &Error{
			Op: req.op(), Reason: ErrNotFound, StatusCode: http.StatusOK, Message: "the answer is an empty object",
		}
	}
	got.Requests = req.sent
	return got, nil
}

var unknownLeads = LeadStates{Total: -1, NotStarted: -1, InProgress: -1, Completed: -1, Paused: -1, Stopped: -1, Blocked: -1}

// field takes in the value of a field, or leaves it.
func (a *CampaignAnalytics) field(name string, value jsontext.Value) error {
	switch name {
	case "reply_count":
		n, known, err := parseCount(value)
		if err != nil {
			return fmt.Errorf("reply_count: %w", err)
		}
		if known {
			a.LeadsReplied = n
		}
	case "campaign_lead_stats":
		if value.Kind() == jsontext.KindBeginObject {
			return a.Leads.read(value)
		}
	}
	return nil
}

// read reads campaign_lead_stats.
func (l *LeadStates) read(value jsontext.Value) error {
	fields := map[string]*int64{
		"total": &l.Total, "notStarted": &l.NotStarted, "inprogress": &l.InProgress, "completed": &l.Completed,
		"paused": &l.Paused, "stopped": &l.Stopped, "blocked": &l.Blocked,
	}
	d := newBytesDecoder(value)
	return readObject(d, func(name string) error {
		n, wanted := fields[name]
		if !wanted {
			return skipValue(d)
		}
		v, err := readValue(d)
		if err != nil {
			return err
		}
		count, known, err := parseCount(v)
		if err != nil {
			return fmt.Errorf("campaign_lead_stats.%s: %w", name, err)
		}
		if known {
			*n = count
		}
		return nil
	})
}
