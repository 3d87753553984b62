package web

import (
	"cmp"
	_ "embed" // of the page
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-kit/log/level"

	"smartlead_exporter/collector"
	"smartlead_exporter/smartlead"
)

// statusReport is what /status says. Times are in UTC and left out where there is none.
type statusReport struct {
	At        time.Time `json:"at"`
	Simulated bool      `json:"simulated,omitempty"`
	// Trusted says whether the numbers can be trusted, Summary says it in a sentence, and Troubles are why they can't.
	Trusted  bool            `json:"trusted"`
	Summary  string          `json:"summary"`
	Troubles []Trouble       `json:"troubles,omitempty"`
	Accounts []accountReport `json:"accounts"`
}

type accountReport struct {
	Name        string           `json:"name"`
	Budget      budgetReport     `json:"budget"`
	LastRefusal *refusalReport   `json:"last_refusal,omitempty"`
	Listed      time.Time        `json:"listed,omitzero"`
	List        *failureReport   `json:"list_failure,omitempty"`
	Omitted     int              `json:"omitted"`
	Queued      int              `json:"queued"`
	Refreshing  int              `json:"refreshing"`
	Campaigns   []campaignReport `json:"campaigns"`
}

type budgetReport struct {
	PerMinute   int     `json:"per_minute"`
	PerHour     int     `json:"per_hour"`
	Concurrency int     `json:"concurrency"`
	LeftNow     float64 `json:"left_now"` // requests that could be sent at once
	InFlight    int     `json:"in_flight"`
	Waiting     int     `json:"waiting"` // requests that wait for the quota or for the end of a pause
	// SharedBy are the accounts with this key, where there are several.
	SharedBy        []string  `json:"shared_by,omitempty"`
	Advertised      int       `json:"advertised,omitempty"`      // what X-RateLimit-Limit says
	AdvertisedNote  string    `json:"advertised_note,omitempty"` // how that compares with the configured limits
	PausedUntil     time.Time `json:"paused_until,omitzero"`
	KeyRefusedUntil time.Time `json:"key_refused_until,omitzero"`
}

type refusalReport struct {
	At    time.Time `json:"at"`
	Error string    `json:"error"`
}

// failureReport is what fails, and since when.
type failureReport struct {
	Since time.Time `json:"since,omitzero"`
	Error string    `json:"error"`
}

type campaignReport struct {
	ID              int64     `json:"id"`
	Name            string    `json:"name"`
	Status          string    `json:"status"`
	State           string    `json:"state"`
	LastSuccess     time.Time `json:"last_success,omitzero"`
	AgeSeconds      *float64  `json:"age_seconds,omitempty"`
	DurationSeconds float64   `json:"duration_seconds"`
	Requests        int       `json:"requests"`
	Reason          string    `json:"reason,omitempty"`
	Error           string    `json:"error,omitempty"`
	FailingSince    time.Time `json:"failing_since,omitzero"`
	ChangesPerHour  float64   `json:"changes_per_hour"`
	Counting        string    `json:"counting,omitempty"`
	Cost            float64   `json:"cost"` // requests that the next refresh is expected to take
	NextRefresh     time.Time `json:"next_refresh,omitzero"`
	Place           int       `json:"place,omitempty"` // in the order of what is refreshed next, from 1
	Queue           int       `json:"queue,omitempty"` // the same while it waits
	Refreshing      bool      `json:"refreshing,omitempty"`
}

// report puts together how everything stands.
func (s *scraper) report(now time.Time) statusReport {
	report := statusReport{At: now.UTC().Truncate(time.Second), Simulated: s.Simulated, Accounts: []accountReport{}}
	if s.Troubles != nil {
		report.Troubles = s.Troubles()
	}
	for _, account := range s.Store.Snapshot() {
		budget := s.Ledger.Budget(account.Name)
		report.Troubles = append(report.Troubles, accountTroubles(&account, &budget)...)
		a := accountReport{
			Name: account.Name, Budget: reportBudget(budget), Listed: account.ListLastSuccess.UTC(), Omitted: account.Omitted,
			Queued: account.Queued, Refreshing: account.Running, Campaigns: []campaignReport{},
		}
		if at, text := s.Ledger.Refusal(account.Name); !at.IsZero() {
			a.LastRefusal = &refusalReport{At: at.UTC(), Error: text}
		}
		if account.ListError != "" {
			a.List = &failureReport{account.ListFailingSince.UTC(), account.ListError}
		}
		for i := range account.Campaigns {
			a.Campaigns = append(a.Campaigns, reportCampaign(&account.Campaigns[i], now))
		}
		report.Accounts = append(report.Accounts, a)
	}
	report.judge()
	return report
}

func reportBudget(b smartlead.BudgetState) budgetReport {
	left := b.TokensBy(b.At)
	if math.IsInf(left, 1) {
		left = -1
	}
	r := budgetReport{
		PerMinute: b.Limits.PerMinute, PerHour: b.Limits.PerHour, Concurrency: b.Limits.Concurrency, LeftNow: left,
		InFlight: b.InFlight, Waiting: b.Waiting, Advertised: max(b.Advertised, 0), AdvertisedNote: b.AdvertisedNote(),
		PausedUntil: b.PausedUntil.UTC(), KeyRefusedUntil: b.KeyRefusedUntil.UTC(),
	}
	if len(b.Accounts) > 1 {
		r.SharedBy = b.Accounts
	}
	return r
}

func reportCampaign(c *collector.Snapshot, now time.Time) campaignReport {
	r := campaignReport{
		ID: c.Query.CampaignID, Name: c.Name, State: string(c.State), LastSuccess: c.LastSuccess.UTC(),
		DurationSeconds: c.Duration.Seconds(), Requests: c.Requests, Reason: string(c.Reason), Error: c.Error,
		NextRefresh: c.NextRefresh.UTC(), Place: c.Place, Queue: c.Queue, Refreshing: c.Refreshing,
		FailingSince: c.FailingSince.UTC(), ChangesPerHour: c.Rate.PerSecond() * time.Hour.Seconds(), Cost: c.Cost,
	}
	if c.Counting != nil {
		r.Counting = string(c.Counting.Method())
	}
	if c.Listed != nil {
		r.Status = c.Listed.Status
	}
	if !c.LastSuccess.IsZero() {
		age := now.Sub(c.LastSuccess).Seconds()
		r.AgeSeconds = &age
	}
	return r
}

// Age returns how old the values are, in words.
func (r campaignReport) Age() string {
	if r.AgeSeconds == nil {
		return "never fetched"
	}
	return roundDuration(*r.AgeSeconds)
}

// Took returns how long the newest refresh took, in words.
func (r campaignReport) Took() string { return roundDuration(r.DurationSeconds) }

// Changes returns how often the campaign changes.
func (r campaignReport) Changes() string { return fmt.Sprintf("%.2g", r.ChangesPerHour) }

// Next returns when the campaign is refreshed, in words.
func (r campaignReport) Next() string {
	switch {
	case r.Refreshing:
		return "under way"
	case r.Queue > 0:
		return fmt.Sprintf("waiting, number %d", r.Queue)
	case r.NextRefresh.IsZero():
		return fmt.Sprintf("number %d, at the next scrape", r.Place)
	default:
		return fmt.Sprintf("number %d, at the first scrape after %s", r.Place, r.NextRefresh.Format(time.TimeOnly))
	}
}

func roundDuration(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

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

//go:embed status.html
var statusHTML string

var statusPage = template.Must(template.New("status").Parse(statusHTML))

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
	w.Header().Set("Vary", "Accept")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	var err error
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		w.Header().Set("Content-Type", "application/json")
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(report)
	} else {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'")
		err = statusPage.Execute(w, map[string]any{"Report": report, "Columns": statusColumns(query)})
	}
	if err != nil {
		_ = level.Debug(s.logger).Log("msg", "a client of /status hung up", "err", err)
	}
}
