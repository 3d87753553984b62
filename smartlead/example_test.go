package smartlead_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"time"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// startAPI starts a simulated API, so that the examples run without a key and without a network.
func startAPI() *httptest.Server {
	sim, err := simulator.New(simulator.Options{
		Keys:      []string{"example-key"},
		Campaigns: []simulator.Campaign{{ID: 12345, Source: simulator.Rows(1500, 100)}},
	})
	if err != nil {
		panic(err)
	}
	return httptest.NewServer(sim)
}

// A client is made once and asked as often as its data should be fresh.
func Example() {
	api := startAPI()
	defer api.Close()

	client, err := smartlead.NewClient(smartlead.Options{
		// A function, so that a key that is replaced, in a file or a vault, is used at once.
		Key:     func() (string, error) { return "example-key", nil },
		BaseURL: api.URL + "/api/v1", // leave it out to ask the real API
		// One for all clients of a program, which keeps the quota of each key.
		Budgets:   smartlead.NewBudgets(),
		Limits:    &smartlead.Limits{PerMinute: 60, PerHour: 1000, Concurrency: 4},
		UserAgent: "mailreport/1.0",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	statistics, err := client.Statistics(context.Background(), smartlead.StatisticsQuery{CampaignID: 12345})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d rows in %d requests\n", statistics.Rows, statistics.Requests)
	for _, step := range statistics.Steps {
		fmt.Printf("step %d: %d sent, %d replied, %d bounced\n", step.SequenceNumber, step.Sent, step.Replied, step.Bounced)
	}
	// Output:
	// 1500 rows in 2 requests
	// step 1: 500 sent, 50 replied, 25 bounced
	// step 2: 500 sent, 50 replied, 25 bounced
	// step 3: 500 sent, 50 replied, 25 bounced
}

// Reasons tell failures apart that call for different things. The error's fields say more.
func ExampleError() {
	api := startAPI()
	defer api.Close()

	client, err := smartlead.NewClient(smartlead.Options{
		Key:     func() (string, error) { return "example-key", nil },
		BaseURL: api.URL + "/api/v1",
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	_, err = client.Statistics(context.Background(), smartlead.StatisticsQuery{CampaignID: 99999})
	switch {
	case errors.Is(err, smartlead.ErrNotFound):
		fmt.Println("gone, or another account's")
	case errors.Is(err, smartlead.ErrUnauthorized):
		fmt.Println("time for another key")
	}
	if failure, ok := errors.AsType[*smartlead.Error](err); ok {
		fmt.Printf("status %d: %s\n", failure.StatusCode, failure.Message)
	}
	fmt.Printf("as a label: %s\n", string(smartlead.ReasonOf(err)))
	// Output:
	// gone, or another account's
	// status 404: Campaign not found - Invalid campaign_id.
	// as a label: not_found
}

// How long a round over several campaigns takes at best follows from the limits.
func ExampleLimits_Sustained() {
	limits := smartlead.Limits{PerMinute: 60, PerHour: 1000, Concurrency: 4}
	requests := 40 // one for each campaign
	atBest := time.Duration(float64(requests) / limits.Sustained() * float64(time.Minute))
	fmt.Printf("%.0f requests a minute: every %s\n", limits.Sustained(), atBest.Round(time.Second))
	// Output: 15 requests a minute: every 2m40s
}
