// Package episode says what of a trouble that comes and goes is news: its begin and its end, and where it comes and goes
// time and again, a line every [Window].
package episode

import "time"

// Window is how often a trouble that goes on, or comes again and again, is told of at the most.
const Window = 10 * time.Minute

// News is what there is to tell.
type News int

// What may be news.
const (
	Nothing News = iota
	Begins       // the trouble has just begun, or has another cause by now
	GoesOn       // it began again since it was last told of, or was noticed again
	Ends         // it is over
)

// Episode is a trouble. The zero value is one that never was. It isn't safe for concurrent use.
type Episode struct {
	// Since is when it began; where it came again within Window, when it began for the first time.
	Since time.Time
	// Times is how often it began, or was noticed, since then.
	Times int

	on     bool
	begun  int       // lines that told of a begin since before
	told   time.Time // the newest line
	ended  time.Time // when it ended last
	silent bool      // its end isn't told yet, since it comes again and again
	untold bool      // it began again since the newest line
}

// On reports whether the trouble lasts.
func (e *Episode) On() bool { return e.on }

// Begin takes note that the trouble began, or was noticed again.
func (e *Episode) Begin(now time.Time) News {
	wasOn := e.on
	e.on = true
	if !wasOn && !e.silent && (e.ended.IsZero() || now.Sub(e.ended) >= Window) {
		*e = Episode{Since: now, Times: 1, on: true, begun: 1, told: now}
		return Begins
	}
	e.Times++
	e.untold = true
	if !wasOn && !e.silent && e.begun < 2 { // the second time is told like the first one
		e.begun++
		e.Since, e.Times, e.told, e.untold = now, 1, now, false
		return Begins
	}
	if !wasOn {
		e.silent = true
	}
	return e.Tick(now)
}

// Change takes note that the trouble has another cause by now, which is news, but where it comes and goes.
func (e *Episode) Change(now time.Time) News {
	if !e.on {
		return e.Begin(now)
	}
	e.untold = true
	if e.silent {
		return e.Tick(now)
	}
	e.told, e.untold = now, false
	return Begins
}

// End takes note that the trouble is over.
func (e *Episode) End(now time.Time) News {
	if !e.on {
		return e.Tick(now)
	}
	e.on, e.ended = false, now
	if e.silent {
		return e.Tick(now)
	}
	e.untold = false
	return Ends
}

// Tick says what is news by the mere passing of time.
func (e *Episode) Tick(now time.Time) News {
	switch {
	case e.silent && !e.on && now.Sub(e.ended) >= Window:
		e.silent, e.untold, e.begun = false, false, 0
		return Ends
	case e.on && e.untold && now.Sub(e.told) >= Window:
		e.told, e.untold = now, false
		return GoesOn
	default:
		return Nothing
	}
}

// Next returns when Tick is to be called; zero if that isn't needed.
func (e *Episode) Next() time.Time {
	var next time.Time
	if e.silent && !e.on {
		next = e.ended.Add(Window)
	}
	if at := e.told.Add(Window); e.on && e.untold && (next.IsZero() || at.Before(next)) {
		next = at
	}
	return next
}

// Lasted returns how long the trouble lasted that ended last: from Since on, pauses included.
func (e *Episode) Lasted() time.Duration { return e.ended.Sub(e.Since) }
