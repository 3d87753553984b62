package smartlead

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	// MaxNameLength is the number of characters at which names and tags are cut.
	MaxNameLength = 256

	maxListedCampaigns = 100_000
	maxTags            = 100 // of one campaign
)

// CampaignsQuery says which campaigns to list. The zero value means all.
type CampaignsQuery struct {
	ClientID    string // "" means every client's
	IncludeTags bool
}

// Campaign is what the list of campaigns says of one. Texts are valid UTF-8 and cut at MaxNameLength characters.
type Campaign struct {
	ID   int64 // above 0
	Name string
	// Status is in upper case: DRAFTED, ACTIVE, PAUSED, STOPPED, COMPLETED, ARCHIVED, or one nobody has documented.
	Status    string
	CreatedAt time.Time // zero if unknown
	// ClientID is "" for a campaign that is no client's.
	ClientID string
	// ParentID is that of the campaign this is a subsequence of, or 0.
	ParentID int64
	// OpenTracking and ClickTracking tell whether the platform counts opens and clicks at all.
	OpenTracking, ClickTracking bool
	// MaxLeadsPerDay is -1 if unknown.
	MaxLeadsPerDay int64
	Tags           []string // only if they were asked for
}

// CampaignList is a list that came whole.
type CampaignList struct {
	// Campaigns are in the order of the list, documented as newest first; each id once. The caller owns them.
	Campaigns []Campaign
	// Unreadable is how many entries of the list are left out, since no id can be read in them.
	Unreadable int
	// Requests is the number of requests it took. It is set with an error, too.
	Requests int
}

// Campaigns lists the campaigns of the account: GET /campaigns/, which knows no pages. The documentation shows a bare
// array; one in "data" is taken as well. Of a campaign that is listed twice the first entry counts.
//
// The error is an *Error, or wraps the end of ctx.
func (c *Client) Campaigns(ctx context.Context, q CampaignsQuery) (CampaignList, error) {
	query := url.Values{}
	if q.ClientID != "" {
		query.Set("client_id", q.ClientID)
	}
	if q.IncludeTags {
		query.Set("include_tags", "true")
	}
	var list CampaignList
	req := &request{path: "/campaigns/", query: query, read: func(body *pageReader, _ time.Time) (err error) {
		list, err = readCampaigns(body)
		return err
	}}
	if err := c.do(ctx, req); err != nil {
		return CampaignList{Requests: req.sent}, err
	}
	list.Requests = req.sent
	return list, nil
}

// readCampaigns reads a list. One in which no entry can be read is none.
func readCampaigns(body *pageReader) (CampaignList, error) {
	var list CampaignList
	var unreadable error // why the first entry that can't be read can't
	seen := map[int64]bool{}
	answer := envelope{bare: true, also: "campaigns", maxRows: maxListedCampaigns, anyRow: true}
	answer.row = func(d *jsontext.Decoder) error {
		campaign, wrong, err := readCampaign(d)
		switch {
		case err != nil:
			return err
		case wrong != nil:
			list.Unreadable++
			if unreadable == nil {
				unreadable = wrong
			}
		case !seen[campaign.ID]:
			seen[campaign.ID] = true
			list.Campaigns = append(list.Campaigns, campaign)
		}
		return nil
	}
	answer.object = func(d *jsontext.Decoder) error {
		found := false
		err := readObject(d, func(name string) (err error) {
			if found || name != answer.also || d.PeekKind() != jsontext.KindBeginArray {
				return skipValue(d)
			}
			found = true
			_, err = answer.readRows(d, body)
			return err
		})
		if err == nil && !found {
			err = errDataNoArray
		}
		return err
	}
	if _, err := answer.read(body); err != nil {
		return CampaignList{}, err
	}
	if len(list.Campaigns) == 0 && unreadable != nil {
		return CampaignList{}, fmt.Errorf("none of %d entries can be read; the first: %w", list.Unreadable, unreadable)
	}
	return list, nil
}

// readCampaign reads one entry of the list. Only an id that can't be read makes it wrong; whatever else is missing or of
// an unexpected kind counts as unknown. err is about the list as a whole.
func readCampaign(d *jsontext.Decoder) (c Campaign, wrong, err error) {
	if d.PeekKind() != jsontext.KindBeginObject {
		return c, errors.New("it is not an object"), skipValue(d)
	}
	c = Campaign{OpenTracking: true, ClickTracking: true, MaxLeadsPerDay: -1}
	err = readObject(d, func(name string) error {
		if name != "id" {
			return c.read(d, name)
		}
		v, err := readValue(d)
		if err != nil {
			return err
		}
		if c.ID, _, wrong = parseCount(v); wrong != nil {
			wrong = fmt.Errorf("id: %w", wrong)
		}
		return nil
	})
	if c.ID == 0 && wrong == nil {
		wrong = errors.New("id is missing")
	}
	return c, wrong, err
}

// read reads the value of one field. The list holds more than is needed, and it is skipped.
func (c *Campaign) read(d *jsontext.Decoder, field string) error {
	switch field {
	case "name", "status", "created_at", "client_id", "parent_campaign_id", "track_settings", "max_leads_per_day":
	case "tags":
		var err error
		c.Tags, err = readTags(d)
		return err
	default:
		if err := d.SkipValue(); err != nil {
			return syntaxError(err)
		}
		return nil
	}
	v, err := d.ReadValue()
	if err != nil {
		return syntaxError(err)
	}
	switch field {
	case "name":
		c.Name = shortText(v)
	case "status":
		c.Status = strings.ToUpper(cutText(strings.TrimSpace(scalarText(v))))
	case "created_at":
		c.CreatedAt, _, _ = parseMoment(v)
	case "client_id":
		c.ClientID = clientID(v)
	case "parent_campaign_id":
		c.ParentID, _, _ = parseCount(v)
	case "max_leads_per_day":
		if n, known, err := parseCount(v); known && err == nil {
			c.MaxLeadsPerDay = n
		}
	case "track_settings":
		words := settingsOf(v, 0)
		c.OpenTracking = !slices.Contains(words, "DONT_EMAIL_OPEN")
		c.ClickTracking = !slices.Contains(words, "DONT_LINK_CLICK")
	}
	return nil
}

// clientID returns "" for what is no client's. A number is written in one way, since configurations have it so.
func clientID(v jsontext.Value) string {
	if isMissing(v) {
		return ""
	}
	if n, known, err := parseCount(v); known && err == nil && v.Kind() == jsontext.KindNumber {
		return strconv.FormatInt(n, 10)
	}
	return cutText(strings.TrimSpace(scalarText(v)))
}

// shortText reads a name or the like; what is no scalar is none.
func shortText(v jsontext.Value) string { return cutText(scalarText(v)) }

// cutText returns s as valid UTF-8 of at most MaxNameLength characters.
func cutText(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= MaxNameLength { // bytes are at least as many as characters
		return s
	}
	if characters := []rune(s); len(characters) > MaxNameLength {
		return string(characters[:MaxNameLength-1]) + "…"
	}
	return s
}
