package collector_test

import (
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead"
)

// What stands in for the API's client, in short.
type (
	api        = testkit.Fetcher
	answer     = testkit.Answer
	catalogAPI = testkit.Lister
)

var newAPI = testkit.NewFetcher

// failure is what a client returns for a refresh that fails.
func failure(reason smartlead.Reason) error {
	return &smartlead.Error{Op: "GET /campaigns/1/statistics", Reason: reason, Message: "as the test wants it"}
}

// numbers returns 1 to n, to be ids.
func numbers(n int) []int64 {
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = int64(i + 1)
	}
	return ids
}
