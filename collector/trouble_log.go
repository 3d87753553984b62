package collector

import (
	"time"

	"github.com/go-kit/log/level"

	"smartlead_exporter/internal/episode"
	"smartlead_exporter/smartlead"
)

// told is what the log is told of an account: when it begins to fail as a whole, when the reason changes, and when it ends.
// What comes and goes is summed up every episode.Window. Store.mu guards it.
type told struct {
	account episode.Episode
	reason  smartlead.Reason // the account's newest
	err     error

	list       episode.Episode
	listReason smartlead.Reason // the list's newest, since it failed; "" if that wasn't told
	listErr    error

	batches []*batch
}

// sayTrouble tells that an account as a whole fails. s.mu is held.
func (s *Store) sayTrouble(a *account, err error, now time.Time) {
	a.told.reason, a.told.err = a.trouble.reason, err
	s.tellAccount(a, a.told.account.Begin(now))
}

// tried takes note that the refresh which tries an account in trouble has failed. s.mu is held.
func (s *Store) tried(a *account, err error, reason smartlead.Reason, now time.Time) {
	key := a.trouble.keyID
	a.tried(reason, now)
	if !ofAccount(reason) || a.trouble.reason == a.told.reason && a.trouble.keyID == key {
		return
	}
	a.told.reason, a.told.err = a.trouble.reason, err
	s.tellAccount(a, a.told.account.Change(now))
}

// sayWell tells that an account is well again, if it wasn't. s.mu is held.
func (s *Store) sayWell(a *account, now time.Time) {
	if a.told.account.On() {
		s.tellAccount(a, a.told.account.End(now))
	}
}

// tellAccount tells what is news of an account's trouble. s.mu is held.
func (s *Store) tellAccount(a *account, news episode.News) {
	about := []any{"account", a.name, "campaigns", s.campaignsOf(a), "reason", string(a.told.reason)}
	switch news {
	case episode.Begins:
		msg, next := "nothing can be had for the account; it is tried again by one refresh at a time", a.trouble.retryAt
		if a.told.reason == smartlead.ErrUnauthorized {
			msg = "the API refuses the account's key; nothing is asked with it until the next try, or until it changes"
			if state, limited := a.state(); limited && !state.KeyRefusedUntil.IsZero() {
				next = state.KeyRefusedUntil
			}
		}
		s.tell(level.Warn, msg, about, "err", a.told.err, "next_try", stamp(next))
	case episode.GoesOn:
		s.tell(level.Warn, "the account fails again and again", about, "err", a.told.err, "times", a.told.account.Times,
			"since", stamp(a.told.account.Since))
	case episode.Ends:
		s.tell(level.Info, "the account is answered again", about, "after", a.told.account.Lasted().Round(time.Second))
	case episode.Nothing:
	}
}

// sayListFailed tells that an account's list fails, where the account as a whole doesn't. s.mu is held.
func (s *Store) sayListFailed(a *account, err error, reason smartlead.Reason, now time.Time) {
	news := episode.Nothing
	switch {
	case a.trouble.reason != "" && ofAccount(reason): // which is told
	case !a.told.list.On():
		a.told.listReason, a.told.listErr = reason, err
		news = a.told.list.Begin(now)
	case a.told.listReason != reason:
		a.told.listReason, a.told.listErr = reason, err
		news = a.told.list.Change(now)
	}
	if news == episode.Nothing {
		s.say(level.Debug, "msg", "listing the campaigns failed", "account", a.name, "reason", string(reason), "err", err)
		return
	}
	s.tellList(a, news)
}

// sayListed tells that an account's list can be had again, if it couldn't. s.mu is held.
func (s *Store) sayListed(a *account, now time.Time) {
	if a.told.list.On() {
		s.tellList(a, a.told.list.End(now))
	}
}

// tellList tells what is news of an account's list. s.mu is held.
func (s *Store) tellList(a *account, news episode.News) {
	about := []any{"account", a.name, "reason", string(a.told.listReason)}
	switch news {
	case episode.Begins:
		s.tell(level.Warn, "listing the campaigns failed; what is known of them stays", about, "err", a.told.listErr)
	case episode.GoesOn:
		s.tell(level.Warn, "listing the campaigns fails again and again", about, "err", a.told.listErr, "times", a.told.list.Times,
			"since", stamp(a.told.list.Since))
	case episode.Ends:
		s.tell(level.Info, "listing the campaigns succeeds again", about, "after", a.told.list.Lasted().Round(time.Second))
	case episode.Nothing:
	}
}

// sayDue tells what has waited to be told, and returns when to look again; zero if nothing waits. s.mu is held.
func (s *Store) sayDue(now time.Time) (again time.Time) {
	for _, a := range s.accounts {
		s.tellAccount(a, a.told.account.Tick(now))
		s.tellList(a, a.told.list.Tick(now))
		s.sayBatches(a, now)
		again = sooner(again, sooner(a.told.account.Next(), a.told.list.Next()))
		for _, b := range a.told.batches {
			again = sooner(again, b.until)
		}
	}
	return again
}

// tell has a line logged that says what it is about. s.mu is held.
func (s *Store) tell(at leveled, msg string, about []any, keyvals ...any) {
	s.say(at, append(append([]any{"msg", msg}, about...), keyvals...)...)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
