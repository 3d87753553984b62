package simulator

import (
	"math/rand/v2"
	"time"
)

// later lets what a Model wants to go otherwise than smoothly happen to the e-mails of one lead, which it returns. It
// draws from a source of its own, so that what else happens in a campaign stays the same.
func (m *Model) later(emails []sending) []sending {
	if m.Delete == 0 && m.Ignore == 0 && m.Stamp == 0 && m.LateBounce == 0 || len(emails) == 0 {
		return emails
	}
	rng := rand.New(rand.NewPCG(^m.Seed, uint64(emails[0].lead)))
	deleted, stamped := rng.Float64() < m.Delete, rng.Float64() < m.Stamp
	toDelete := upTo(rng, 24*time.Hour, 72*time.Hour, 240*time.Hour)
	for i := range emails {
		e := &emails[i]
		ignored, late := rng.Float64() < m.Ignore, rng.Float64() < m.LateBounce
		toIgnore := upTo(rng, time.Hour, 8*time.Hour, 48*time.Hour)
		nights := 1 + rng.IntN(5)
		if e.reply != 0 && ignored {
			e.ignored = e.reply + toIgnore
		}
		if e.bounce != 0 && late {
			e.bounce = midnight(time.UnixMilli(e.bounce)).AddDate(0, 0, nights).Add(3 * time.Hour).UnixMilli()
		}
		if e.reply != 0 && stamped {
			for j := range i {
				if emails[j].reply == 0 {
					emails[j].reply, emails[j].ignored = e.reply, e.ignored
				}
			}
		}
	}
	if !deleted {
		return emails
	}
	gone := emails[0].at + toDelete
	for i := range emails {
		if emails[i].at >= gone {
			return emails[:i] // nobody is left to write to
		}
		emails[i].gone = gone
	}
	return emails
}
