package smartlead

import "strings"

// Count names one of the six counts of a Step. Its number is kept in files and never changes.
type Count uint8

// The six counts.
const (
	CountSent Count = iota
	CountOpened
	CountClicked
	CountReplied
	CountUnsubscribed
	CountBounced
	countKinds
)

// String returns the name that the aggregated shape has for the count, such as "opened".
func (c Count) String() string {
	switch c {
	case CountSent:
		return "sent"
	case CountOpened:
		return "opened"
	case CountClicked:
		return "clicked"
	case CountReplied:
		return "replied"
	case CountUnsubscribed:
		return "unsubscribed"
	case CountBounced:
		return "bounced"
	default:
		return "unknown"
	}
}

// CountSet is a set of counts. Its zero value is empty.
type CountSet uint8

const allCounts CountSet = 1<<countKinds - 1

// Has reports whether a count is in the set.
func (s CountSet) Has(c Count) bool { return s&(1<<c) != 0 }

// with returns the set with a count in it.
func (s CountSet) with(c Count) CountSet { return s | 1<<c }

// String returns the names of the counts, such as "opened, clicked".
func (s CountSet) String() string {
	var names []string
	for c := range countKinds {
		if s.Has(c) {
			names = append(names, c.String())
		}
	}
	return strings.Join(names, ", ")
}
