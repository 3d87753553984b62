package smartlead_test

import (
	"testing"

	"smartlead_exporter/smartlead"
)

func TestAdvertisedNote(t *testing.T) {
	for _, tt := range []struct {
		name      string
		limits    smartlead.Limits
		told      int
		perMinute bool
		binds     bool
		want      string
	}{
		{"nothing", smartlead.DefaultLimits(), -1, false, false, ""},
		{"the same", smartlead.DefaultLimits(), 60, true, false, ""},
		{"of another window", smartlead.DefaultLimits(), 200, false, false, ""},
		{"lower", smartlead.DefaultLimits(), 20, true, true, "the API allows 20 requests a minute, fewer than are configured (60); its limit is kept to"},
		{
			"higher, where the hour binds", smartlead.DefaultLimits(), 200, true, false,
			"the API allows 200 requests a minute, more than are configured (60), which other programs may need; the 1000 an hour bind, " +
				"so that a higher limit a minute alone changes nothing, and without them it would be 12.0 times as fresh, if the API allows it",
		},
		{
			"higher, where the minute binds", smartlead.Limits{PerMinute: 10, PerHour: 1200}, 15, true, false,
			"the API allows 15 requests a minute, more than are configured (10), which other programs may need; with that limit data would be up to 1.5 times as fresh",
		},
		{
			"higher, where both bind", smartlead.Limits{PerMinute: 10, PerHour: 1200}, 40, true, false,
			"the API allows 40 requests a minute, more than are configured (10), which other programs may need; with that limit data would be up to 2.0 times as fresh; " +
				"the 1200 an hour bind, and without them it would be 4.0 times as fresh, if the API allows it",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			state := smartlead.BudgetState{Configured: tt.limits, Advertised: tt.told, AdvertisedPerMinute: tt.perMinute, AdvertisedBinds: tt.binds}
			if got := state.AdvertisedNote(); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}
