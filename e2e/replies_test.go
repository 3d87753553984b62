package e2e_test

import (
	"fmt"
	"maps"
	"testing"
	"time"
)

// by returns the values of a result by a label.
func (r result) by(label string) map[string]float64 {
	values := map[string]float64{}
	for _, s := range r.Series {
		values[s.Labels[label]] = s.Value.Value
	}
	return values
}

// TestReplies: replies are told by category and sentiment, with automatic ones and without, and by how long they took.
func TestReplies(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.June, 10, 12, 0, 0, 0, time.UTC)
	from := now.AddDate(0, 0, -20)
	sent := hourly(100, from, 10)
	lines := append(exporterLines(from, now, 1, 2), counts(1, 1, sent)...)
	lines = append(lines, counts(2, 1, sent)...) // of which replies aren't known
	recorded := func(name string, id int, value func(time.Time) float64) line {
		return line{fmt.Sprintf(`campaign:smartlead_%s:sum{campaign_id="%d"}`, name, id), when(from, now, value)}
	}
	lines = append(lines, recorded("sent", 1, sent), recorded("sent", 2, sent), recorded("replied_by_people", 1, hourly(5, from, 0.5)))
	replies := func(step int, category string, n float64) line {
		return line{fmt.Sprintf(`smartlead_campaign_replies{campaign_id="1",sequence_number="%d",category="%s"}`, step, category), when(from, now, constantly(n))}
	}
	lines = append(lines, replies(1, "Interested", 20), replies(2, "Interested", 12), replies(1, "Out Of Office", 91), replies(1, "Knows us", 4), replies(2, "", 10))
	for category, sentiment := range map[string]string{"Interested": "positive", "Out Of Office": "neutral", "Knows us": "", "Not Interested": "negative"} {
		lines = append(lines,
			line{fmt.Sprintf(`smartlead_reply_category_info{account="a",category="%s",sentiment="%s"}`, category, sentiment), when(from, now, constantly(1))},
			// Another account calls the same by other names.
			line{fmt.Sprintf(`smartlead_reply_category_info{account="b",category="%s",sentiment="negative"}`, category), when(from, now, constantly(1))},
		)
	}
	for le, perHour := range map[string]float64{"3600": 1, "86400": 2, "+Inf": 3} {
		lines = append(lines, line{fmt.Sprintf(`smartlead_campaign_reply_delay_seconds_bucket{campaign_id="1",le="%s"}`, le), when(from, now, hourly(0, from, perHour))})
	}
	prom := written(t, from, now, lines...)

	v := look(t, "campaign.json", now, 7*day, "1")
	v.shows(t, prom, map[string]float64{"Reply rate, all replies A": 0.1, "Reply rate by people A": 0.05})
	for name, want := range map[string]map[string]float64{
		"category":  {"Interested": 32, "Out Of Office": 91, "Knows us": 4, "no category": 10},
		"sentiment": {"positive": 32, "neutral": 91, "no sentiment": 4, "no category": 10},
	} {
		if got := v.asked(t, prom, "Replies by "+name+" A").by(name); !maps.Equal(got, want) {
			t.Errorf("replies by %s: %v, want %v", name, got, want)
		}
	}
	// A third of them within an hour, two thirds within a day: half of them within half of the rest of the day.
	v.shows(t, prom, map[string]float64{"Half reply within A": 3600 + (86400-3600)/2.0})
	for over, query := range map[time.Duration]struct {
		name   string
		column float64
	}{7 * day: {"How long replies take A", 24}, 12 * time.Hour: {"How long replies take B", 1}} {
		v := look(t, "campaign.json", now, over, "1")
		series := v.asked(t, prom, query.name).Series
		if len(series) != 3 {
			t.Fatalf("%s has %d classes, want 3", query.name, len(series))
		}
		for _, s := range series {
			full := s.Values[len(s.Values)-2].Value // the last is the day, or hour, so far
			if want := query.column * map[string]float64{"3600": 1, "86400": 2, "+Inf": 3}[s.Labels["le"]]; full != want {
				t.Errorf("%s: %v up to %s, want %v", query.name, full, s.Labels["le"], want)
			}
		}
	}
	look(t, "overview.json", now, 7*day, "$__all").shows(t, prom, map[string]float64{"Reply rate A": 0.1, "Reply rate by people A": 0.05})
	look(t, "overview.json", now, 7*day, "2").shows(t, prom, map[string]float64{"Reply rate A": 0.1, "Reply rate by people A": nothing})
	look(t, "overview.json", now, 3*time.Hour, "1").shows(t, prom, map[string]float64{"Reply rate by people A": -2})
	look(t, "campaign.json", now, 7*day, "2").shows(t, prom, map[string]float64{"Reply rate by people A": nothing, "Half reply within A": nothing})
}

// TestVariants: variants stand side by side, each with its letter; what is too few to say anything says so.
func TestVariants(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.June, 10, 12, 0, 0, 0, time.UTC)
	from := now.Add(-3 * time.Hour)
	lines := append(exporterLines(from, now, 1), line{`smartlead_campaign_click_tracking{campaign_id="1"}`, when(from, now, constantly(0))})
	variant := func(id, label string, sent, replied float64) {
		labels := fmt.Sprintf(`{campaign_id="1",sequence_number="1",variant_id="%s"}`, id)
		for family, value := range map[string]float64{
			"sent": sent, "opened": sent / 2, "clicked": 0, "replied": replied, "unsubscribed": 0, "bounced": sent / 50,
		} {
			lines = append(lines, line{"smartlead_variant_" + family + labels, when(from, now, constantly(value))})
		}
		if label != "" {
			lines = append(lines, line{fmt.Sprintf(`smartlead_variant_info{campaign_id="1",sequence_number="1",variant_id="%s",label="%s"}`, id, label), when(from, now, constantly(1))})
		}
	}
	variant("11", "A", 400, 20)
	variant("12", "B", 200, 4)
	variant("13", "", 40, 4) // of a step whose texts aren't known yet
	prom := written(t, from, now, lines...)
	v := look(t, "campaign.json", now, 7*day, "1")
	for query, want := range map[string]map[string]float64{
		"A": {"11": 400, "12": 200, "13": 40}, "B": {"11": 0.05, "12": 0.02, "13": -2}, "C": {"11": 0.5, "12": 0.5, "13": -2},
		"D": {"11": -1, "12": -1, "13": -1}, "E": {"11": 0.02, "12": 0.02, "13": -2}, "F": {"11": 0, "12": 0, "13": -2},
	} {
		if got := v.asked(t, prom, "Variants side by side "+query).by("variant_id"); !maps.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	labels := map[string]string{}
	for _, s := range v.asked(t, prom, "Variants side by side A").Series {
		labels[s.Labels["variant_id"]] = s.Labels["label"]
	}
	if want := map[string]string{"11": "A", "12": "B", "13": ""}; !maps.Equal(labels, want) {
		t.Errorf("labels are %v, want %v", labels, want)
	}
}
