package collector

import (
	"time"

	"smartlead_exporter/smartlead"
)

// ahead returns which part of the tokens that a refresh takes have to be there when it begins, so that it is read without
// waiting for one, as fast as the limit a minute allows. It is 0 where that limit binds, under which hardly any can be saved up.
func (q *quota) ahead() float64 {
	perMinute := q.state.Limits
	perMinute.PerHour = 0
	switch burst := perMinute.Sustained(); {
	case q.unbounded():
		return 0
	case burst == 0:
		return 1
	default:
		return 1 - min(1, 60*q.perSecond()/burst)
	}
}

// readable returns when the tokens are there with which a refresh of so many requests is read without waiting for one. What
// is read quickly is as of now when it is shown. One that is too large for that, and those beside it, have to wait in between.
func (q *quota) readable(cost float64, claimed claims, now time.Time) time.Time {
	ahead := q.ahead()
	if ahead == 0 {
		return now
	}
	saved := q.state.HourLeft - ahead*float64(claimed.all+claimed.large)
	if claimed.large > 0 && saved < 0 {
		return now
	}
	most := smartlead.Burst(q.state.Limits.PerHour) / 2          // half of what can be saved up, so that none is lost
	need := ahead*cost + (1-ahead)*min(cost, q.state.MinuteLeft) // since so many leave at once
	return now.Add(seconds(max(0, min(need, most)-saved) / q.perSecond()))
}
