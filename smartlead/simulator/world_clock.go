package simulator

import "time"

// AcceleratedClock returns a clock that shows start now and runs factor times as fast as real time: with 3600, an hour
// passes in a second.
func AcceleratedClock(start time.Time, factor float64) func() time.Time {
	begin := time.Now()
	return func() time.Time {
		return start.Add(time.Duration(float64(time.Since(begin)) * factor))
	}
}
