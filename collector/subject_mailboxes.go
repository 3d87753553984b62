package collector

import (
	"context"
	"strconv"
	"strings"

	"smartlead_exporter/smartlead"
)

var mailboxesSubject = &subject{
	name: "mailboxes",
	pieces: []*piece{{fetch: func(ctx context.Context, from Source, _ smartlead.StatisticsQuery) (finding, int, error) {
		list, err := from.EmailAccounts(ctx)
		return &mailboxes{list.Accounts}, list.Requests, err
	}}},
}

// mailboxes are those that an account sends from.
type mailboxes struct {
	list []smartlead.EmailAccount
}

func (m *mailboxes) size() int { return len(m.list) }

func (m *mailboxes) show(to sink, about *about) {
	to.gauge(mailboxesFamily, float64(len(m.list)), about.account)
	for i := range m.list {
		showMailbox(to, about, &m.list[i])
	}
}

func showMailbox(to sink, about *about, m *smartlead.EmailAccount) {
	id := strconv.FormatInt(m.ID, 10)
	address := ""
	if about.addresses {
		address = m.Address
	}
	to.gauge(mailboxInfoFamily, 1, about.account, id, m.Type, m.ClientID, domainOf(m.Address), address)
	flag := func(f *family, up *bool) {
		if up != nil {
			to.gauge(f, boolValue(*up), about.account, id)
		}
	}
	count := func(f *family, n int64) {
		if n >= 0 {
			to.gauge(f, float64(n), about.account, id)
		}
	}
	flag(mailboxSMTPFamily, m.SMTPUp)
	flag(mailboxIMAPFamily, m.IMAPUp)
	count(mailboxDailyLimitFamily, m.DailyLimit)
	count(mailboxSentTodayFamily, m.SentToday)
	count(mailboxCampaignsFamily, m.Campaigns)
	w := m.Warmup
	if w == nil {
		return
	}
	if w.Reputation >= 0 {
		to.gauge(mailboxReputationFamily, w.Reputation, about.account, id)
	}
	count(mailboxWarmupSpamFamily, w.Spam)
	count(mailboxWarmupSentFamily, w.Sent)
	if w.Status != "" {
		to.gauge(mailboxWarmupStatusFamily, 1, about.account, id, w.Status)
	}
}

// domainOf returns what follows the @ of an address, in small letters; "" if there is none.
func domainOf(address string) string {
	_, domain, _ := strings.Cut(address, "@")
	if strings.ContainsAny(domain, "@ <>") { // a name with the address, or no address at all
		return ""
	}
	return strings.ToLower(domain)
}
