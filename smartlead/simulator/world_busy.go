package simulator

import (
	"errors"
	"math/rand/v2"
	"time"
)

// Busy is a time in which so much happens that a graph moves while one watches. Until From the campaign lives as without
// it, to the e-mail. From then on leads are written to by day and by night, until there are none left; and what comes of
// that comes Faster. What was sent before goes on as it would have.
type Busy struct {
	From         time.Time // zero is never
	LeadsPerHour int
	Faster       float64 // by how much all that happens to a lead is nearer to its first e-mail; at least 1
}

func (b *Busy) validate() error {
	if !b.From.IsZero() && (b.LeadsPerHour <= 0 || b.Faster < 1) {
		return errors.New("in a busy time there must be leads, and nothing happens slower than else")
	}
	return nil
}

// begun reports whether a moment is in the busy time.
func (b *Busy) begun(at time.Time) bool { return !b.From.IsZero() && !at.Before(b.From) }

// busy appends what is sent, ever, to the leads of the busy time's hours that have begun at a time.
func (l *live) busy(dst []sending, now time.Time) []sending {
	b := &l.model.Busy
	if !b.begun(now) || !l.model.Stop.IsZero() && !b.From.Before(l.model.Stop) {
		return dst
	}
	for ; !b.From.Add(time.Duration(l.busyHours) * time.Hour).After(now); l.busyHours++ {
		hour := b.From.Add(time.Duration(l.busyHours) * time.Hour)
		for i := range b.LeadsPerHour {
			if l.model.Leads > 0 && l.leads >= l.model.Leads {
				return dst
			}
			l.leads++
			rng := rand.New(rand.NewPCG(l.model.Seed, uint64(l.leads)))
			share := (float64(i) + rng.Float64()) / float64(b.LeadsPerHour)
			first := hour.Add(time.Duration(share * float64(time.Hour)))
			made := len(dst)
			dst = l.model.lead(dst, rng, uint32(l.leads), first)
			dst = append(dst[:made], l.model.later(dst[made:])...)
			for j := range dst[made:] {
				dst[made+j].hasten(first.UnixMilli(), b.Faster)
			}
		}
	}
	return dst
}

// hasten brings all that happens to an e-mail nearer to a moment.
func (s *sending) hasten(to int64, faster float64) {
	for _, at := range []*int64{&s.at, &s.open, &s.click, &s.reply, &s.bounce, &s.unsubscribe, &s.ignored, &s.gone} {
		if *at != 0 {
			*at = to + int64(float64(*at-to)/faster)
		}
	}
}
