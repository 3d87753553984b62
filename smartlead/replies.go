package smartlead

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	// maxReplyCounts bounds the pairs of step and category that a campaign's rows may name before none is believed, and
	// maxReplyCategories the categories: the platform comes with some ten, and users add some.
	maxReplyCounts     = 1000
	maxReplyCategories = 50
)

// Replies are what is known of the e-mails of a set of rows that got a reply. Nothing in it tells who received them.
type Replies struct {
	// Categories are in ascending order of step and category; nil if there are none, or more than can be.
	Categories []CategoryReplies `json:",omitempty"`
	Delays     ReplyDelays
}

// CategoryReplies are the e-mails of a step that got a reply, of leads in one category.
type CategoryReplies struct {
	SequenceNumber int // 0 to MaxSequenceNumber
	// Category is what rows have as lead_category, such as "Interested": valid UTF-8 of at most MaxNameLength characters.
	// It is "" for leads without one, and for what can't be the name of one, such as an address or a text of some length.
	Category string
	Replied  int64
}

// ReplyDelays are how long replies took, from the moment of sending. A reply of which one of the moments isn't known, or
// that came before the e-mail was sent, is in none of them.
type ReplyDelays struct {
	// Counts are how many replies took as long as the bound of the same index of ReplyDelayBounds, or less, and longer
	// than the bound before; the last one has those that took longer than the last bound.
	Counts [replyDelayBounds + 1]int64
	Sum    time.Duration
}

const replyDelayBounds = 8

// ReplyDelayBounds returns the bounds of ReplyDelays, in ascending order.
func ReplyDelayBounds() [replyDelayBounds]time.Duration {
	const day = 24 * time.Hour
	return [replyDelayBounds]time.Duration{
		5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 8 * time.Hour, day, 3 * day, 7 * day, 30 * day,
	}
}

// add counts a reply.
func (d *ReplyDelays) add(took time.Duration) {
	bounds := ReplyDelayBounds()
	i := slices.IndexFunc(bounds[:], func(bound time.Duration) bool { return took <= bound })
	if i < 0 {
		i = len(bounds)
	}
	d.Counts[i]++
	d.Sum += took
}

// replyTally counts replies as their rows come.
type replyTally struct {
	categories []CategoryReplies // as they came, and as they were written
	delays     ReplyDelays
}

// copyOf makes the tally another one's, in the memory that it has.
func (t *replyTally) copyOf(other *replyTally) {
	t.categories, t.delays = append(t.categories[:0], other.categories...), other.delays
}

// add counts a per-e-mail row.
func (t *replyTally) add(row *statisticsRow) {
	if row.counts[CountReplied] == 0 {
		return
	}
	if took := row.repliedAt.Sub(row.sentAt); !row.repliedAt.IsZero() && !row.sentAt.IsZero() && took >= 0 {
		t.delays.add(took)
	}
	category := row.category
	if len(category) > 4*MaxNameLength { // bytes, of which a character has four at the most
		category = nil
	}
	i := slices.IndexFunc(t.categories, func(c CategoryReplies) bool {
		return c.SequenceNumber == row.step && c.Category == string(category)
	})
	if i < 0 {
		if len(t.categories) == maxReplyCounts {
			return
		}
		i = len(t.categories)
		t.categories = append(t.categories, CategoryReplies{SequenceNumber: row.step, Category: string(category)})
	}
	t.categories[i].Replied++
}

// list returns the replies.
func (t *replyTally) list() *Replies {
	replies := &Replies{Delays: t.delays}
	if len(t.categories) == maxReplyCounts {
		return replies
	}
	names := map[string]bool{}
	for _, c := range t.categories {
		c.Category = categoryName(c.Category)
		names[c.Category] = true
		i := slices.IndexFunc(replies.Categories, func(other CategoryReplies) bool {
			return other.SequenceNumber == c.SequenceNumber && other.Category == c.Category
		})
		if i >= 0 {
			replies.Categories[i].Replied += c.Replied
			continue
		}
		replies.Categories = append(replies.Categories, c)
	}
	if len(names) > maxReplyCategories {
		replies.Categories = nil
	}
	slices.SortFunc(replies.Categories, func(a, b CategoryReplies) int {
		return cmp.Or(cmp.Compare(a.SequenceNumber, b.SequenceNumber), cmp.Compare(a.Category, b.Category))
	})
	return replies
}

// categoryName returns what a category is called, or "" for what can't be such a name, as an address or a text of lines.
func categoryName(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if strings.ContainsRune(text, '@') || strings.ContainsFunc(text, unicode.IsControl) || utf8.RuneCountInString(text) > MaxNameLength {
		return ""
	}
	return text
}
