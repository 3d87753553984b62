package simulator_test

import (
	"fmt"
	"io"
	"log"
	"net/http"

	"smartlead_exporter/smartlead/simulator"
)

// An API that fails once and then answers.
func Example() {
	sim, err := simulator.New(simulator.Options{Campaigns: []simulator.Campaign{{
		ID: 123, Name: "Q4 outreach", Source: simulator.Aggregated(simulator.StepCounts{Step: 1, Sent: 1240, Opened: 372}),
	}}})
	if err != nil {
		log.Fatal(err)
	}
	sim.Inject(simulator.Fault{
		Match:   []simulator.Matcher{simulator.ForCampaign(123)},
		Times:   1,
		Effects: []simulator.Effect{simulator.RespondStatus(http.StatusBadGateway, "bad gateway")},
	})

	client := &http.Client{Transport: simulator.Transport(sim)}
	for range 2 {
		resp, err := client.Get("http://simulator.invalid/api/v1/campaigns/123/statistics?api_key=any") //nolint:noctx // an example is short
		if err != nil {
			log.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			log.Fatal(err)
		}
		_ = resp.Body.Close()
		fmt.Println(resp.StatusCode, string(body))
	}
	fmt.Println(len(sim.Requests()), "requests")
	// Output:
	// 502 bad gateway
	// 200 {"ok":true,"data":[{"campaign_id":123,"sequence_number":1,"sent":1240,"opened":372,"clicked":0,"replied":0,"unsubscribed":0,"bounced":0}],"offset":0,"limit":100}
	// 2 requests
}
