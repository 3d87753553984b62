package process_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// The status tells of each campaign how often it changes, how it is counted, what its next refresh takes and where it stands
// in the order of what is refreshed next.
func TestStatusOfWhatIsNext(t *testing.T) {
	t.Parallel()
	p, _ := statusOf(t)
	var status struct {
		Accounts []struct {
			Campaigns []struct {
				ID             int64
				Counting       string
				Cost           float64
				ChangesPerHour float64 `json:"changes_per_hour"`
				Place          int
			}
		}
	}
	if err := json.Unmarshal([]byte(p.get("/status", "Accept", "application/json").body), &status); err != nil {
		t.Fatal(err)
	}
	var places []int
	for _, c := range status.Accounts[0].Campaigns {
		places = append(places, c.Place)
		want := "rows"
		if c.ID == 2 { // which was never had
			want = ""
		}
		if c.Counting != want || c.Cost < 1 || c.ChangesPerHour <= 0 {
			t.Errorf("campaign %d: %+v, want method %q, a cost of 1 and some changes", c.ID, c, want)
		}
	}
	slices.Sort(places)
	if !slices.Equal(places, []int{1, 2, 3}) {
		t.Errorf("the places are %v, want 1 to 3", places)
	}
	page := p.get("/status").body
	for _, want := range []string{"Next takes", "Changes an hour", "Counted by", "number 1, ", "number 3, "} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
