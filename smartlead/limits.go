package smartlead

import "time"

// Limits are what may be asked. Zero means no limit of that kind. Published numbers disagree (the rate-limit guide says
// 60 a minute and 1,000 an hour), so they are the caller's to choose.
type Limits struct {
	PerMinute   int // requests in any 60 s
	PerHour     int // requests in any 60 min
	Concurrency int // requests at the same time
}

// DefaultLimits returns the limits of the Standard plan, by the current rate-limit guide, and 4 requests at a time.
func DefaultLimits() Limits { return Limits{PerMinute: 60, PerHour: 1000, Concurrency: 4} }

// Shares tells which limits of an account are its share of its key's quota. Shares of accounts with one key add up. A
// limit that is no share is what the key as a whole may ask: it counts once, however many accounts have it, and not at
// all beside a share.
type Shares struct {
	PerMinute, PerHour bool
}

// Sustained returns how many requests a minute the limits allow for hours on end, or 0 where there is no limit.
func (l Limits) Sustained() float64 {
	perMinute := refill(l.PerMinute, time.Minute) * 60
	perHour := refill(l.PerHour, time.Hour) * 60
	switch {
	case perMinute == 0:
		return perHour
	case perHour == 0:
		return perMinute
	default:
		return min(perMinute, perHour)
	}
}

// share is one account's part in a limit.
type share struct {
	limit int  // 0: none
	given bool // as a share
}

// together returns the limit of a key whose accounts have these parts in it, and 0 if there is none.
func together(parts []share) int {
	sum, once, given, free := 0, 0, false, false
	for _, p := range parts {
		switch {
		case p.given:
			given = true
			free = free || p.limit == 0
			sum += p.limit
		case once == 0 || p.limit > 0 && p.limit < once:
			once = p.limit
		}
	}
	switch {
	case !given:
		return once
	case free:
		return 0
	default:
		return sum
	}
}
