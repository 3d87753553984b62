package testkit

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Page holds the values of a page's series, by their name and labels as they are written.
type Page map[string]float64

// None is the value of a series that isn't there.
const None = -1

// Parse reads a page in the text format. A line that can't be read, and a series that is there twice, fail the test.
func Parse(t testing.TB, exposition string) Page {
	t.Helper()
	p := Page{}
	for line := range strings.Lines(exposition) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		i := strings.LastIndexByte(line, ' ')
		value, err := strconv.ParseFloat(line[i+1:], 64)
		if err != nil {
			t.Fatalf("couldn't read the line %q: %v", line, err)
		}
		if _, again := p[line[:i]]; again {
			t.Errorf("the series %s is there twice", line[:i])
		}
		p[line[:i]] = value
	}
	return p
}

// With returns the series that a function chooses.
func (p Page) With(choose func(series string) bool) Page {
	chosen := maps.Clone(p)
	maps.DeleteFunc(chosen, func(series string, _ float64) bool { return !choose(series) })
	return chosen
}

// Want compares some series with a page. A series that must not be there has the value None.
func (p Page) Want(t testing.TB, when string, want Page) {
	t.Helper()
	got := Page{}
	for series := range want {
		value, ok := p[series]
		if !ok {
			value = None
		}
		got[series] = value
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: the page is different (-want +got):\n%s", when, diff)
	}
}

// Mentions reports whether a series has this label.
func (p Page) Mentions(label, value string) bool {
	for series := range p {
		if strings.Contains(series, label+"="+strconv.Quote(value)) {
			return true
		}
	}
	return false
}

// Sent is the series of the e-mails sent in a step of a campaign.
func Sent(campaign int64, step int) string {
	return fmt.Sprintf(`smartlead_sent_total{campaign_id="%d",sequence_number="%d"}`, campaign, step)
}

// Up is the series that says whether a campaign's newest refresh succeeded.
func Up(campaign int64) string {
	return fmt.Sprintf(`smartlead_campaign_up{campaign_id="%d"}`, campaign)
}
