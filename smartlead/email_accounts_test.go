package smartlead_test

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead"
)

// recordedMailbox has the fields of a mailbox of the live API, the passwords that it has for some among them.
const recordedMailbox = `{"id":1847,"created_at":"2026-01-02T03:04:05.678Z","user_id":1,"from_name":"Ada","from_email":"ada@acme.example",
 "username":"ada@acme.example","password":"hunter2","smtp_host":"smtp.acme.example","smtp_port":465,"smtp_port_type":"SSL","imap_password":"hunter3",
 "message_per_day":40,"different_reply_to_address":"","is_different_imap_account":false,"signature":"<p>Ada</p>","custom_tracking_domain":null,
 "is_smtp_success":true,"is_imap_success":false,"smtp_failure_error":null,"imap_failure_error":"login with hunter3 failed","type":"smtp",
 "daily_sent_count":12,"client_id":77,"campaign_count":3,"tags":[{"id":1,"name":"warm","color":"#fff"}],
 "warmup_details":{"status":"ACTIVE","total_sent_count":"812","total_spam_count":4,"warmup_reputation":"97%","blocked_reason":null,"max_email_per_day":20}}`

func TestEmailAccounts(t *testing.T) {
	recorded := smartlead.EmailAccount{
		ID: 1847, Address: "ada@acme.example", Type: "SMTP", ClientID: "77", SMTPUp: new(true), IMAPUp: new(false),
		DailyLimit: 40, SentToday: 12, Campaigns: 3,
		Warmup: &smartlead.Warmup{Status: "ACTIVE", Sent: 812, Spam: 4, Reputation: 0.97},
	}
	unknown := smartlead.EmailAccount{ID: 5, DailyLimit: -1, SentToday: -1, Campaigns: -1}
	cold := smartlead.Warmup{Sent: -1, Spam: -1, Reputation: -1}
	warm := func(reputation float64) smartlead.EmailAccount {
		a := unknown
		a.Warmup = &smartlead.Warmup{Sent: -1, Spam: -1, Reputation: reputation}
		return a
	}
	for _, tt := range []struct {
		name, body string
		want       []smartlead.EmailAccount
	}{
		{"recorded", `[` + recordedMailbox + `]`, []smartlead.EmailAccount{recorded}},
		{"in data", `{"ok":true,"data":[` + recordedMailbox + `]}`, []smartlead.EmailAccount{recorded}},
		{"none", `[]`, nil},
		{"an id alone", `[{"id":"5"}]`, []smartlead.EmailAccount{unknown}},
		{"words and numbers written otherwise", `[{"id":"5","type":" gmail ","client_id":77.0,"warmup_details":{"status":" active "}}]`, []smartlead.EmailAccount{{ID: 5, Type: "GMAIL", ClientID: "77", DailyLimit: -1, SentToday: -1, Campaigns: -1, Warmup: &smartlead.Warmup{Status: "ACTIVE", Sent: -1, Spam: -1, Reputation: -1}}}},
		{"nulls", `[{"id":5,"is_smtp_success":null,"warmup_details":null,"client_id":null,"message_per_day":null,"type":null}]`, []smartlead.EmailAccount{unknown}},
		{"nonsense", `[{"id":5,"is_smtp_success":"perhaps","warmup_details":[1],"client_id":{},"message_per_day":-1,"daily_sent_count":"many","campaign_count":1.5}]`, []smartlead.EmailAccount{unknown}},
		{"twice", `[{"id":5},{"id":5,"campaign_count":1}]`, []smartlead.EmailAccount{unknown}},
		{"no warm-up", `[{"id":5,"warmup_details":{}}]`, []smartlead.EmailAccount{{ID: 5, DailyLimit: -1, SentToday: -1, Campaigns: -1, Warmup: &cold}}},
		{"reputation as a number", `[{"id":5,"warmup_details":{"warmup_reputation":100}}]`, []smartlead.EmailAccount{warm(1)}},
		{"reputation as text", `[{"id":5,"warmup_details":{"warmup_reputation":" 96.5 %"}}]`, []smartlead.EmailAccount{warm(0.965)}},
		{"reputation beyond", `[{"id":5,"warmup_details":{"warmup_reputation":"101%"}}]`, []smartlead.EmailAccount{warm(-1)}},
		{"reputation unknown", `[{"id":5,"warmup_details":{"warmup_reputation":"NaN"}}]`, []smartlead.EmailAccount{warm(-1)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := newClient(t, respond(http.StatusOK, tt.body)).EmailAccounts(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(smartlead.EmailAccountList{Accounts: tt.want, Requests: 1}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// mailboxes is a page of mailboxes with these ids.
func mailboxes(from, to int) string {
	var rows []string
	for id := from; id <= to; id++ {
		rows = append(rows, fmt.Sprintf(`{"id":%d}`, id))
	}
	return `[` + strings.Join(rows, ",") + `]`
}

func TestEmailAccountsPages(t *testing.T) {
	for _, tt := range []struct {
		name     string
		pages    []string
		want     int
		requests int
		reason   smartlead.Reason
	}{
		{name: "a short page", pages: []string{mailboxes(1, 99)}, want: 99, requests: 1},
		{name: "a full page", pages: []string{mailboxes(1, 100), `[]`}, want: 100, requests: 2},
		{name: "three pages", pages: []string{mailboxes(1, 100), mailboxes(101, 200), mailboxes(201, 250)}, want: 250, requests: 3},
		{name: "a page that moved", pages: []string{mailboxes(1, 100), mailboxes(100, 150)}, want: 150, requests: 2},
		{name: "all at once", pages: []string{mailboxes(1, 350)}, want: 350, requests: 1},
		{name: "the same page for ever", pages: []string{mailboxes(1, 100)}, requests: 2, reason: smartlead.ErrIncomplete},
		{name: "a second page that fails", pages: []string{mailboxes(1, 100), `{"error":"no"}`}, requests: 2, reason: smartlead.ErrBadResponse},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := newClient(t, pages(tt.pages...)).EmailAccounts(t.Context())
			if smartlead.ReasonOf(err) != tt.reason || len(got.Accounts) != tt.want || got.Requests < tt.requests {
				t.Errorf("got %d mailboxes in %d requests and %v, want %d in %d and reason %q",
					len(got.Accounts), got.Requests, err, tt.want, tt.requests, tt.reason)
			}
		})
	}
	var offsets []int
	client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
		offsets = append(offsets, offset)
		if r.URL.Path != "/api/v1/email-accounts/" || r.URL.Query().Get("limit") != "100" {
			t.Errorf("asked %s", r.URL)
		}
		_, _ = w.Write([]byte(mailboxes(offset+1, min(offset+100, 230))))
	}))
	if got, err := client.EmailAccounts(t.Context()); err != nil || len(got.Accounts) != 230 {
		t.Errorf("got %d mailboxes and %v, want 230", len(got.Accounts), err)
	}
	if diff := cmp.Diff([]int{0, 100, 200}, offsets); diff != "" {
		t.Errorf("offsets (-want +got):\n%s", diff)
	}
}

// badLists are answers that are no list of anything.
var badLists = map[string]string{
	"nothing": "", "an empty object": `{}`, "a failure": `{"success":false,"data":[]}`, "an error": `{"error":"no"}`,
	"a message": `{"message":"Plan expired!"}`, "plain text": "no", "a web page": "<html><title>no</title></html>",
	"a number": `[1]`, "no id": `[{"name":"a"}]`, "an id of null": `[{"id":null}]`, "an id of 0": `[{"id":0}]`,
	"an id of a word": `[{"id":"a"}]`, "a wrong id": `[{"id":-1}]`, "cut off": `[{"id":1}`, "followed by more": `[]1`,
}

func TestEmailAccountsRefuses(t *testing.T) {
	for name, body := range badLists {
		t.Run(name, func(t *testing.T) {
			got, err := newClient(t, respond(http.StatusOK, body)).EmailAccounts(t.Context())
			if !errors.Is(err, smartlead.ErrBadResponse) || got.Accounts != nil {
				t.Errorf("got %+v and %v, want ErrBadResponse", got, err)
			}
		})
	}
}
