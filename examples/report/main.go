// Command report prints what each campaign of an account has sent and what came back. It asks the API at
// SMARTLEAD_BASE_URL, Smartlead's own by default, with the key in SMARTLEAD_API_KEY.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"smartlead_exporter/smartlead"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := report(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

func report(ctx context.Context) error {
	client, err := smartlead.NewClient(smartlead.Options{
		Key:       func() (string, error) { return os.Getenv("SMARTLEAD_API_KEY"), nil },
		BaseURL:   os.Getenv("SMARTLEAD_BASE_URL"),
		Budgets:   smartlead.NewBudgets(),
		Limits:    &smartlead.Limits{PerMinute: 60, PerHour: 1000, Concurrency: 4},
		UserAgent: "report/1.0",
	})
	if err != nil {
		return err
	}
	defer client.Close()

	list, err := client.Campaigns(ctx, smartlead.CampaignsQuery{})
	if err != nil {
		return err
	}
	for _, campaign := range list.Campaigns {
		statistics, err := client.Statistics(ctx, smartlead.StatisticsQuery{CampaignID: campaign.ID})
		if err != nil {
			return err
		}
		for _, step := range statistics.Steps {
			fmt.Printf("%s, step %d: %d sent, %d replied, %d bounced\n", campaign.Name, step.SequenceNumber, step.Sent, step.Replied, step.Bounced)
		}
	}
	return nil
}
