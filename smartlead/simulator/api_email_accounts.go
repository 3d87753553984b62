package simulator

import (
	"cmp"
	"math"
	"net/http"
	"strconv"
	"time"
)

const maxMailboxLimit = 100

// mailboxJSON has the fields of a mailbox that the API shows, passwords among them.
type mailboxJSON struct {
	ID           int64       `json:"id"`
	UserID       int64       `json:"user_id"`
	FromName     string      `json:"from_name"`
	FromEmail    string      `json:"from_email"`
	Username     string      `json:"username"`
	Password     string      `json:"password,omitempty"`
	SMTPHost     string      `json:"smtp_host"`
	IMAPPassword string      `json:"imap_password,omitempty"`
	DailyLimit   int         `json:"message_per_day"`
	SMTPUp       bool        `json:"is_smtp_success"`
	IMAPUp       bool        `json:"is_imap_success"`
	SMTPFailure  *string     `json:"smtp_failure_error"`
	IMAPFailure  *string     `json:"imap_failure_error"`
	Type         string      `json:"type"`
	SentToday    int         `json:"daily_sent_count"`
	ClientID     any         `json:"client_id"`
	Campaigns    int         `json:"campaign_count"`
	Tags         []Tag       `json:"tags"`
	Warmup       *warmupJSON `json:"warmup_details"`
}

type warmupJSON struct {
	Status     string  `json:"status"`
	Sent       int     `json:"total_sent_count"`
	Spam       int     `json:"total_spam_count"`
	Reputation string  `json:"warmup_reputation"`
	Blocked    *string `json:"blocked_reason"`
	MaxPerDay  int     `json:"max_email_per_day"`
}

// SetMailboxes replaces the account's mailboxes. They are copied. It returns an error if one can't be simulated or two
// of them share an id.
func (s *Simulator) SetMailboxes(mailboxes ...Mailbox) error {
	copies, err := copyMailboxes(mailboxes)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mailboxes = copies
	return nil
}

// serveEmailAccounts answers with a bare array of a page of mailboxes.
func (s *Simulator) serveEmailAccounts(w http.ResponseWriter, r *http.Request) {
	q := parameters{values: r.URL.Query()}
	q.allow("offset", "limit", "client_id", "username", "fetch_campaigns")
	offset := q.number("offset", 0, 0, math.MaxInt)
	limit := q.number("limit", maxMailboxLimit, 1, math.MaxInt)
	if q.refused != nil {
		writeAnswer(w, *q.refused)
		return
	}
	if limit > maxMailboxLimit {
		writeAnswer(w, jsonAnswer(http.StatusUnprocessableEntity, `{"error":"limit must be less than or equal to 100"}`))
		return
	}
	now := s.clock()
	s.mu.Lock()
	all := s.mailboxes // replaced as a whole when they change
	s.mu.Unlock()
	sent := s.sentToday(all, now)
	first := min(offset, len(all))
	page := all[first:min(first+limit, len(all))]
	out := make([]mailboxJSON, len(page))
	for i := range page {
		out[i] = page[i].object(now, sent[page[i].ID])
	}
	writeJSON(w, out)
}

// object returns the mailbox as the API shows it at a time.
func (m *Mailbox) object(now time.Time, sent int) mailboxJSON {
	smtp, imap := m.up(now)
	out := mailboxJSON{
		ID: m.ID, UserID: 1001, FromName: "Sales", FromEmail: m.Address, Username: m.Address,
		Password: m.Password, IMAPPassword: m.Password, SMTPHost: "smtp.example", DailyLimit: m.DailyLimit,
		SMTPUp: smtp, IMAPUp: imap, Type: cmp.Or(m.Type, "SMTP"), SentToday: sent, ClientID: m.ClientID,
		Campaigns: len(m.Campaigns), Tags: []Tag{},
	}
	failure := "535 5.7.8 authentication failed for " + m.Address
	if !smtp {
		out.SMTPFailure = &failure
	}
	if !imap {
		out.IMAPFailure = &failure
	}
	if w := m.Warmup; w != nil {
		sent, spam, reputation := m.warmth(now)
		out.Warmup = &warmupJSON{
			Status: "ACTIVE", Sent: sent, Spam: spam, Reputation: strconv.Itoa(reputation) + "%", MaxPerDay: w.PerDay,
		}
		if w.Paused {
			out.Warmup.Status = "PAUSED"
		}
	}
	return out
}

// sentToday divides what each campaign sent since midnight between its mailboxes, by their ids.
func (s *Simulator) sentToday(mailboxes []Mailbox, now time.Time) map[int64]int {
	of := map[int64][]int64{} // mailboxes of each campaign
	for _, m := range mailboxes {
		for _, campaign := range m.Campaigns {
			of[campaign] = append(of[campaign], m.ID)
		}
	}
	sent := map[int64]int{}
	for campaign, ids := range of {
		e, ok := s.entry(campaign)
		if !ok {
			continue
		}
		n := e.content(now, 0).sentSince(midnight(now))
		for i, id := range ids {
			sent[id] += n / len(ids)
			if i < n%len(ids) {
				sent[id]++
			}
		}
	}
	return sent
}

// sentSince counts the newest e-mails, back to a time.
func (c campaignContent) sentSince(from time.Time) int {
	if c.emails == nil {
		return 0
	}
	n := 0
	for i := c.emails.Len() - 1; i >= 0; i-- {
		e := c.emails.At(i)
		if e.SentTime.Before(from) {
			break
		}
		if c.passes(&query{}, &e) {
			n++
		}
	}
	return n
}
