package web

import (
	"cmp"
	"embed"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-kit/log/level"
)

// sortColumns are the columns of the page that it can be sorted by.
var sortColumns = []struct {
	Key, Title string
	compare    func(a, b campaignReport) int
}{
	{"id", "Campaign", func(a, b campaignReport) int { return cmp.Compare(a.ID, b.ID) }},
	{"name", "Name", func(a, b campaignReport) int { return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) }},
	{"status", "Status", func(a, b campaignReport) int { return cmp.Compare(a.Status, b.Status) }},
	{"state", "Values", func(a, b campaignReport) int { return cmp.Compare(a.State, b.State) }},
	{"age", "Age", func(a, b campaignReport) int { return b.LastSuccess.Compare(a.LastSuccess) }},
	{"duration", "Refresh took", func(a, b campaignReport) int { return cmp.Compare(a.DurationSeconds, b.DurationSeconds) }},
	{"requests", "Requests", func(a, b campaignReport) int { return cmp.Compare(a.Requests, b.Requests) }},
	{"cost", "Next takes", func(a, b campaignReport) int { return cmp.Compare(a.Cost, b.Cost) }},
	{"changes", "Changes an hour", func(a, b campaignReport) int { return cmp.Compare(a.ChangesPerHour, b.ChangesPerHour) }},
	{"counting", "Counted by", func(a, b campaignReport) int { return cmp.Compare(a.Counting, b.Counting) }},
	{"error", "Last error", func(a, b campaignReport) int { return cmp.Compare(a.Error, b.Error) }},
	{"next", "Next refresh", func(a, b campaignReport) int {
		return cmp.Or(cmp.Compare(a.Place, b.Place), a.NextRefresh.Compare(b.NextRefresh))
	}},
}

// sort sorts the campaigns as the query says, and in the order of the configuration otherwise.
func (r *statusReport) sort(query url.Values) {
	for _, column := range sortColumns {
		if column.Key != query.Get("sort") {
			continue
		}
		for _, account := range r.Accounts {
			slices.SortStableFunc(account.Campaigns, func(a, b campaignReport) int {
				if query.Has("desc") {
					a, b = b, a
				}
				return column.compare(a, b)
			})
		}
	}
}

//go:embed *.html
var pagesHTML embed.FS

// pages are the pages by the names that they define, and what they share.
var pages = template.Must(template.New("").Funcs(template.FuncMap{"at": at, "said": said}).ParseFS(pagesHTML, "*.html"))

// at is a moment that isn't broken at the end of a line.
func at(t time.Time) template.HTML { return said(t.Format(time.DateTime)) }

var moment = regexp.MustCompile(`\d{4}-\d\d-\d\d(?: \d\d:\d\d:\d\d)?`)

// said is a text of which no moment is broken at the end of a line.
func said(text string) template.HTML {
	//nolint:gosec // It is escaped, and digits are put into a span.
	return template.HTML(moment.ReplaceAllString(template.HTMLEscapeString(text), `<span class="t">$0</span>`))
}

// statusColumn is the head of a column.
type statusColumn struct{ Title, Link, Sorted string }

func statusColumns(query url.Values) []statusColumn {
	var columns []statusColumn
	for _, c := range sortColumns {
		column := statusColumn{Title: c.Title, Link: "?sort=" + c.Key}
		if query.Get("sort") == c.Key {
			column.Sorted = "ascending"
			if query.Has("desc") {
				column.Sorted = "descending"
			} else {
				column.Link += "&desc"
			}
		}
		columns = append(columns, column)
	}
	return columns
}

// status serves how everything stands, as a page or, for scripts, as JSON.
func (s *scraper) status(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	report := s.report(time.Now())
	report.sort(query)
	s.page(w, r, "status", report, map[string]any{"Report": report, "Columns": statusColumns(query)})
}

// page writes a page, or, for scripts, what it tells as JSON.
func (s *scraper) page(w http.ResponseWriter, r *http.Request, name string, told any, values map[string]any) {
	w.Header().Set("Vary", "Accept")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	var err error
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		w.Header().Set("Content-Type", "application/json")
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(told)
	} else {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'")
		err = pages.ExecuteTemplate(w, name, values)
	}
	if err != nil {
		_ = level.Debug(s.logger).Log("msg", "a client hung up", "page", r.URL.Path, "err", err)
	}
}
