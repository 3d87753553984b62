package simulator

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Mailbox is an e-mail account that campaigns send from. How it fares depends on itself and the time alone.
type Mailbox struct {
	ID      int64
	Address string
	Type    string // SMTP if empty

	// ClientID is nil, a string or an int, and is sent as what it is.
	ClientID any

	// Password is sent in the answer, as the real API does for some mailboxes.
	Password string

	DailyLimit int
	Campaigns  []int64 // what they send on a day is divided between their mailboxes

	// SMTPDown and IMAPDown are when it can't send, and can't receive.
	SMTPDown []Span
	IMAPDown []Span

	// Trouble is the chance that it breaks on a day, by a Seed, for one to thirty hours, after which it can send and
	// receive again.
	Trouble float64
	Seed    uint64

	// Warmup is nil for a mailbox that isn't warmed up.
	Warmup *Warmup
}

// Span is a time, its end excluded. A zero end is never.
type Span struct{ From, To time.Time }

func (s Span) holds(t time.Time) bool { return !t.Before(s.From) && (s.To.IsZero() || t.Before(s.To)) }

// Warmup is how a mailbox is warmed up.
type Warmup struct {
	Start  time.Time
	PerDay int     // e-mails
	Spam   float64 // part of them that lands in the spam folder, from 0 to 1
	Paused bool
}

func (m *Mailbox) validate() error {
	switch {
	case m.ID <= 0:
		return errors.New("the id must be positive")
	case m.DailyLimit < 0 || m.Trouble < 0 || m.Trouble > 1:
		return errors.New("the daily limit can't be negative, and the trouble must be 0 to 1")
	case m.Warmup != nil && (m.Warmup.PerDay < 0 || m.Warmup.Spam < 0 || m.Warmup.Spam > 1):
		return errors.New("the warm-up's e-mails can't be negative, and its spam must be 0 to 1")
	}
	switch m.ClientID.(type) {
	case nil, string, int:
		return nil
	default:
		return fmt.Errorf("the client id must be nil, a string or an int, not a %T", m.ClientID)
	}
}

// copyMailboxes returns copies that nobody else changes.
func copyMailboxes(mailboxes []Mailbox) ([]Mailbox, error) {
	copies := slices.Clone(mailboxes)
	seen := map[int64]bool{}
	for i := range copies {
		m := &copies[i]
		if err := m.validate(); err != nil {
			return nil, fmt.Errorf("mailbox %d: %w", m.ID, err)
		}
		if seen[m.ID] {
			return nil, fmt.Errorf("mailbox %d is there twice", m.ID)
		}
		seen[m.ID] = true
		m.Campaigns, m.SMTPDown, m.IMAPDown = slices.Clone(m.Campaigns), slices.Clone(m.SMTPDown), slices.Clone(m.IMAPDown)
		if m.Warmup != nil {
			warmup := *m.Warmup
			m.Warmup = &warmup
		}
	}
	return copies, nil
}

// up reports whether it can send and receive at a time.
func (m *Mailbox) up(now time.Time) (smtp, imap bool) {
	smtp = !slices.ContainsFunc(m.SMTPDown, func(s Span) bool { return s.holds(now) })
	imap = !slices.ContainsFunc(m.IMAPDown, func(s Span) bool { return s.holds(now) })
	for day := -2; day <= 0; day++ { // trouble of two days ago can last until now
		span, sends, receives, broken := m.trouble(midnight(now).AddDate(0, 0, day))
		if broken && span.holds(now) {
			smtp, imap = smtp && !sends, imap && !receives
		}
	}
	return smtp, imap
}

// trouble returns when it breaks on a day, and what: sending, receiving or both.
func (m *Mailbox) trouble(day time.Time) (span Span, sends, receives, broken bool) {
	r := mix(m.Seed ^ uint64(m.ID)<<24 ^ uint64(day.Unix()/86400))
	if float64(r>>11)/(1<<53) >= m.Trouble {
		return Span{}, false, false, false
	}
	r = mix(r)
	from := day.Add(time.Duration(r%1440) * time.Minute)
	to := from.Add(time.Hour + time.Duration(r>>16%1740)*time.Minute)
	kind := r >> 40 % 3
	return Span{from, to}, kind != 1, kind != 2, true
}

// warmth returns what the warm-up came to: e-mails, those in the spam folder, and the reputation in percent, which also
// falls while the mailbox is broken.
func (m *Mailbox) warmth(now time.Time) (sent, spam, reputation int) {
	w := m.Warmup
	if now.After(w.Start) {
		sent = int(now.Sub(w.Start).Hours() / 24 * float64(w.PerDay))
	}
	spam = int(float64(sent) * w.Spam)
	broken := 0
	for hour := range 72 {
		if smtp, imap := m.up(now.Add(time.Duration(-hour) * time.Hour)); !smtp || !imap {
			broken++
		}
	}
	return sent, spam, max(0, 100-int(100*w.Spam+0.5)-broken/3)
}

// DemoMailboxes returns the mailboxes of the campaigns of [Demo]: most are well, one breaks now and then, one has a bad
// reputation.
func DemoMailboxes(seed uint64, start time.Time) []Mailbox {
	well := func(id int64, address string, campaigns ...int64) Mailbox {
		return Mailbox{
			ID: id, Address: address, Type: "GMAIL", DailyLimit: 60, Campaigns: campaigns, Seed: seed, Trouble: 0.01,
			Warmup: &Warmup{Start: start.AddDate(0, 0, -80), PerDay: 20, Spam: 0.01},
		}
	}
	list := []Mailbox{
		well(501, "ada@northwin.example", 101, 102, 108), well(502, "alan@northwin.example", 101, 108),
		well(503, "grace@contoso.example", 104, 105), well(504, "ken@contoso.example", 105, 106),
		well(505, "radia@agency.example", 103, 107), well(506, "tony@agency.example", 103),
	}
	list[0].ClientID, list[1].ClientID, list[2].ClientID, list[3].ClientID = 77, 77, 78, 78
	list[3].Type, list[3].Trouble = "SMTP", 0.25
	list[2].Warmup.Spam = 0.14
	return list
}
