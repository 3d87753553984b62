package collector

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"smartlead_exporter/smartlead"
)

// campaignView is what one scrape sees of a campaign.
type campaignView struct {
	account, id, name string
	meta              *smartlead.Campaign   // nil: nothing is known
	statistics        *smartlead.Statistics // nil: nothing to show; never written to
	lastSuccess       time.Time
	up                bool
	duration          time.Duration
	requests          int
}

// accountView is what one scrape sees of an account's list.
type accountView struct {
	name        string
	list        []smartlead.Campaign // never written to
	lastSuccess time.Time
	omitted     int
}

// sink takes in the gauges that are to be shown. Label values are in the order of the family's labels.
type sink interface {
	gauge(f *family, value float64, labels ...string)
}

func (v *campaignView) show(to sink) {
	v.showState(to)
	v.showMeta(to)
	v.showSteps(to)
}

// showState shows how refreshing the campaign goes.
func (v *campaignView) showState(to sink) {
	to.gauge(upFamily, boolValue(v.up), v.id)
	to.gauge(lastSuccessFamily, timeValue(v.lastSuccess), v.id)
	to.gauge(refreshDurationFamily, v.duration.Seconds(), v.id)
	to.gauge(refreshRequestsFamily, float64(v.requests), v.id)
}

// showSteps shows the statistics, if there are any to be shown.
func (v *campaignView) showSteps(to sink) {
	if v.statistics == nil {
		return
	}
	for _, step := range v.statistics.Steps {
		number := strconv.Itoa(step.SequenceNumber)
		to.gauge(sentFamily, float64(step.Sent), v.id, number)
		to.gauge(openedFamily, float64(step.Opened), v.id, number)
		to.gauge(clickedFamily, float64(step.Clicked), v.id, number)
		to.gauge(repliedFamily, float64(step.Replied), v.id, number)
		to.gauge(unsubscribedFamily, float64(step.Unsubscribed), v.id, number)
		to.gauge(bouncedFamily, float64(step.Bounced), v.id, number)
		if !step.LastSent.IsZero() {
			to.gauge(lastSentFamily, timeValue(step.LastSent), v.id, number)
		}
	}
}

// showMeta shows what the list of campaigns says.
func (v *campaignView) showMeta(to sink) {
	if v.meta == nil {
		to.gauge(infoFamily, 1, v.id, v.account, v.name, "", "")
		return
	}
	parent := ""
	if v.meta.ParentID > 0 {
		parent = strconv.FormatInt(v.meta.ParentID, 10)
	}
	to.gauge(infoFamily, 1, v.id, v.account, v.name, v.meta.ClientID, parent)
	if v.meta.Status != "" {
		to.gauge(statusFamily, 1, v.id, v.meta.Status)
	}
	for _, status := range Statuses() {
		if status != v.meta.Status {
			to.gauge(statusFamily, 0, v.id, status)
		}
	}
	for i, tag := range v.meta.Tags {
		if !slices.Contains(v.meta.Tags[:i], tag) {
			to.gauge(tagFamily, 1, v.id, tag)
		}
	}
	to.gauge(openTrackingFamily, boolValue(v.meta.OpenTracking), v.id)
	to.gauge(clickTrackingFamily, boolValue(v.meta.ClickTracking), v.id)
	if !v.meta.CreatedAt.IsZero() {
		to.gauge(createdFamily, timeValue(v.meta.CreatedAt), v.id)
	}
	if v.meta.MaxLeadsPerDay >= 0 {
		to.gauge(maxLeadsPerDayFamily, float64(v.meta.MaxLeadsPerDay), v.id)
	}
}

func (v *accountView) show(to sink) {
	to.gauge(lastDiscoveryFamily, timeValue(v.lastSuccess), v.name)
	to.gauge(omittedFamily, float64(v.omitted), v.name)
	count := map[string]int{}
	for _, status := range Statuses() {
		count[status] = 0
	}
	for i := range v.list {
		count[v.list[i].Status]++
	}
	for _, status := range slices.Sorted(maps.Keys(count)) {
		to.gauge(campaignsFamily, float64(count[status]), v.name, status)
	}
}

func boolValue(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// timeValue is in seconds since 1970; 0 for the zero time.
func timeValue(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

// same reports whether two views of an account show the same.
func (v accountView) same(other accountView) bool {
	return v.name == other.name && v.lastSuccess.Equal(other.lastSuccess) && v.omitted == other.omitted
}
