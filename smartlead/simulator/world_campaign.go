package simulator

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Statuses of campaigns. The API knows more: the set is open.
const (
	StatusDrafted   = "DRAFTED"
	StatusActive    = "ACTIVE"
	StatusPaused    = "PAUSED"
	StatusStopped   = "STOPPED"
	StatusCompleted = "COMPLETED"
	StatusArchived  = "ARCHIVED"
)

// Track settings switch the tracking of opens or clicks off: they stay 0.
const (
	DontTrackOpens  = "DONT_EMAIL_OPEN"
	DontTrackClicks = "DONT_LINK_CLICK"
)

// Shape is one of the two forms in which the API hands out statistics.
type Shape int

// The shapes.
const (
	PerEmail    Shape = iota // a row for each e-mail that was sent
	PerSequence              // a row for each step, with counts
)

// Order is the order of per-e-mail rows, which the API does not document.
type Order int

// The orders, by the time of sending.
const (
	OldestFirst Order = iota
	NewestFirst
)

// Campaign is a campaign of the simulated account.
type Campaign struct {
	ID     int64
	Name   string
	Status string // ACTIVE if empty

	// ClientID is nil, a string or an int, and is sent as what it is.
	ClientID any

	ParentID       int64 // of the campaign it is a subsequence of; 0 is none
	Tags           []Tag
	TrackSettings  []string // DontTrackOpens, DontTrackClicks
	MaxLeadsPerDay int      // 0 is sent as null

	// LeadsWaiting are leads to whom nothing was sent yet, besides those to whom something was. A Live source has its own.
	LeadsWaiting int

	// CreatedAt orders the campaign list. The default is the first day of 2025.
	CreatedAt time.Time
	UpdatedAt time.Time // CreatedAt if zero

	// Shape and Order are for sources that hold e-mails.
	Shape Shape
	Order Order

	// DeletedSteps are gone from the sequence; what they sent stays.
	DeletedSteps []int

	// Source is what the statistics are made of. None is a campaign that has not sent anything.
	Source Source
}

// Tag is a label that users of the platform give to campaigns.
type Tag struct {
	ID   int64  `json:"tag_id"`
	Name string `json:"tag_name"`
}

var defaultCreatedAt = time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)

func (c *Campaign) validate() error {
	if c.ID <= 0 {
		return errors.New("the id must be positive")
	}
	switch c.ClientID.(type) {
	case nil, string, int:
	default:
		return fmt.Errorf("the client id must be nil, a string or an int, not a %T", c.ClientID)
	}
	if c.Source != nil {
		return c.Source.validate()
	}
	return nil
}

func (c *Campaign) tracks(setting string) bool {
	return !slices.Contains(c.TrackSettings, setting)
}

func (c *Campaign) createdAt() time.Time {
	if c.CreatedAt.IsZero() {
		return defaultCreatedAt
	}
	return c.CreatedAt
}
