package simulator

import (
	"net/http"
	"time"
)

const (
	demoSeed = 1
	// demoSpeed makes ten minutes pass in a second: a working day of eight hours takes less than a minute, so a graph
	// moves while one watches.
	demoSpeed = 600
)

// DemoPerMinute is how many requests a minute the headers of a demonstration speak of. Nobody is held to it.
const DemoPerMinute = 6000

// DemoExpiredKey is the one key that a demonstration refuses, as that of a plan that has expired, so that being refused
// can be tried.
const DemoExpiredKey = "expired"

// RunDemo returns the API of a simulator of its own, with the campaigns of a [Demo]. They begin to live now, on a
// Monday morning of their own time, of which ten minutes pass in a second. Every key is accepted but [DemoExpiredKey].
func RunDemo() (http.Handler, error) {
	clock := AcceleratedClock(demoStart(time.Now()), demoSpeed)
	sim, err := New(Options{
		Campaigns: Demo(demoSeed, clock()), Mailboxes: DemoMailboxes(demoSeed, clock()), Clock: clock,
		Limits: Limits{PerMinute: DemoPerMinute}, ExpiredKeys: []string{DemoExpiredKey},
	})
	if err != nil {
		return nil, err
	}
	return Dated(sim, clock), nil
}

// DemoPast returns the API of a simulator with the campaigns of RunDemo, in whose past and present time passes as it does for
// us. Where RunDemo's time has come to, both hold the same; but here all campaigns have a row for each e-mail, since others
// don't tell their past.
func DemoPast() (http.Handler, error) {
	campaigns := Demo(demoSeed, demoStart(time.Now()))
	for i := range campaigns {
		campaigns[i].Shape = PerEmail
	}
	return New(Options{Campaigns: campaigns, ExpiredKeys: []string{DemoExpiredKey}})
}

// Dated has a simulator tell its own time, which is not ours: by the time of the first page a client keeps out e-mails
// that are sent between two pages, and at this speed there often are some.
func Dated(sim http.Handler, clock func() time.Time) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", clock().UTC().Format(http.TimeFormat))
		sim.ServeHTTP(w, r)
	})
}

// demoStart returns when the campaigns begin to live: on the morning of the newest Monday. Begun on a weekend, they
// would send nothing for minutes.
func demoStart(now time.Time) time.Time {
	const opens = 9 // o'clock, UTC
	now = now.UTC()
	sinceMonday := (int(now.Weekday()) + 6) % 7
	monday := time.Date(now.Year(), now.Month(), now.Day()-sinceMonday, opens, 0, 0, 0, time.UTC)
	if monday.After(now) {
		monday = monday.AddDate(0, 0, -7)
	}
	return monday
}
