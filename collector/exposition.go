package collector

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"smartlead_exporter/smartlead"
)

// sink takes in what is to be shown. Label values are in the order of the family's labels.
type sink interface {
	gauge(f *family, value float64, labels ...string)
	histogram(f *family, h *histogram, labels ...string)
}

// histogram is one of classic buckets.
type histogram struct {
	count      uint64
	sum        float64
	bounds     []float64 // without infinity
	cumulative []uint64  // observations up to the bound of the same index
}

func (v *Snapshot) show(to sink) {
	v.showState(to)
	v.showMeta(to)
	v.showSteps(to)
}

// showState shows how refreshing the campaign goes.
func (v *Snapshot) showState(to sink) {
	to.gauge(upFamily, boolValue(v.Up), v.ID)
	to.gauge(lastSuccessFamily, timeValue(v.LastSuccess), v.ID)
	to.gauge(refreshDurationFamily, v.Duration.Seconds(), v.ID)
	to.gauge(refreshRequestsFamily, float64(v.Requests), v.ID)
}

// showSteps shows the statistics, if there are any to be shown.
func (v *Snapshot) showSteps(to sink) {
	if v.Statistics == nil {
		return
	}
	for i := range v.Statistics.Steps {
		step := &v.Statistics.Steps[i]
		number := strconv.Itoa(step.SequenceNumber)
		count := func(c smartlead.Count, f *family, n int64) {
			if !step.Unknown.Has(c) {
				to.gauge(f, float64(n), v.ID, number)
			}
		}
		count(smartlead.CountSent, sentFamily, step.Sent)
		count(smartlead.CountOpened, openedFamily, step.Opened)
		count(smartlead.CountClicked, clickedFamily, step.Clicked)
		count(smartlead.CountReplied, repliedFamily, step.Replied)
		count(smartlead.CountUnsubscribed, unsubscribedFamily, step.Unsubscribed)
		count(smartlead.CountBounced, bouncedFamily, step.Bounced)
		if !step.LastSent.IsZero() {
			to.gauge(lastSentFamily, timeValue(step.LastSent), v.ID, number)
		}
	}
	if n := v.Statistics.RowsWithoutStep; n != 0 {
		to.gauge(rowsWithoutStepFamily, float64(n), v.ID)
	}
}

// sameState reports whether showState shows the same of both.
func (v *Snapshot) sameState(other *Snapshot) bool {
	return v.Up == other.Up && v.LastSuccess.Equal(other.LastSuccess) && v.Duration == other.Duration && v.Requests == other.Requests
}

// sameMeta reports whether showMeta shows the same of both.
func (v *Snapshot) sameMeta(other *Snapshot) bool {
	return v.Listed == other.Listed && v.Name == other.Name && v.Account == other.Account
}

// sameSteps reports whether showSteps shows the same of both.
func (v *Snapshot) sameSteps(other *Snapshot) bool {
	return v.Statistics == other.Statistics ||
		v.Statistics != nil && other.Statistics != nil && slices.Equal(v.Statistics.Steps, other.Statistics.Steps) &&
			v.Statistics.RowsWithoutStep == other.Statistics.RowsWithoutStep
}

// showMeta shows what the list of campaigns says.
func (v *Snapshot) showMeta(to sink) {
	to.gauge(infoFamily, 1, InfoValues(v.ID, v.Account, v.Name, v.Listed)...)
	if v.Listed == nil {
		return
	}
	if v.Listed.Status != "" {
		to.gauge(statusFamily, 1, v.ID, v.Listed.Status)
	}
	for _, status := range Statuses() {
		if status != v.Listed.Status {
			to.gauge(statusFamily, 0, v.ID, status)
		}
	}
	for i, tag := range v.Listed.Tags {
		if !slices.Contains(v.Listed.Tags[:i], tag) {
			to.gauge(tagFamily, 1, v.ID, tag)
		}
	}
	to.gauge(openTrackingFamily, boolValue(v.Listed.OpenTracking), v.ID)
	to.gauge(clickTrackingFamily, boolValue(v.Listed.ClickTracking), v.ID)
	if !v.Listed.CreatedAt.IsZero() {
		to.gauge(createdFamily, timeValue(v.Listed.CreatedAt), v.ID)
	}
	if v.Listed.MaxLeadsPerDay >= 0 {
		to.gauge(maxLeadsPerDayFamily, float64(v.Listed.MaxLeadsPerDay), v.ID)
	}
}

func (v *AccountSnapshot) show(to sink) {
	to.gauge(lastDiscoveryFamily, timeValue(v.ListLastSuccess), v.Name)
	if v.ListLastSuccess.IsZero() {
		return // a list that is missing isn't one of none
	}
	to.gauge(omittedFamily, float64(v.Omitted), v.Name)
	count := map[string]int{}
	for _, status := range Statuses() {
		count[status] = 0
	}
	for i := range v.List {
		count[v.List[i].Status]++
	}
	for _, status := range slices.Sorted(maps.Keys(count)) {
		to.gauge(campaignsFamily, float64(count[status]), v.Name, status)
	}
}

// sameList reports whether show shows the same of both.
func (v *AccountSnapshot) sameList(other *AccountSnapshot) bool {
	return v.Name == other.Name && v.ListLastSuccess.Equal(other.ListLastSuccess) && v.Omitted == other.Omitted
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
