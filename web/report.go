package web

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

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
	Scraped  time.Time       `json:"scraped,omitzero"` // the newest request for all metrics
	Accounts []accountReport `json:"accounts"`
}

type accountReport struct {
	Name        string          `json:"name"`
	Failing     *failureReport  `json:"failing,omitempty"` // of the account as a whole
	Budget      budgetReport    `json:"budget"`
	LastRefusal *refusalReport  `json:"last_refusal,omitempty"`
	Listed      time.Time       `json:"listed,omitzero"`
	List        *failureReport  `json:"list_failure,omitempty"`
	Omitted     int             `json:"omitted"`
	NothingFits *fitlessReport  `json:"nothing_fits,omitempty"`
	Subjects    []subjectReport `json:"subjects,omitempty"`
	// Counting are the campaigns by how they are counted. MaxAgeSeconds is how old a value may get where nothing fails, and
	// ChangeDelaySeconds after how long a change is shown, in the mean.
	Counting           map[string]int   `json:"counting"`
	MaxAgeSeconds      float64          `json:"max_age_seconds"`
	ChangeDelaySeconds float64          `json:"change_delay_seconds"`
	Queued             int              `json:"queued"`
	Refreshing         int              `json:"refreshing"`
	Campaigns          []campaignReport `json:"campaigns"`
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
	PausedSince     time.Time `json:"paused_since,omitzero"`
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

// fitlessReport is of a discovery that chooses nothing of the list.
type fitlessReport struct {
	Since time.Time `json:"since"`
	There []string  `json:"there"` // what there would be to choose from
}

type subjectReport struct {
	Name        string         `json:"name"`
	LastSuccess time.Time      `json:"last_success,omitzero"`
	Failing     *failureReport `json:"failing,omitempty"`
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
	report := statusReport{
		At: now.UTC().Truncate(time.Second), Simulated: s.Simulated, Scraped: s.scraped(), Accounts: []accountReport{},
	}
	for _, account := range s.Store.Snapshot() {
		a := s.reportAccount(&account, now)
		report.Troubles = append(report.Troubles, accountTroubles(&account, &a.Budget)...)
		report.Accounts = append(report.Accounts, a)
	}
	if s.Troubles != nil {
		report.Troubles = append(report.Troubles, s.Troubles()...)
	}
	report.judge()
	return report
}

func (s *scraper) reportAccount(account *collector.AccountSnapshot, now time.Time) accountReport {
	a := accountReport{
		Name: account.Name, Budget: reportBudget(s.Ledger.Budget(account.Name)), Listed: account.ListLastSuccess.UTC(), Omitted: account.Omitted,
		Counting: map[string]int{}, MaxAgeSeconds: account.MaxAge.Seconds(), ChangeDelaySeconds: account.ChangeDelay.Seconds(),
		Queued: account.Queued, Refreshing: account.Running, Campaigns: []campaignReport{},
	}
	if !a.Budget.PausedUntil.IsZero() {
		a.Budget.PausedSince = s.Ledger.PausedSince(account.Name).UTC()
	}
	if at, text := s.Ledger.Refusal(account.Name); !at.IsZero() {
		a.LastRefusal = &refusalReport{At: at.UTC(), Error: text}
	}
	if account.Trouble != "" {
		a.Failing = &failureReport{account.TroubleSince.UTC(), words(account.Trouble)}
	}
	if account.ListError != "" {
		a.List = &failureReport{account.ListFailingSince.UTC(), account.ListError}
	}
	if account.NothingFits != nil {
		a.NothingFits = &fitlessReport{account.NothingFitsSince.UTC(), account.NothingFits}
	}
	for _, subject := range account.Subjects {
		r := subjectReport{Name: subject.Name, LastSuccess: subject.LastSuccess.UTC()}
		if !subject.FailingSince.IsZero() {
			r.Failing = &failureReport{subject.FailingSince.UTC(), subject.Error}
		}
		a.Subjects = append(a.Subjects, r)
	}
	for i := range account.Campaigns {
		c := reportCampaign(&account.Campaigns[i], now)
		a.Campaigns = append(a.Campaigns, c)
		if c.Counting != "" {
			a.Counting[c.Counting]++
		}
	}
	return a
}

// Counted returns how the account's campaigns are counted, in words.
func (r accountReport) Counted() string {
	var parts []string
	for _, method := range slices.Sorted(maps.Keys(r.Counting)) {
		parts = append(parts, fmt.Sprintf("%d by %s", r.Counting[method], method))
	}
	return strings.Join(parts, ", ")
}

// MaxAge returns how old a value may get, in words.
func (r accountReport) MaxAge() string { return roundDuration(r.MaxAgeSeconds) }

// ChangeDelay returns after how long a change is shown, in words.
func (r accountReport) ChangeDelay() string { return roundDuration(r.ChangeDelaySeconds) }

// Left returns how many requests could be sent at once, in words.
func (r budgetReport) Left() string {
	if r.LeftNow < 0 {
		return "any number"
	}
	return fmt.Sprintf("%.0f", math.Floor(r.LeftNow))
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

// Words returns why the newest refresh failed, in words; "" if it didn't.
func (r campaignReport) Words() string { return words(smartlead.Reason(r.Reason)) }

// Failing reports whether there is more to tell of a failure.
func (r campaignReport) Failing() bool { return r.Error != "" || !r.FailingSince.IsZero() }

// Took returns how long the newest refresh took, in words.
func (r campaignReport) Took() string { return roundDuration(r.DurationSeconds) }

// Changes returns how often the campaign changes.
func (r campaignReport) Changes() string {
	if r.ChangesPerHour >= 10 {
		return fmt.Sprintf("%.0f", r.ChangesPerHour)
	}
	return fmt.Sprintf("%.2g", r.ChangesPerHour)
}

// Next returns when the campaign is refreshed, in words.
func (r campaignReport) Next() string {
	switch {
	case r.Refreshing:
		return "under way"
	case r.Queue > 0:
		return fmt.Sprintf("waiting, number %d", r.Queue)
	case r.NextRefresh.IsZero():
		return fmt.Sprintf("number %d, next scrape", r.Place)
	default:
		return fmt.Sprintf("number %d, first scrape after %s", r.Place, r.NextRefresh.Format(time.TimeOnly))
	}
}

func roundDuration(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d > 0 && d < time.Millisecond:
		return "under 1ms"
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
