package simulator

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Model describes how a campaign lives. All times of day are in UTC.
//
// On each sending day the campaign writes to LeadsPerDay new leads, at moments spread over the working hours. A lead
// gets the next step DaysBetween days later, or on the first sending day after, unless the last e-mail bounced or the
// lead has replied or unsubscribed by then.
type Model struct {
	Seed  uint64
	Start time.Time // nothing is sent before
	Stop  time.Time // nothing is sent at or after; zero is never

	LeadsPerDay int
	Leads       int // in all; 0 is without end
	Steps       int // 1 to 20
	DaysBetween int // from a step to the next; at least 1

	Days  []time.Weekday // on which is sent; Monday to Friday if empty
	Opens time.Duration  // the working day's begin after midnight, 9h if both are 0
	Ends  time.Duration  // and its end, 17h

	// The chances, 0 to 1, of what may come of an e-mail. Clicks, replies and unsubscribing come from those who read
	// it, so none of them can be likelier than Read, and who gets a bounce reads nothing: Read and Bounce add up to at
	// most 1. Where opens are tracked, Read is the open rate.
	Read        float64
	Click       float64
	Reply       float64
	Unsubscribe float64
	Bounce      float64

	// Fade is how much less likely a reader is to be won by each further step: 0.2 makes the chance to read step 2 four
	// fifths of that for step 1.
	Fade float64

	// What goes otherwise than smoothly, also as chances. Delete is that a lead is deleted with all e-mails, one to ten
	// days after the first; Ignore is that a reply is recategorised within two days, and is none from then on; Stamp is
	// that a lead's reply is stamped on all earlier e-mails as well; LateBounce is that a bounce is told in the small
	// hours of one of the next five days instead of within minutes.
	Delete     float64
	Ignore     float64
	Stamp      float64
	LateBounce float64

	// CategoryLate is how long after a reply its category is set, at most, and Recategorise the chance that it is
	// changed one to five days later.
	CategoryLate time.Duration
	Recategorise float64

	Variants  int // texts of each step, of which a lead gets one; 0 is none
	BodyBytes int // length of each message

	// Busy is a time in which more happens; the zero value is none.
	Busy Busy
}

func (m *Model) validate() error {
	switch {
	case m.Start.IsZero():
		return errors.New("the model has no start")
	case m.LeadsPerDay < 0 || m.Leads < 0 || m.BodyBytes < 0:
		return errors.New("the numbers of leads and of bytes can't be negative")
	case m.Steps < 1 || m.Steps > maxStep:
		return fmt.Errorf("the steps must be 1 to %d, not %d", maxStep, m.Steps)
	case m.DaysBetween < 1 && m.Steps > 1:
		return errors.New("there must be a day at least between two steps")
	case m.Opens < 0 || m.Opens >= m.Ends || m.Ends > 24*time.Hour:
		return fmt.Errorf("the working day can't last from %s to %s", m.Opens, m.Ends)
	case m.Fade < 0 || m.Fade > 1:
		return fmt.Errorf("fade must be 0 to 1, not %g", m.Fade)
	case min(m.Read, m.Click, m.Reply, m.Unsubscribe, m.Bounce) < 0, m.Read+m.Bounce > 1,
		max(m.Click, m.Reply, m.Unsubscribe) > m.Read:
		return errors.New("the chances contradict each other")
	case min(m.Delete, m.Ignore, m.Stamp, m.LateBounce, m.Recategorise) < 0,
		max(m.Delete, m.Ignore, m.Stamp, m.LateBounce, m.Recategorise) > 1, m.CategoryLate < 0:
		return errors.New("the chances of what goes otherwise must be 0 to 1")
	case m.Variants < 0 || m.Variants > maxVariants:
		return fmt.Errorf("the variants must be 0 to %d, not %d", maxVariants, m.Variants)
	}
	if err := m.Busy.validate(); err != nil {
		return err
	}
	for _, day := range m.Days {
		if day < time.Sunday || day > time.Saturday {
			return fmt.Errorf("there is no weekday %d", day)
		}
	}
	return nil
}

// sending is an e-mail with all that will ever come of it. Times are in milliseconds since 1970, 0 is never.
type sending struct {
	at, open, click, reply, bounce, unsubscribe int64

	ignored int64 // when the reply became none
	gone    int64 // when the lead was deleted

	lead  uint32 // from 1 on
	step  uint8
	again uint8 // how often it is opened after the first time
}

// lead appends all that is sent to a lead whose first e-mail goes out at a time.
func (m *Model) lead(dst []sending, rng *rand.Rand, lead uint32, at time.Time) []sending {
	for step := 1; ; step++ {
		if !m.Stop.IsZero() && !at.Before(m.Stop) {
			return dst
		}
		s := m.outcome(rng, lead, step, at)
		dst = append(dst, s)
		if step == m.Steps || s.bounce != 0 {
			return dst
		}
		next, ok := m.followUp(rng, at)
		if !ok || s.reply != 0 && s.reply <= next.UnixMilli() || s.unsubscribe != 0 && s.unsubscribe <= next.UnixMilli() {
			return dst
		}
		at = next
	}
}

// followUp returns when the step after one that was sent at a time is sent.
func (m *Model) followUp(rng *rand.Rand, at time.Time) (time.Time, bool) {
	day := midnight(at).AddDate(0, 0, m.DaysBetween)
	share := rng.Float64()
	for range 7 {
		if from, to, ok := m.hours(day); ok {
			return from.Add(time.Duration(share * float64(to.Sub(from)))), true
		}
		day = day.AddDate(0, 0, 1)
	}
	return time.Time{}, false
}

// outcome draws what comes of an e-mail. It always draws the same number of times, so that one chance changed doesn't
// change everything else.
func (m *Model) outcome(rng *rand.Rand, lead uint32, step int, at time.Time) sending {
	s := sending{at: at.UnixMilli(), lead: lead, step: uint8(step)}
	fate, click, reply, unsubscribe := rng.Float64(), rng.Float64(), rng.Float64(), rng.Float64()
	toBounce := upTo(rng, time.Minute, 2*time.Minute, 20*time.Minute)
	toOpen := upTo(rng, time.Minute, 45*time.Minute, 72*time.Hour)
	toClick := upTo(rng, 10*time.Second, time.Minute, 15*time.Minute)
	toReply := upTo(rng, time.Hour, 8*time.Hour, 96*time.Hour)
	s.again = uint8(min(rng.ExpFloat64()*0.7, 20))

	if fate < m.Bounce {
		s.bounce = s.at + toBounce
		return s
	}
	won := math.Pow(1-m.Fade, float64(step-1))
	if fate >= m.Bounce+m.Read*won {
		return s
	}
	s.open = s.at + toOpen
	if click*m.Read < m.Click {
		s.click = s.open + toClick
	}
	if reply*m.Read < m.Reply {
		s.reply = s.open + toReply
	}
	if unsubscribe*m.Read < m.Unsubscribe {
		s.unsubscribe = s.open + toClick
	}
	return s
}

// upTo draws a delay in milliseconds: at least least, usually about mean more, and never more than most.
func upTo(rng *rand.Rand, least, mean, most time.Duration) int64 {
	d := least + time.Duration(rng.ExpFloat64()*float64(mean))
	return min(d, most).Milliseconds()
}

// hours returns the working hours of a day, from the start of the campaign on, and false if nothing is sent that day.
func (m *Model) hours(day time.Time) (from, to time.Time, ok bool) {
	from, to = day.Add(m.Opens), day.Add(m.Ends)
	if m.Start.After(from) {
		from = m.Start
	}
	return from, to, from.Before(to) && slices.Contains(m.Days, day.Weekday())
}

func midnight(t time.Time) time.Time {
	year, month, day := t.UTC().Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}
