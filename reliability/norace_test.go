//go:build !race

package reliability_test

const raceDetector = false

// defaultWeeks are as many as fit in some ten seconds.
const defaultWeeks = 2
