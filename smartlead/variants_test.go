package smartlead_test

import (
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// variantCampaign has two steps of three variants each, and a living past.
func variantCampaign(start time.Time) simulator.Campaign {
	return simulator.Campaign{ID: 1, Source: simulator.Live(simulator.Model{
		Seed: 1, Start: start, LeadsPerDay: 300, Steps: 2, DaysBetween: 2, Variants: 3,
		Read: 0.5, Click: 0.1, Reply: 0.2, Bounce: 0.05, Unsubscribe: 0.01,
	})}
}

// The variants of a step add up to the step, also when a page has to be asked for again.
func TestVariants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := newSim(t, variantCampaign(time.Now().AddDate(0, 0, -9)))
		sim.Inject(simulator.Fault{Skip: 1, Times: 1, Effects: []simulator.Effect{simulator.ResetAfter(20_000)}})
		got, err := statistics(t.Context(), newClient(t, sim))
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Steps) != 2 || len(got.Variants) != 6 || got.Rows <= smartlead.MaxPageSize {
			t.Fatalf("got %d rows in %d steps of %d variants", got.Rows, len(got.Steps), len(got.Variants))
		}
		sums := map[int]*smartlead.Step{}
		for i, v := range got.Variants {
			if v.SequenceNumber != i/3+1 || v.Sent == 0 || v.Replied == 0 || v.Bounced == 0 {
				t.Errorf("variant %d is %+v", i, v)
			}
			if sums[v.SequenceNumber] == nil {
				sums[v.SequenceNumber] = &smartlead.Step{SequenceNumber: v.SequenceNumber}
			}
			s := sums[v.SequenceNumber]
			s.Sent += v.Sent
			s.Opened += v.Opened
			s.Clicked += v.Clicked
			s.Replied += v.Replied
			s.Unsubscribed += v.Unsubscribed
			s.Bounced += v.Bounced
		}
		for _, step := range got.Steps {
			step.LastSent = time.Time{}
			if diff := cmp.Diff(step, *sums[step.SequenceNumber]); diff != "" {
				t.Errorf("step and variants of %d (-step +sum):\n%s", step.SequenceNumber, diff)
			}
		}
	})
}

func TestVariantsOfSomeSteps(t *testing.T) {
	client := newClient(t, newSim(t, variantCampaign(time.Now().AddDate(0, 0, -9))))
	got, err := client.Statistics(t.Context(), smartlead.StatisticsQuery{CampaignID: 1, SequenceNumbers: []int{2, 3}})
	if err != nil || len(got.Variants) != 3 {
		t.Fatalf("got %+v and %v, want the three variants of a step", got.Variants, err)
	}
}

func TestVariantBodies(t *testing.T) {
	row := func(i int, variant string) string {
		return `{"stats_id":"` + strconv.Itoa(i) + `","sequence_number":1,"sent_time":"2026-01-05T10:00:00Z","seq_variant_id":` + variant + `}`
	}
	var many []string
	for i := range 1200 {
		many = append(many, row(i, strconv.Itoa(i+1)))
	}
	for _, tt := range []struct {
		name string
		rows []string
		want []smartlead.VariantCounts
	}{
		{"null", []string{row(1, "null")}, nil},
		{"a string", []string{row(1, `"7"`), row(2, "7")}, []smartlead.VariantCounts{{SequenceNumber: 1, VariantID: 7, Sent: 2}}},
		{"nonsense", []string{row(1, `{"id":7}`), row(2, "-1"), row(3, `"A"`)}, nil},
		{"one with, one without", []string{row(1, "7"), row(2, "null")}, []smartlead.VariantCounts{{SequenceNumber: 1, VariantID: 7, Sent: 1}}},
		{"more than can be", many, nil},
	} {
		body := `{"total_stats":"` + strconv.Itoa(len(tt.rows)) + `","data":[` + strings.Join(tt.rows, ",") + `]}`
		got, err := statistics(t.Context(), newClient(t, respond(200, body)))
		if diff := cmp.Diff(tt.want, got.Variants); err != nil || diff != "" {
			t.Errorf("%s: got %v (-want +got):\n%s", tt.name, err, diff)
		}
	}
}
