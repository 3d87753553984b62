package smartlead

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

const maxLeadCategories = 1000

// LeadCategory is what a lead's reply can be found to be, such as "Interested". Texts are valid UTF-8 and cut at
// MaxNameLength characters.
type LeadCategory struct {
	ID   int64  // above 0
	Name string // as rows of statistics have it in lead_category
	// Sentiment is in lower case: positive, negative, neutral, or one nobody has documented; "" for a category without.
	Sentiment string
}

// LeadCategoryList is a list that came whole.
type LeadCategoryList struct {
	// Categories are in the order of the list, each id once. The caller owns them.
	Categories []LeadCategory
	// Requests is the number of requests it took. It is set with an error, too.
	Requests int
}

// LeadCategories lists the categories of the account's leads: GET /leads/fetch-categories, which takes no parameters and
// knows no pages. The live answer is a bare array; one in "data" is taken as well.
//
// The error is an *Error, or wraps the end of ctx.
func (c *Client) LeadCategories(ctx context.Context) (LeadCategoryList, error) {
	var list []LeadCategory
	req := &request{path: "/leads/fetch-categories", read: func(body *pageReader, _ time.Time) error {
		list = nil
		seen := map[int64]bool{}
		answer := envelope{bare: true, maxRows: maxLeadCategories, row: func(d *jsontext.Decoder) error {
			category, err := readLeadCategory(d)
			if err == nil && !seen[category.ID] && categoryName(category.Name) != "" { // which no row would have
				seen[category.ID] = true
				list = append(list, category)
			}
			return err
		}}
		_, err := answer.read(body)
		return err
	}}
	if err := c.do(ctx, req); err != nil {
		return LeadCategoryList{Requests: req.sent}, err
	}
	return LeadCategoryList{Categories: list, Requests: req.sent}, nil
}

func readLeadCategory(d *jsontext.Decoder) (LeadCategory, error) {
	var category LeadCategory
	err := readObject(d, func(name string) error {
		switch name {
		case "id":
			return readID(d, &category.ID)
		case "name":
			return readAs(d, &category.Name, shortText)
		case "sentiment_type":
			return readAs(d, &category.Sentiment, func(v jsontext.Value) string { return strings.ToLower(shortText(v)) })
		default:
			return skipValue(d)
		}
	})
	if err == nil && (category.ID == 0 || category.Name == "") {
		err = errors.New("id or name is missing")
	}
	return category, err
}
