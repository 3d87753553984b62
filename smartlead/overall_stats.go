package smartlead

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	overallStatsPage      = 1000 // what one live client asks for
	overallStatsSmallPage = 100  // what another does
)

// CampaignStats are counts of one campaign by Smartlead's own definitions. Each count is -1 if unknown.
type CampaignStats struct {
	CampaignID int64 // above 0
	// Contacted is unique_lead_count, the people who were written to; PositiveReplies is positive_replied, those of them
	// whose reply was found to be a positive one.
	Contacted, PositiveReplies int64
}

// OverallStats are the counts of every campaign that the server lists.
type OverallStats struct {
	// Campaigns are in the order of the list, each id once. The caller owns them.
	Campaigns []CampaignStats
	// Requests is the number of requests it took. It is set with an error, too.
	Requests int
}

// OverallStats asks for the counts of all campaigns over their whole life, in as many requests as it takes:
// GET /analytics/campaign/overall-stats with full_data=true, from 2020-01-01 to tomorrow. Neither its range nor its
// pages are documented, so it asks for many rows, for fewer if that is refused, and on until a page brings no campaign
// that is new.
//
// A range that the server finds too long is ErrBadRequest: what it would have is no lifetime then. The error is an
// *Error, or wraps the end of ctx.
func (c *Client) OverallStats(ctx context.Context) (OverallStats, error) {
	ctx, end := c.begin(ctx)
	defer end()
	from, to := dateRange(time.Time{}, time.Time{})
	got, seen := OverallStats{}, map[int64]bool{}
	limit := overallStatsPage
	for offset := 0; ; {
		var page []CampaignStats
		req := &request{
			path: "/analytics/campaign/overall-stats",
			query: url.Values{
				"start_date": {from.Format(time.DateOnly)}, "end_date": {to.Format(time.DateOnly)},
				"full_data": {"true"}, "limit": {strconv.Itoa(limit)}, "offset": {strconv.Itoa(offset)},
			},
			read: func(body *pageReader, _ time.Time) (err error) {
				page, err = readOverallStats(body)
				return err
			},
		}
		err := c.do(ctx, req)
		got.Requests += req.sent
		if errors.Is(err, ErrBadRequest) && limit == overallStatsPage {
			limit = overallStatsSmallPage
			continue
		}
		if err != nil {
			return OverallStats{Requests: got.Requests}, err
		}
		fresh := 0
		for _, campaign := range page {
			if !seen[campaign.CampaignID] {
				seen[campaign.CampaignID] = true
				got.Campaigns = append(got.Campaigns, campaign)
				fresh++
			}
		}
		if fresh == 0 {
			return got, nil
		}
		if offset += len(page); offset > maxListedCampaigns {
			return OverallStats{Requests: got.Requests}, &Error{
				Op: req.op(), Reason: ErrIncomplete, Message: fmt.Sprintf("there are more than %d campaigns", maxListedCampaigns),
			}
		}
	}
}

func readOverallStats(body *pageReader) ([]CampaignStats, error) {
	var list []CampaignStats
	known := false
	answer := envelope{object: func(d *jsontext.Decoder) error {
		return readObject(d, func(name string) error {
			if name != "campaign_wise_performance" {
				return skipValue(d)
			}
			known = true
			return readArray(d, maxListedCampaigns, func() error {
				campaign, err := readCampaignStats(d)
				list = append(list, campaign)
				body.nextRow()
				return err
			})
		})
	}}
	_, err := answer.read(body)
	if err == nil && !known {
		err = errors.New(`"data" has no "campaign_wise_performance"`)
	}
	return list, err
}

func readCampaignStats(d *jsontext.Decoder) (CampaignStats, error) {
	campaign := CampaignStats{Contacted: -1, PositiveReplies: -1}
	err := readObject(d, func(name string) error {
		switch name {
		case "id":
			return readPositive(d, name, &campaign.CampaignID)
		case "unique_lead_count":
			return readAs(d, &campaign.Contacted, countOrUnknown)
		case "positive_replied":
			return readAs(d, &campaign.PositiveReplies, countOrUnknown)
		default:
			return skipValue(d)
		}
	})
	if err == nil && campaign.CampaignID == 0 {
		err = errors.New("id is missing")
	}
	return campaign, err
}
