package smartlead

import (
	"fmt"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// maxPageRows bounds the rows of one page of statistics. The documented maximum is 1,000.
const maxPageRows = 100_000

// statisticsPage is what stands around the rows of one page.
type statisticsPage struct {
	rows  int
	total int64 // total_stats; -1 if missing
	limit int64 // the page size the server went by; -1 if missing
}

// readStatisticsPage reads one page of GET /campaigns/{id}/statistics and hands its rows to each, one at a time and
// in a struct that is used again for the next.
func readStatisticsPage(body *pageReader, each func(*statisticsRow) error) (statisticsPage, error) {
	page := statisticsPage{total: -1, limit: -1}
	var row statisticsRow
	answer := envelope{
		maxRows: maxPageRows,
		row: func(d *jsontext.Decoder) error {
			if err := row.read(d); err != nil {
				return err
			}
			return each(&row)
		},
		fields: []string{"total_stats", "limit"},
		field:  page.field,
	}
	var err error
	page.rows, err = answer.read(body)
	return page, err
}

// reader returns how a page is read, for a request: each of its tries counts the rows afresh.
func (q *StatisticsQuery) reader(page *statisticsPage, t *tally) func(*pageReader, time.Time) error {
	return func(body *pageReader, _ time.Time) (err error) {
		t.begin()
		*page, err = readStatisticsPage(body, t.add)
		return err
	}
}

// field takes in a number beside the rows.
func (p *statisticsPage) field(name string, value jsontext.Value) error {
	if isMissing(value) {
		return nil
	}
	n, known, err := parseCount(value)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	case !known:
	case name == "limit":
		p.limit = n
	default:
		p.total = n
	}
	return nil
}
