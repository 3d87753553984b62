package collector

import (
	"slices"
	"strconv"

	"smartlead_exporter/smartlead"
)

// Family is a family of gauges, for who writes it without a store.
type Family struct {
	Name, Help string
	Labels     []string
}

// CountFamily returns the family that shows a count of a step.
func CountFamily(c smartlead.Count) Family {
	return [...]*family{
		smartlead.CountSent: sentFamily, smartlead.CountOpened: openedFamily, smartlead.CountClicked: clickedFamily,
		smartlead.CountReplied: repliedFamily, smartlead.CountUnsubscribed: unsubscribedFamily, smartlead.CountBounced: bouncedFamily,
	}[c].exported()
}

// InfoFamily returns the family that shows a campaign's names.
func InfoFamily() Family { return infoFamily.exported() }

func (f *family) exported() Family {
	return Family{Name: f.name, Help: f.help, Labels: slices.Clone(f.labels)}
}

// InfoValues returns the values of InfoFamily's labels. listed is what the account's list says of the campaign, or nil.
func InfoValues(id, account, name string, listed *smartlead.Campaign) []string {
	client, parent := "", ""
	if listed != nil {
		client = listed.ClientID
		if listed.ParentID > 0 {
			parent = strconv.FormatInt(listed.ParentID, 10)
		}
	}
	return []string{id, account, name, client, parent}
}
