package simulator

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Source is what the statistics of a campaign are made of. Sources are made by [Fixed], [Rows], [Aggregated], [Raw] and
// [Live].
type Source interface {
	// at returns what the source holds at a time. The result is not changed by later calls and may be read
	// concurrently.
	at(now time.Time, c *Campaign) content
	validate() error
}

// content is what a source holds: exactly one of emails, steps and raw is used.
type content struct {
	emails emailList    // oldest first
	steps  []StepCounts // if there are no e-mails
	raw    []string

	gaps bool // some e-mails are gone
}

// emailList is a list whose e-mails are made when they are asked for.
type emailList interface {
	Len() int
	At(i int) Email
}

// StepCounts are the counts of one step of a campaign.
type StepCounts struct {
	Step         int
	Sent         int64
	Opened       int64
	Clicked      int64
	Replied      int64
	Unsubscribed int64
	Bounced      int64

	// Positive are the leads whose reply is a positive one. Of e-mails, their categories tell.
	Positive int64
}

// Fixed is a source of exactly these e-mails, in this order, oldest first. Empty ids, names and addresses are made up,
// different ones for each.
func Fixed(emails ...Email) Source {
	return fixed{content{emails: emailSlice(completed(emails, 0))}}
}

// Rows is a source of n e-mails with messages of bodyBytes bytes. They are made as they are served and need no memory.
//
// They are sent a minute apart from 2025-01-06T09:00:00Z on, e-mail i in step i%3+1. Of every 100 in a row, 50 were
// opened, 10 clicked, 10 replied to, 5 bounced, and 2 led the receiver to unsubscribe.
func Rows(n, bodyBytes int) Source {
	return generated{n: n, bodyBytes: bodyBytes}
}

// Aggregated is a source of exactly these rows, in this order, served in shape PerSequence. Of the filters it knows
// only the one for a step.
func Aggregated(steps ...StepCounts) Source {
	return fixed{content{steps: append([]StepCounts{}, steps...)}}
}

// Raw is a source of rows that are sent as they are, in this order, as data of the campaign's shape. No filter applies.
// The texts need not even be JSON.
func Raw(rows ...string) Source {
	return fixed{content{raw: append([]string{}, rows...)}}
}

type fixed struct{ content content }

func (f fixed) at(time.Time, *Campaign) content { return f.content }
func (f fixed) validate() error                 { return nil }

type emailSlice []Email

func (l emailSlice) Len() int       { return len(l) }
func (l emailSlice) At(i int) Email { return l[i] }

type generated struct{ n, bodyBytes int }

var generatedStart = time.Date(2025, time.January, 6, 9, 0, 0, 0, time.UTC)

func (g generated) at(time.Time, *Campaign) content { return content{emails: g} }

func (g generated) validate() error {
	if g.n < 0 || g.bodyBytes < 0 {
		return errors.New("the numbers of rows and of bytes can't be negative")
	}
	return nil
}

func (g generated) Len() int { return g.n }

func (g generated) At(i int) Email {
	e := Email{
		number:       uint64(i),
		Step:         i%3 + 1,
		SentTime:     generatedStart.Add(time.Duration(i) * time.Minute),
		Unsubscribed: i%50 == 6,
		Bounced:      i%20 == 19,
		BodyBytes:    g.bodyBytes,
	}
	if i%2 == 0 {
		e.OpenTime, e.OpenCount = e.SentTime.Add(7*time.Minute), 1+i%4
	}
	if i%10 == 0 {
		e.ClickTime, e.ClickCount = e.SentTime.Add(9*time.Minute), 1
	}
	if i%10 == 4 {
		e.ReplyTime = e.SentTime.Add(5 * time.Hour)
	}
	return e
}

// entry is a campaign and what happened to it since it was added. It is copied under the Simulator's lock and read
// without it: slices are only appended to, deleted is replaced when it changes.
type entry struct {
	campaign Campaign
	added    []Email
	addedAt  []time.Time          // of each that was added
	deleted  map[string]time.Time // when, by stats_id
	changes  []change
}

// change is something that happened to e-mails at a time.
type change struct {
	at     time.Time
	happen func(Email) Email
}

// content returns what the campaign holds at a time, with what was added, as it is shown by who is late by that much.
func (e entry) content(now time.Time, late time.Duration) campaignContent {
	var held content
	asOf := now.Add(-late)
	if e.campaign.Source != nil {
		held = e.campaign.Source.at(asOf, &e.campaign)
	}
	if held.emails == nil && held.steps == nil && held.raw == nil {
		held.emails = emailSlice(nil)
	}
	added := e.added
	if late > 0 {
		if i := slices.IndexFunc(e.addedAt, asOf.Before); i >= 0 {
			added = added[:i]
		}
	}
	if held.emails != nil && len(added) > 0 {
		held.emails = joined{held.emails, added}
	}
	var changes []func(Email) Email
	for _, change := range e.changes {
		if late <= 0 || !change.at.After(asOf) {
			changes = append(changes, change.happen)
		}
	}
	if held.emails != nil && len(changes) > 0 {
		held.emails = changed{held.emails, changes}
	}
	c := campaignContent{content: held, campaign: &e.campaign, deleted: e.deleted}
	if late > 0 {
		c.deletedUntil = asOf
	}
	return c
}

// status returns the campaign's status at a time: an active campaign is completed when its source has nobody left to
// write to.
func (e entry) status(now time.Time) string {
	status := e.campaign.Status
	if status == "" {
		status = StatusActive
	}
	if l, ok := e.campaign.Source.(*live); ok && status == StatusActive && l.finished(now) {
		return StatusCompleted
	}
	return status
}

func (e *entry) add(emails []Email, now time.Time) {
	for range emails {
		e.addedAt = append(e.addedAt, now)
	}
	// Numbers far from those of any source keep the made-up ids apart.
	e.added = append(e.added, completed(emails, 1<<40+uint64(len(e.added)))...)
}

func (e *entry) deleteFirst(n int, now time.Time) {
	rows := e.content(now, 0).rows(query{limit: n})
	if rows.email == nil {
		return
	}
	deleted := make(map[string]time.Time, len(e.deleted)+n)
	maps.Copy(deleted, e.deleted)
	for i := range min(n, rows.n) {
		row := rows.email(i)
		deleted[row.id(e.campaign.ID)] = now
	}
	e.deleted = deleted
}

// joined is two lists, one behind the other.
type joined struct {
	first  emailList
	second emailSlice
}

func (j joined) Len() int { return j.first.Len() + len(j.second) }

func (j joined) At(i int) Email {
	if n := j.first.Len(); i >= n {
		return j.second[i-n]
	}
	return j.first.At(i)
}

// changed is a list of e-mails to which something happened.
type changed struct {
	emailList
	changes []func(Email) Email
}

func (c changed) At(i int) Email {
	e := c.emailList.At(i)
	for _, change := range c.changes {
		e = change(e)
	}
	return e
}

// completed returns a copy of the e-mails, numbered from first on.
func completed(emails []Email, first uint64) []Email {
	out := make([]Email, len(emails))
	for i, e := range emails {
		e.number = first + uint64(i)
		out[i] = e
	}
	return out
}

// String shows the counts in the order of the API's fields.
func (c StepCounts) String() string {
	return fmt.Sprintf("step %d: sent %d, opened %d, clicked %d, replied %d, unsubscribed %d, bounced %d",
		c.Step, c.Sent, c.Opened, c.Clicked, c.Replied, c.Unsubscribed, c.Bounced)
}
