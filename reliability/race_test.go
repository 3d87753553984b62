//go:build race

package reliability_test

// raceDetector: the exporter has it, too, and uses several times as much memory with it.
const raceDetector = true

// defaultWeeks are fewer than without the race detector, under which everything takes several times as long.
const defaultWeeks = 1
