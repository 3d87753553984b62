package simulator_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// client asks over a transport, as the program does.
func client(t *testing.T, transport http.RoundTripper) *smartlead.Client {
	t.Helper()
	c, err := smartlead.NewClient(smartlead.Options{
		Key: func() (string, error) { return "demo", nil }, BaseURL: "http://simulator.invalid" + simulator.DefaultPrefix,
		Limits: &smartlead.Limits{}, Transport: transport,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The numbers grow while one watches, whenever one comes, weekends included.
func TestRunDemoMoves(t *testing.T) {
	t.Parallel()
	for _, later := range []time.Duration{0, 40 * time.Hour, 68 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(later) // after the midnight of a Saturday
			api, err := simulator.RunDemo()
			if err != nil {
				t.Fatal(err)
			}
			c := client(t, simulator.Transport(api))
			list, err := c.Campaigns(t.Context(), smartlead.CampaignsQuery{})
			if err != nil {
				t.Fatal(err)
			}
			sent := func() (n int64) {
				for i := range list.Campaigns {
					s, err := c.Statistics(t.Context(), smartlead.StatisticsQuery{CampaignID: list.Campaigns[i].ID})
					if err != nil {
						t.Fatal(err)
					}
					for _, step := range s.Steps {
						n += step.Sent
					}
				}
				return n
			}
			day := time.Now().Format("Mon 15:04")
			before := sent()
			time.Sleep(15 * time.Second)
			if after := sent(); after <= before {
				t.Errorf("%s: %v e-mails were sent, and %v 15 s later", day, before, after)
			}
		})
	}
}

// What a demonstration begins with is what its past ends with, at whatever moment of a week, and from there it goes on
// without a leap: nothing falls, nothing is of the future, and nothing that was there is another.
func TestRunDemoGoesOnFromItsPast(t *testing.T) {
	t.Parallel()
	for _, later := range []time.Duration{0, 47 * time.Hour, 57*time.Hour - time.Second, 108*time.Hour + 12345*time.Millisecond} {
		t.Run(later.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(later) // after the midnight of a Saturday
				past, err := simulator.DemoPast()
				if err != nil {
					t.Fatal(err)
				}
				present, err := simulator.RunDemo()
				if err != nil {
					t.Fatal(err)
				}
				before := map[int64][]simulator.StepCounts{}
				for id := int64(101); id <= 108; id++ {
					before[id], _ = present.Counts(id)
					if want, _ := past.Counts(id); !cmp.Equal(want, before[id]) {
						t.Errorf("campaign %d begins otherwise than its past ends (-past +present):\n%s", id, cmp.Diff(want, before[id]))
					}
				}
				if len(before[103]) != 8 {
					t.Errorf("compared %v", before)
				}
				for _, after := range []time.Duration{time.Second, 10 * time.Second, time.Minute, 3 * time.Hour} {
					time.Sleep(after)
					most := 2 + int64(after.Hours()*1000) // of a step, several times what is sent on the way
					for id, steps := range before {
						now, _ := present.Counts(id)
						for i, was := range steps {
							for kind, by := range map[string]int64{
								"sent": now[i].Sent - was.Sent, "opened": now[i].Opened - was.Opened, "clicked": now[i].Clicked - was.Clicked,
								"replied": now[i].Replied - was.Replied, "unsubscribed": now[i].Unsubscribed - was.Unsubscribed, "bounced": now[i].Bounced - was.Bounced,
							} {
								if by < 0 || by > most {
									t.Errorf("%s of campaign %d, step %d: %+d within %s, want up to %d", kind, id, was.Step, by, after, most)
								}
							}
						}
						before[id] = now
					}
				}
				rows := 0
				_, err = client(t, simulator.Transport(present)).EachRow(t.Context(), smartlead.StatisticsQuery{CampaignID: 101}, smartlead.Times{
					Reset: func() {}, Row: func(row smartlead.RowTimes) {
						rows++
						for _, at := range []time.Time{row.Sent, row.Opened, row.Clicked, row.Replied} {
							if at.After(time.Now()) {
								t.Errorf("at %s something is of %s", time.Now(), at)
							}
						}
					},
				})
				if err != nil || rows < 3000 {
					t.Errorf("read %d rows, %v", rows, err)
				}
			})
		})
	}
}
