package exporter_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/collector"
	"smartlead_exporter/config"
	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// Packages that may not import one another say the same of the API.

func TestDefaultsAgree(t *testing.T) {
	t.Parallel()
	if config.DefaultBaseURL != smartlead.DefaultBaseURL {
		t.Errorf("the configuration's base URL is %s, the client's %s", config.DefaultBaseURL, smartlead.DefaultBaseURL)
	}
	if !strings.HasSuffix(smartlead.DefaultBaseURL, simulator.DefaultPrefix) {
		t.Errorf("the client asks below %s, the simulator answers below %s", smartlead.DefaultBaseURL, simulator.DefaultPrefix)
	}
	if time.Duration(config.DefaultRequestTimeout) != smartlead.DefaultRequestTimeout {
		t.Errorf("the configuration's request timeout is %s, the client's %s", config.DefaultRequestTimeout, smartlead.DefaultRequestTimeout)
	}
}

func TestStatusesAgree(t *testing.T) {
	t.Parallel()
	simulated := []string{
		simulator.StatusDrafted, simulator.StatusActive, simulator.StatusPaused,
		simulator.StatusStopped, simulator.StatusCompleted, simulator.StatusArchived,
	}
	if diff := cmp.Diff(collector.Statuses(), simulated); diff != "" {
		t.Errorf("statuses of the collector and of the simulator (-collector +simulator):\n%s", diff)
	}
	warnings := func(status string) (text string) {
		cfg, err := config.Parse("config.yml", fmt.Appendf(nil, "accounts: [{api_key: the-key, discovery: {statuses: [%s]}}]", status))
		if err != nil {
			t.Error(err)
		}
		return fmt.Sprint(cfg.Warnings)
	}
	for _, status := range collector.Statuses() {
		if got := warnings(status); strings.Contains(got, "status") {
			t.Errorf("the configuration doesn't know %s: %s", status, got)
		}
	}
	if got, want := warnings("UNHEARD"), "the known ones are "+strings.Join(collector.Statuses(), ", "); !strings.Contains(got, want) {
		t.Errorf("the configuration says %q of a status, want that %s", got, want)
	}
}

// The steps that can be asked for are the same to all.
func TestStepsAgree(t *testing.T) {
	t.Parallel()
	sim := newSimulator(t, simulator.Options{})
	client, err := smartlead.NewClient(smartlead.Options{
		Key: func() (string, error) { return "the-key", nil }, Limits: &smartlead.Limits{}, Transport: simulator.Transport(sim),
	})
	if err != nil {
		t.Fatal(err)
	}
	for step, good := range map[int]bool{0: false, 1: true, 20: true, 21: false} {
		_, err := config.Parse("config.yml", fmt.Appendf(nil, "accounts: [{api_key: the-key, campaigns: [{id: 1, sequence_numbers: [%d]}]}]", step))
		if (err == nil) != good {
			t.Errorf("the configuration says of step %d: %v", step, err)
		}
		sim.ForgetRequests()
		if _, err = client.Statistics(t.Context(), smartlead.StatisticsQuery{CampaignID: 1, SequenceNumbers: []int{step}}); (err == nil) != good {
			t.Errorf("the client or the API says of step %d: %v", step, err)
		}
		if asked := len(sim.Requests()) > 0; asked != good {
			t.Errorf("the client asked the API for step %d: %t", step, asked)
		}
	}
}
