//go:build race

package reliability_test

// defaultWeeks are fewer than without the race detector, under which everything takes several times as long.
const defaultWeeks = 1
