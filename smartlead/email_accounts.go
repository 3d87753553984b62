package smartlead

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	emailAccountsPage = 100 // the documented maximum
	maxEmailAccounts  = 100_000
)

// EmailAccount is a mailbox that campaigns send from. Texts are valid UTF-8 and cut at MaxNameLength characters.
type EmailAccount struct {
	ID      int64  // above 0
	Address string // from_email, the user's own
	Type    string // in upper case: SMTP, GMAIL, OUTLOOK, or one nobody has documented
	// ClientID is "" for a mailbox that is no client's.
	ClientID string
	// SMTPUp and IMAPUp tell whether the platform could send and receive when it last tried; nil if unknown.
	SMTPUp, IMAPUp *bool
	// DailyLimit is how many e-mails may leave on a day, SentToday how many did, Campaigns how many campaigns use the
	// mailbox. Each is -1 if unknown.
	DailyLimit, SentToday, Campaigns int64
	// Warmup is nil for a mailbox that was never warmed up.
	Warmup *Warmup
}

// Warmup is how a mailbox's warm-up goes: e-mails that the platform's mailboxes send each other.
type Warmup struct {
	Status string // in upper case: ACTIVE, PAUSED, or one nobody has documented; "" if unknown
	// Sent and Spam are e-mails of the warm-up, and those of them that were found in the spam folder; -1 if unknown.
	Sent, Spam int64
	// Reputation is from 0 to 1; -1 if unknown.
	Reputation float64
}

// EmailAccountList is a list that came whole.
type EmailAccountList struct {
	// Accounts are in the order of the list, each id once. The caller owns them.
	Accounts []EmailAccount
	// Requests is the number of requests it took. It is set with an error, too.
	Requests int
}

// EmailAccounts lists the mailboxes of the account, in as many requests as it takes: GET /email-accounts/, a hundred at
// a time. The live answer is a bare array; one in "data" is taken as well. It holds passwords of some mailboxes, and
// reasons of failures that may: the fields of EmailAccount are decoded, and whatever else is skipped token by token.
//
// Only an id that can't be read makes an answer a bad one. The error is an *Error, or wraps the end of ctx.
func (c *Client) EmailAccounts(ctx context.Context) (EmailAccountList, error) {
	ctx, end := c.begin(ctx)
	defer end()
	var list EmailAccountList
	seen := map[int64]bool{}
	for offset := 0; ; {
		var page []EmailAccount
		req := &request{
			path:  "/email-accounts/",
			query: url.Values{"offset": {strconv.Itoa(offset)}, "limit": {strconv.Itoa(emailAccountsPage)}},
			read: func(body *pageReader, _ time.Time) error {
				page = nil
				answer := envelope{bare: true, maxRows: maxEmailAccounts, row: func(d *jsontext.Decoder) error {
					account, err := readEmailAccount(d)
					page = append(page, account)
					return err
				}}
				_, err := answer.read(body)
				return err
			},
		}
		err := c.do(ctx, req)
		list.Requests += req.sent
		if err != nil {
			return EmailAccountList{Requests: list.Requests}, err
		}
		fresh := 0
		for _, account := range page {
			if !seen[account.ID] {
				seen[account.ID] = true
				list.Accounts = append(list.Accounts, account)
				fresh++
			}
		}
		offset += len(page)
		switch {
		case len(page) != emailAccountsPage: // there is no total: a short page is the last one, a longer one is all
			return list, nil
		case fresh == 0 || offset > maxEmailAccounts: // the server doesn't mind the offset, and would go on for ever
			return EmailAccountList{Requests: list.Requests}, &Error{
				Op: req.op(), Reason: ErrIncomplete, Message: errNothingNew.Error(),
			}
		}
	}
}

func readEmailAccount(d *jsontext.Decoder) (EmailAccount, error) {
	a := EmailAccount{DailyLimit: -1, SentToday: -1, Campaigns: -1}
	err := readObject(d, func(name string) error {
		switch name {
		case "id":
			return readID(d, &a.ID)
		case "from_email":
			return readAs(d, &a.Address, shortText)
		case "type":
			return readAs(d, &a.Type, upperText)
		case "client_id":
			return readAs(d, &a.ClientID, clientID)
		case "is_smtp_success":
			return readAs(d, &a.SMTPUp, flagOrNil)
		case "is_imap_success":
			return readAs(d, &a.IMAPUp, flagOrNil)
		case "message_per_day":
			return readAs(d, &a.DailyLimit, countOrUnknown)
		case "daily_sent_count":
			return readAs(d, &a.SentToday, countOrUnknown)
		case "campaign_count":
			return readAs(d, &a.Campaigns, countOrUnknown)
		case "warmup_details":
			return readWarmup(d, &a.Warmup)
		default:
			return skipValue(d)
		}
	})
	if err == nil && a.ID == 0 {
		err = errors.New("id is missing")
	}
	return a, err
}

// readWarmup reads an object; anything else is a mailbox that isn't warmed up.
func readWarmup(d *jsontext.Decoder, warmup **Warmup) error {
	if d.PeekKind() != jsontext.KindBeginObject {
		return skipValue(d)
	}
	w := &Warmup{Sent: -1, Spam: -1, Reputation: -1}
	*warmup = w
	return readObject(d, func(name string) error {
		switch name {
		case "status":
			return readAs(d, &w.Status, upperText)
		case "total_sent_count":
			return readAs(d, &w.Sent, countOrUnknown)
		case "total_spam_count":
			return readAs(d, &w.Spam, countOrUnknown)
		case "warmup_reputation":
			return readAs(d, &w.Reputation, percentOrUnknown)
		default:
			return skipValue(d)
		}
	})
}

func upperText(v jsontext.Value) string {
	return strings.ToUpper(cutText(strings.TrimSpace(scalarText(v))))
}

// countOrUnknown reads a count of which nothing depends but itself: what is none is -1.
func countOrUnknown(v jsontext.Value) int64 {
	n, known, err := parseCount(v)
	if err != nil || !known {
		return -1
	}
	return n
}

// flagOrNil reads true or false; null and what is neither are unknown.
func flagOrNil(v jsontext.Value) *bool {
	flag, known := parseFlag(v)
	if !known || v.Kind() == jsontext.KindNull || bytes.Equal(v, []byte(`""`)) {
		return nil
	}
	return &flag
}

// percentOrUnknown reads "97%", "97" or 97 as 0.97.
func percentOrUnknown(v jsontext.Value) float64 {
	text := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(scalarText(v)), "%"))
	percent, err := strconv.ParseFloat(text, 64)
	if err != nil || !(percent >= 0 && percent <= 100) { // not a number is neither
		return -1
	}
	return percent / 100
}
