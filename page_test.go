package main_test

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
)

// page holds the values of a page's series, by their name and labels as they are written.
type page map[string]float64

func parse(t testing.TB, exposition string) page {
	t.Helper()
	p := page{}
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

// with returns the series that a function chooses.
func (p page) with(choose func(series string) bool) page {
	chosen := maps.Clone(p)
	maps.DeleteFunc(chosen, func(series string, _ float64) bool { return !choose(series) })
	return chosen
}

// none is the value of a series that isn't there.
const none = -1

// want compares some series with a page.
func (p page) want(t testing.TB, when string, want page) {
	t.Helper()
	got := page{}
	for series := range want {
		value, ok := p[series]
		if !ok {
			value = none
		}
		got[series] = value
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: the page is different (-want +got):\n%s", when, diff)
	}
}

// The series that many tests look at.

func sent(id, step int) string {
	return fmt.Sprintf(`smartlead_sent_total{campaign_id="%d",sequence_number="%d"}`, id, step)
}

func up(id int) string { return fmt.Sprintf(`smartlead_campaign_up{campaign_id="%d"}`, id) }

const (
	reloadSuccessful = "smartlead_exporter_config_last_reload_successful"
	reloadTime       = "smartlead_exporter_config_last_reload_success_timestamp_seconds"
)

// unmarshal reads JSON.
func unmarshal[T any](t testing.TB, text string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v, json.RejectUnknownMembers(true)); err != nil {
		t.Errorf("couldn't read %q: %v", text, err)
	}
	return v
}
