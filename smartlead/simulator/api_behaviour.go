package simulator

import "time"

// Behaviour is what the API does where only a live account could tell. The zero value is what clients would like best.
type Behaviour struct {
	// Filters says what email_status, email_sequence_number and the sent_time parameters of statistics do.
	Filters Filters

	// RepliesByLead makes sequence analytics count the leads that replied, each once and at the first step that was
	// replied to, in place of the e-mails.
	RepliesByLead bool

	// OpensByEvent makes sequence analytics count each time that an e-mail was opened or clicked, in place of the
	// e-mails.
	OpensByEvent bool

	// AnalyticsLate and RowsLate are how much later than it happened something is in sequence analytics, and in
	// statistics. What a Fixed or Rows source holds is never late; what was added, deleted or lives is.
	AnalyticsLate time.Duration
	RowsLate      time.Duration

	// AnalyticsForm is the form of sequence analytics.
	AnalyticsForm AnalyticsForm

	// AnalyticsMaxDays is how many days sequence analytics can be asked for; more are refused with 400. 0 is any
	// number.
	AnalyticsMaxDays int

	// AnalyticsGone makes sequence analytics an unknown route, 404.
	AnalyticsGone bool

	// OverallMaxDays is the same of overall statistics, and OverallMaxLimit how many rows of them can be asked for,
	// 1,000 if 0.
	OverallMaxDays  int
	OverallMaxLimit int

	// ForgetDeletedSteps leaves steps that were deleted out of sequence analytics, and with them what they sent.
	ForgetDeletedSteps bool
}

// Filters says what filters do.
type Filters int

// The kinds of filters.
const (
	FiltersHonoured        Filters = iota // rows and totals obey
	FiltersIgnoredInTotals                // rows obey, total_stats counts all
	FiltersIgnored                        // all rows are handed out, and counted
)

// AnalyticsForm is a form in which sequence analytics have been seen.
type AnalyticsForm int

// The forms.
const (
	AnalyticsRows   AnalyticsForm = iota // {"ok":true,"data":[{"email_campaign_seq_id":…}]}
	AnalyticsBare                        // the same without an object around
	AnalyticsNested                      // {"data":{"sequences":[{"seq_number":1,"variants":[…]}]}}
)

// SetBehaviour changes the behaviour from the next request on.
func (s *Simulator) SetBehaviour(b Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behaviour = b
}

func (s *Simulator) currentBehaviour() Behaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.behaviour
}

// gone reports whether an endpoint is none any more.
func (b Behaviour) gone(endpoint Endpoint) bool {
	return endpoint == EndpointSequenceAnalytics && b.AnalyticsGone
}
