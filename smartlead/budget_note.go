package smartlead

import (
	"fmt"
	"time"
)

// AdvertisedNote says in a sentence how the server's limit compares with the configured ones, which of minute and hour
// binds and how much more could be asked; "" if that isn't known, or if they are equal.
func (s BudgetState) AdvertisedNote() string {
	configured := s.Configured
	switch {
	case !s.AdvertisedPerMinute || s.Advertised == configured.PerMinute:
		return ""
	case s.AdvertisedBinds:
		return fmt.Sprintf("the API allows %d requests a minute, fewer than are configured (%d); its limit is kept to", s.Advertised, configured.PerMinute)
	case s.Advertised < configured.PerMinute:
		return ""
	}
	now := configured.Sustained()
	configured.PerMinute = s.Advertised
	raised := configured.Sustained()
	all := refill(s.Advertised, time.Minute) * 60
	note := fmt.Sprintf("the API allows %d requests a minute, more than are configured (%d), which other programs may need", s.Advertised, s.Configured.PerMinute)
	if raised > now*1.01 {
		note += fmt.Sprintf("; with that limit data would be up to %.1f times as fresh", raised/now)
	}
	if all > raised*1.01 {
		note += fmt.Sprintf("; the %d an hour bind", configured.PerHour)
		if raised <= now*1.01 {
			note += ", so that a higher limit a minute alone changes nothing"
		}
		note += fmt.Sprintf(", and without them it would be %.1f times as fresh, if the API allows it", all/now)
	}
	return note
}
