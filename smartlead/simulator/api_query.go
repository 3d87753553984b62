package simulator

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	defaultLimit = 100
	maxLimit     = 1000
	maxStep      = 20
)

var emailStatuses = []string{"opened", "clicked", "replied", "unsubscribed", "bounced"}

// query holds the documented parameters of a statistics request.
type query struct {
	offset, limit int
	step          int       // 0 is any
	status        string    // empty is any
	from, until   time.Time // sent at or after from, and before until; zero is any
}

// matches reports whether an e-mail passes the filters.
func (q *query) matches(e *Email) bool {
	switch {
	case q.step != 0 && e.Step != q.step,
		!q.from.IsZero() && e.SentTime.Before(q.from),
		!q.until.IsZero() && !e.SentTime.Before(q.until):
		return false
	}
	switch q.status {
	case "opened":
		return e.opened()
	case "clicked":
		return e.clicked()
	case "replied":
		return e.replied()
	case "unsubscribed":
		return e.Unsubscribed
	case "bounced":
		return e.Bounced
	}
	return true
}

// filters reports whether any parameter leaves e-mails out.
func (q *query) filters() bool {
	return q.step != 0 || q.status != "" || !q.from.IsZero() || !q.until.IsZero()
}

func parseQuery(values url.Values) (query, *Answer) {
	p := parameters{values: values}
	p.allow("offset", "limit", "email_sequence_number", "email_status", "sent_time_start_date", "sent_time_end_date")
	q := query{
		offset: p.number("offset", 0, 0, math.MaxInt),
		limit:  p.number("limit", defaultLimit, 1, maxLimit),
		step:   p.number("email_sequence_number", 0, 1, maxStep),
		status: p.oneOf("email_status", emailStatuses),
		from:   p.time("sent_time_start_date"),
		until:  p.time("sent_time_end_date"),
	}
	return q, p.refused
}

// parameters reads query parameters and keeps the first refusal. Like the validation of the API it takes no parameter
// it doesn't know, and none twice.
type parameters struct {
	values  url.Values
	refused *Answer
}

func (p *parameters) refuse(name, complaint string) {
	if p.refused == nil {
		a := answerBadRequest("query", name, complaint)
		p.refused = &a
	}
}

func (p *parameters) allow(names ...string) {
	for name := range p.values {
		if name != "api_key" && !slices.Contains(names, name) {
			p.refuse(name, "is not allowed")
		}
	}
}

// get returns a parameter, and false if it isn't there or is refused.
func (p *parameters) get(name, kind string) (string, bool) {
	values := p.values[name]
	if len(values) == 0 {
		return "", false
	}
	if len(values) > 1 || values[0] == "" {
		p.refuse(name, "must be "+kind)
		return "", false
	}
	return values[0], true
}

func (p *parameters) number(name string, otherwise, least, most int) int {
	text, ok := p.get(name, "a number")
	if !ok {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	switch {
	case err != nil:
		p.refuse(name, "must be a number")
	case n < least:
		p.refuse(name, fmt.Sprintf("must be greater than or equal to %d", least))
	case n > most:
		p.refuse(name, fmt.Sprintf("must be less than or equal to %d", most))
	}
	return n
}

func (p *parameters) oneOf(name string, known []string) string {
	kind := "one of [" + strings.Join(known, ", ") + "]"
	text, ok := p.get(name, kind)
	if ok && !slices.Contains(known, text) {
		p.refuse(name, "must be "+kind)
	}
	return text
}

func (p *parameters) boolean(name string) bool {
	text, ok := p.get(name, "a boolean")
	if ok && text != "true" && text != "false" {
		p.refuse(name, "must be a boolean")
	}
	return text == "true"
}

// time accepts the documented form, 2023-10-16 10:33:02.000Z, and others of ISO 8601. What names no zone is in UTC.
func (p *parameters) time(name string) time.Time {
	text, ok := p.get(name, "in ISO 8601 date format")
	if !ok {
		return time.Time{}
	}
	for _, layout := range []string{
		"2006-01-02 15:04:05Z07:00", time.RFC3339, "2006-01-02 15:04:05", "2006-01-02T15:04:05", time.DateOnly,
	} {
		if t, err := time.Parse(layout, text); err == nil {
			return t
		}
	}
	p.refuse(name, "must be in ISO 8601 date format")
	return time.Time{}
}
