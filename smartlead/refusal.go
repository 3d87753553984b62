package smartlead

import (
	"sync"
	"time"
)

const (
	firstRefusal = time.Minute // after the first 401 until the key is tried again; doubled each time
	maxRefusal   = 15 * time.Minute
)

// refusals remember a key the API refused, so that an account with a wrong key, or an expired plan, doesn't ask in vain
// at every scrape. One request is let through at the end of each back-off step; another key is tried at once.
// The zero value remembers none.
type refusals struct {
	mu    sync.Mutex
	key   string    // "": none is refused
	since time.Time // when it was refused
	until time.Time // of the step under way
	step  time.Duration
}

// wait returns how long the key is still considered refused; 0 if it may be tried.
func (r *refusals) wait(key string) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.key == "" || r.key != key {
		return 0
	}
	return max(time.Until(r.until), 0)
}

// admit is wait for a request that is about to be sent: a request it lets through is the only one until the
// step's end.
func (r *refusals) admit(key string) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.key == "" || r.key != key {
		return 0
	}
	if d := time.Until(r.until); d > 0 {
		return d
	}
	r.step = min(2*r.step, maxRefusal)
	r.until = time.Now().Add(r.step)
	return 0
}

// refused takes note of a 401. Of several requests that were under way together the first one counts.
func (r *refusals) refused(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.key == key {
		r.until = time.Now().Add(r.step)
		return
	}
	r.key, r.since, r.step = key, time.Now(), firstRefusal
	r.until = r.since.Add(r.step)
}

// accepted takes note of an answer that isn't a 401, to a request that was sent with this key at this moment. The refused
// key is history then: it was good after all, or has been replaced. It isn't if that request was sent with an older key.
func (r *refusals) accepted(key string, asked time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.key == key || asked.After(r.since) {
		r.key = ""
	}
}
