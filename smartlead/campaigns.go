package smartlead

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
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
	var list []Campaign
	req := &request{path: "/campaigns/", query: query, read: func(body *pageReader, _ time.Time) error {
		list = nil
		seen := map[int64]bool{}
		answer := envelope{bare: true, maxRows: maxListedCampaigns, row: func(d *jsontext.Decoder) error {
			campaign, err := readCampaign(d)
			if err != nil || seen[campaign.ID] {
				return err
			}
			seen[campaign.ID] = true
			list = append(list, campaign)
			return nil
		}}
		_, err := answer.read(body)
		return err
	}}
	if err := c.do(ctx, req); err != nil {
		return CampaignList{Requests: req.sent}, err
	}
	return CampaignList{Campaigns: list, Requests: req.sent}, nil
}

// readCampaign reads one row of the list. Only an id that can't be read is an error: a list that may lack a campaign
// isn't whole. Whatever else is missing or of an unexpected kind counts as unknown.
func readCampaign(d *jsontext.Decoder) (Campaign, error) {
	c := Campaign{OpenTracking: true, ClickTracking: true, MaxLeadsPerDay: -1}
	if _, err := d.ReadToken(); err != nil {
		return c, syntaxError(err)
	}
	var name []byte
	for d.PeekKind() == jsontext.KindString {
		raw, err := d.ReadValue()
		if err != nil {
			return c, syntaxError(err)
		}
		unquote(&name, raw)
		if err := c.read(d, string(name)); err != nil {
			return c, err
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return c, syntaxError(err)
	}
	if c.ID == 0 {
		return c, errors.New("id is missing")
	}
	return c, nil
}

// read reads the value of one field. The list holds more than is needed, and it is skipped.
func (c *Campaign) read(d *jsontext.Decoder, field string) error {
	switch field {
	case "id", "name", "status", "created_at", "client_id", "parent_campaign_id", "track_settings", "max_leads_per_day":
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
	case "id":
		id, known, err := parseCount(v)
		if err != nil {
			return fmt.Errorf("id: %w", err)
		}
		if known && id > 0 {
			c.ID = id
		}
	case "name":
		c.Name = cutText(scalarText(v))
	case "status":
		c.Status = strings.ToUpper(cutText(scalarText(v)))
	case "created_at":
		c.CreatedAt, _, _ = parseMoment(v)
	case "client_id":
		c.ClientID = cutText(scalarText(v))
	case "parent_campaign_id":
		c.ParentID, _, _ = parseCount(v)
	case "max_leads_per_day":
		if n, known, err := parseCount(v); known && err == nil {
			c.MaxLeadsPerDay = n
		}
	case "track_settings":
		// An array of words, in the short form. Settings are changed by the long one, so it is taken as well.
		settings := strings.ReplaceAll(strings.ToUpper(string(v)), "DONT_TRACK_", "DONT_")
		c.OpenTracking = !strings.Contains(settings, `"DONT_EMAIL_OPEN"`)
		c.ClickTracking = !strings.Contains(settings, `"DONT_LINK_CLICK"`)
	}
	return nil
}

// readTags reads [{"tag_name": "…"}, …], and plain strings in place of the objects. It does so tag by tag, since held
// together, a row of nothing but tags would take many times its own length.
func readTags(d *jsontext.Decoder) ([]string, error) {
	if d.PeekKind() != jsontext.KindBeginArray {
		if err := d.SkipValue(); err != nil {
			return nil, syntaxError(err)
		}
		return nil, nil
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, syntaxError(err)
	}
	var tags []string
	for len(tags) < maxTags && d.PeekKind() != jsontext.KindEndArray {
		tag, err := d.ReadValue()
		if err != nil {
			return nil, syntaxError(err)
		}
		if name := tagName(tag); name != "" {
			tags = append(tags, name)
		}
	}
	for d.PeekKind() != jsontext.KindEndArray {
		if err := d.SkipValue(); err != nil {
			return nil, syntaxError(err)
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, syntaxError(err)
	}
	return tags, nil
}

// tagName returns "" for a tag without a name.
func tagName(tag jsontext.Value) string {
	if tag.Kind() == jsontext.KindBeginObject {
		var object struct {
			Name jsontext.Value `json:"tag_name"`
		}
		if json.Unmarshal(tag, &object, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) != nil {
			return ""
		}
		tag = object.Name
	}
	return cutText(scalarText(tag))
}

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
