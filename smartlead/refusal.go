package smartlead

import "time"

const (
	firstRefusal = time.Minute // after the first 401 until the key is tried again; doubled each time
	maxRefusal   = 15 * time.Minute
)

// refusal remembers that the API refused the key, so that an account with a wrong key, or an expired plan, doesn't ask
// in vain at every scrape. One request is let through at the end of each back-off step. The zero value remembers none.
type refusal struct {
	until time.Time     // of the step under way
	step  time.Duration // 0: the key isn't refused
}

// wait returns how long the key is still considered refused; 0 if it may be tried.
func (r *refusal) wait(now time.Time) time.Duration {
	if r.step == 0 {
		return 0
	}
	return max(r.until.Sub(now), 0)
}

// admit takes note that a request is let through: it is the only one until the step's end.
func (r *refusal) admit(now time.Time) {
	if r.step != 0 {
		r.step = min(2*r.step, maxRefusal)
		r.until = now.Add(r.step)
	}
}

// refuse takes note of a 401. Of several requests that were under way together the first one counts.
func (r *refusal) refuse(now time.Time) {
	if r.step == 0 {
		r.step = firstRefusal
	}
	r.until = now.Add(r.step)
}
