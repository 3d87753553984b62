package simulator

import "time"

// category is what a lead's reply was found to be.
type category struct {
	ID        int64   `json:"id"`
	CreatedAt string  `json:"created_at"`
	Name      string  `json:"name"`
	Sentiment *string `json:"sentiment_type"`
}

var (
	positive = "positive"
	negative = "negative"
	neutral  = "neutral"
)

// categories are those that the platform comes with, and one of the user's own.
var categories = []category{
	{1, "2022-01-01T00:00:00.000Z", "Interested", &positive},
	{2, "2022-01-01T00:00:00.000Z", "Meeting Request", &positive},
	{3, "2022-01-01T00:00:00.000Z", "Not Interested", &negative},
	{4, "2022-01-01T00:00:00.000Z", "Do Not Contact", &negative},
	{5, "2022-01-01T00:00:00.000Z", "Information Request", &positive},
	{6, "2022-01-01T00:00:00.000Z", "Out Of Office", &neutral},
	{7, "2022-01-01T00:00:00.000Z", "Wrong Person", &negative},
	{77001, "2025-01-01T00:00:00.000Z", "Knows us", nil},
}

// isPositive reports whether a category says that a lead is interested.
func isPositive(name string) bool {
	for _, c := range categories {
		if c.Name == name {
			return c.Sentiment == &positive
		}
	}
	return false
}

// category returns what a reply of a lead was found to be by a time, "" for nothing so far.
func (m *Model) category(lead uint32, reply, now int64) string {
	usual := [...]string{"Interested", "Not Interested", "Out Of Office"}
	r := mix(m.Seed ^ uint64(lead)<<8)
	at := reply
	if m.CategoryLate > 0 {
		at += int64(r % uint64(m.CategoryLate.Milliseconds()+1))
	}
	if now < at {
		return ""
	}
	r = mix(r)
	changes := at + (24*time.Hour + time.Duration(r%96)*time.Hour).Milliseconds()
	if float64(r>>11)/(1<<53) < m.Recategorise && now >= changes {
		return usual[(lead+1)%3]
	}
	return usual[lead%3]
}
