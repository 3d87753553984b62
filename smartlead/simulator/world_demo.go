package simulator

import "time"

// Demo returns an agency's campaigns as they stand at a time, with a history of up to twelve weeks, and as they go on
// from there: a healthy one and its subsequence, a long one, one with a bad list, one that has stalled, one without
// open tracking, a completed and a new one. Equal arguments make equal campaigns.
//
// The per-e-mail campaigns among them hold at most some thousand rows at start, and none grows for ever: the active
// ones have leads for two years or more, and are completed then.
func Demo(seed uint64, start time.Time) []Campaign {
	var (
		outbound = Tag{ID: 1, Name: "outbound"}
		nurture  = Tag{ID: 2, Name: "nurture"}
		trial    = Tag{ID: 3, Name: "trial"}
	)
	const (
		founders = 101
		northwin = 77 // clients of the agency
		contoso  = 78
	)
	return []Campaign{
		demoCampaign(seed, Campaign{
			ID: founders, Name: "Founders Q4", ClientID: northwin, Tags: []Tag{outbound},
		}, Model{
			Start: workdaysBefore(start, 25), LeadsPerDay: 40, Leads: 25_000, Steps: 3, DaysBetween: 3,
			Read: 0.56, Click: 0.07, Reply: 0.06, Unsubscribe: 0.003, Bounce: 0.012, Fade: 0.15,
		}),
		demoCampaign(seed, Campaign{
			ID: 102, Name: "Founders Q4: interested", ParentID: founders, ClientID: northwin, Tags: []Tag{outbound},
		}, Model{
			Start: workdaysBefore(start, 18), LeadsPerDay: 4, Leads: 5_000, Steps: 2, DaysBetween: 4,
			Read: 0.82, Click: 0.3, Reply: 0.2, Unsubscribe: 0.002, Bounce: 0.002,
		}),
		demoCampaign(seed, Campaign{
			ID: 103, Name: "Newsletter to partners", Tags: []Tag{nurture}, Shape: PerSequence,
		}, Model{
			Start: workdaysBefore(start, 60), LeadsPerDay: 60, Leads: 40_000, Steps: 8, DaysBetween: 5,
			Read: 0.48, Click: 0.05, Reply: 0.018, Unsubscribe: 0.004, Bounce: 0.008, Fade: 0.06,
		}),
		demoCampaign(seed, Campaign{
			ID: 104, Name: "Trade fair list", ClientID: "78", Tags: []Tag{outbound, trial}, Order: NewestFirst,
		}, Model{
			Start: workdaysBefore(start, 12), LeadsPerDay: 50, Leads: 30_000, Steps: 2, DaysBetween: 3,
			Read: 0.27, Click: 0.02, Reply: 0.008, Unsubscribe: 0.012, Bounce: 0.062, Fade: 0.2,
		}),
		demoCampaign(seed, Campaign{
			ID: 105, Name: "Agencies, second wave", ClientID: contoso, Tags: []Tag{outbound},
		}, Model{
			Start: workdaysBefore(start, 22), Stop: workdaysBefore(start, 4), LeadsPerDay: 35, Steps: 3, DaysBetween: 2,
			Read: 0.51, Click: 0.05, Reply: 0.04, Unsubscribe: 0.004, Bounce: 0.015, Fade: 0.15,
		}),
		demoCampaign(seed, Campaign{
			ID: 106, Name: "Law firms", ClientID: contoso, TrackSettings: []string{DontTrackOpens}, Shape: PerSequence,
		}, Model{
			Start: workdaysBefore(start, 30), LeadsPerDay: 45, Leads: 30_000, Steps: 4, DaysBetween: 4,
			Read: 0.53, Click: 0.03, Reply: 0.035, Unsubscribe: 0.003, Bounce: 0.01, Fade: 0.1,
		}),
		demoCampaign(seed, Campaign{
			ID: 107, Name: "Summer webinar", Status: StatusCompleted, Tags: []Tag{nurture}, Shape: PerSequence,
		}, Model{
			Start: workdaysBefore(start, 50), LeadsPerDay: 80, Leads: 1200, Steps: 3, DaysBetween: 3,
			Read: 0.6, Click: 0.15, Reply: 0.05, Unsubscribe: 0.004, Bounce: 0.01, Fade: 0.12,
		}),
		demoCampaign(seed, Campaign{
			ID: 108, Name: "Product hunters", ClientID: northwin, Tags: []Tag{trial},
		}, Model{
			Start: workdaysBefore(start, 1), LeadsPerDay: 30, Leads: 20_000, Steps: 4, DaysBetween: 2,
			Read: 0.61, Click: 0.09, Reply: 0.055, Unsubscribe: 0.002, Bounce: 0.014, Fade: 0.12,
		}),
	}
}

// demoCampaign completes a campaign with what all of a Demo have in common.
func demoCampaign(seed uint64, c Campaign, m Model) Campaign {
	m.Seed = mix(seed ^ uint64(c.ID)<<32)
	m.BodyBytes = 400
	m.Variants, m.CategoryLate, m.Recategorise = 2, 8*time.Hour, 0.1
	c.MaxLeadsPerDay = m.LeadsPerDay
	c.CreatedAt = m.Start.Add(-26 * time.Hour)
	c.UpdatedAt = m.Start
	c.Source = Live(m)
	return c
}

// workdaysBefore returns the begin of the n-th working day before a time.
func workdaysBefore(t time.Time, n int) time.Time {
	day := midnight(t)
	for n > 0 {
		day = day.AddDate(0, 0, -1)
		if wd := day.Weekday(); wd != time.Saturday && wd != time.Sunday {
			n--
		}
	}
	return day
}
