//go:build race

package reliability_test

// raceDetector: the exporter has it, too, and uses several times as much memory with it.
const raceDetector = true
