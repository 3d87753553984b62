package simulator

import "time"

const (
	demoSeed = 1
	// demoHurry is how many days' leads a busy hour has, and demoFaster by how much faster than else their lives go: ten
	// minutes in a second. So the numbers of all campaigns together move every few seconds.
	demoHurry  = 4
	demoFaster = 600
)

// DemoPerMinute is how many requests a minute the headers of a demonstration speak of. Nobody is held to it.
const DemoPerMinute = 6000

// DemoExpiredKey is the one key that a demonstration refuses, as that of a plan that has expired, so that being refused
// can be tried.
const DemoExpiredKey = "expired"

// RunDemo returns a simulator of its own, with the campaigns of a [Demo], in real time. Up to now they have lived
// at their own speed, as in [DemoPast]; from now on they are [Busy], whatever the day and the hour. Every key is accepted but
// [DemoExpiredKey].
func RunDemo() (*Simulator, error) {
	now := time.Now()
	start := demoStart(now)
	campaigns := Demo(demoSeed, start)
	for i := range campaigns {
		m := campaigns[i].Source.(*live).model
		m.Busy = Busy{From: now, LeadsPerHour: demoHurry * m.LeadsPerDay, Faster: demoFaster}
		campaigns[i].Source = Live(m)
	}
	return newDemo(start, campaigns)
}

// DemoPast returns a simulator with the campaigns of RunDemo, which are never busy. Up to the moment at which
// RunDemo was called, in the same week, both hold the same; but here all campaigns have a row for each e-mail, since others
// don't tell their past.
func DemoPast() (*Simulator, error) {
	start := demoStart(time.Now())
	campaigns := Demo(demoSeed, start)
	for i := range campaigns {
		campaigns[i].Shape = PerEmail
	}
	return newDemo(start, campaigns)
}

func newDemo(start time.Time, campaigns []Campaign) (*Simulator, error) {
	return New(Options{
		Campaigns: campaigns, Mailboxes: DemoMailboxes(demoSeed, start),
		Limits: Limits{PerMinute: DemoPerMinute}, ExpiredKeys: []string{DemoExpiredKey},
	})
}

// demoStart returns when the campaigns stand as a [Demo] says: on the morning of the newest Monday. So all demonstrations of
// a week have the same past.
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
