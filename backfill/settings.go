package backfill

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"smartlead_exporter/collector"
	"smartlead_exporter/config"
	"smartlead_exporter/smartlead"
)

// Flags are the command line's part.
type Flags struct {
	// File is what to write; "" if no history is wanted.
	File string
	// Step is the time between two samples of a series: whole seconds, at least MinStep.
	Step model.Duration
	// Since and Until bound the samples: RFC 3339, or a date, which begins at midnight UTC. Until may also be "now"; ""
	// is three hours before.
	Since, Until string
	// Labels are name=value, for every series.
	Labels []string
}

// MinStep is the shortest time between two samples.
const MinStep = model.Duration(10 * time.Second)

// head is how long before now samples end by default: Prometheus keeps two to three hours in memory, to which blocks that
// come from elsewhere aren't added.
const head = 3 * time.Hour

// earliest is where the past begins unless Since says so. No campaign is older.
var earliest = time.Date(2015, time.January, 1, 0, 0, 0, 0, time.UTC)

// Check returns what is wrong with the flags, with a remedy.
func (f *Flags) Check() error {
	if f.File == "" {
		if f.Since != "" || f.Until != "" || len(f.Labels) > 0 {
			return errors.New("--backfill.since, --backfill.until and --backfill.label are of --backfill=FILE: write the file as well, or none of them")
		}
		return nil
	}
	_, err := f.resolve(time.Now())
	return err
}

// Settings are what a history depends on besides the rows.
type Settings struct {
	Step         time.Duration     `json:"step"`
	Since, Until time.Time         // in whole milliseconds
	Labels       map[string]string `json:"labels"`
	// Ends is the flag of which Until was made; "" and now depend on the clock.
	Ends string `json:"ends,omitempty"`
	// Accounts is a hash of which campaigns are wanted.
	Accounts string `json:"accounts"`
}

// last returns the last slot of the file's grid. Slot n is n steps after 1970.
func (s *Settings) last() int64 { return floorDiv(s.Until.UnixMilli(), s.Step.Milliseconds()) }

// slot returns the first slot that isn't before a moment.
func (s *Settings) slot(at time.Time) int64 {
	return -floorDiv(-at.UnixMilli(), s.Step.Milliseconds())
}

// moment returns when a slot is, as logs have it.
func (s *Settings) moment(slot int64) string {
	return time.UnixMilli(slot * s.Step.Milliseconds()).UTC().Format(time.RFC3339)
}

func floorDiv(a, b int64) int64 {
	if q := a / b; a%b >= 0 {
		return q
	}
	return a/b - 1
}

func (f *Flags) settings(cfg *config.Config, now time.Time) (Settings, error) {
	s, err := f.resolve(now)
	s.Accounts = hashOf(cfg)
	return s, err
}

func (f *Flags) resolve(now time.Time) (Settings, error) {
	s := Settings{Step: time.Duration(f.Step), Since: earliest, Ends: f.Until}
	if f.Step < MinStep || s.Step%time.Second != 0 {
		return s, fmt.Errorf("--backfill.step=%s: write whole seconds, at least %s; an hour is what the dashboards need", f.Step, MinStep)
	}
	var err error
	if f.Since != "" {
		if s.Since, err = parseMoment("since", f.Since, "2026-01-31T00:00:00Z"); err != nil {
			return s, err
		}
	}
	switch f.Until {
	case "":
		s.Until = now.Add(-head).Truncate(time.Millisecond).UTC()
	case "now":
		s.Until = now.Truncate(time.Millisecond).UTC()
	default:
		if s.Until, err = parseMoment("until", f.Until, "now"); err != nil {
			return s, err
		}
	}
	switch {
	case s.Until.After(now):
		return s, fmt.Errorf("--backfill.until=%s: that is in the future: write now, or an earlier moment", f.Until)
	case !s.Since.Before(s.Until):
		return s, fmt.Errorf("--backfill.since=%s is not before the end, %s: write an earlier one, or another --backfill.until", f.Since, s.Until.Format(time.RFC3339))
	}
	s.Labels, err = parseLabels(f.Labels)
	if err != nil {
		return s, err
	}
	return s, checkFile(f.File)
}

func parseMoment(flag, text, example string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.Truncate(time.Millisecond).UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("--backfill.%s=%s: not a moment: write one as 2026-01-31, 2026-01-31T14:00:00Z or %s", flag, text, example)
}

// parseLabels reads the labels of all series, of which job and instance have to be there.
func parseLabels(list []string) (map[string]string, error) {
	labels := map[string]string{}
	for _, text := range list {
		name, value, ok := strings.Cut(text, "=")
		switch {
		case !ok || !model.LegacyValidation.IsValidLabelName(name) || strings.HasPrefix(name, "__"):
			return nil, fmt.Errorf("--backfill.label=%s: not a label: write name=value, such as job=smartlead", text)
		case value == "" || !model.LabelValue(value).IsValid():
			return nil, fmt.Errorf("--backfill.label=%s: a label without a value, or one that isn't UTF-8: write name=value, or leave it out", text)
		case slices.Contains(ownLabels(), name):
			return nil, fmt.Errorf("--backfill.label=%s: the series have a label %s of their own: write other labels, those of the target", text, name)
		}
		if _, again := labels[name]; again {
			return nil, fmt.Errorf("--backfill.label=%s: %s is given twice: keep one of the two", text, name)
		}
		labels[name] = value
	}
	for _, name := range []string{"job", "instance"} {
		if labels[name] == "" {
			return nil, fmt.Errorf("--backfill.label: no %s, without which the past would be series of its own: write --backfill.label=job=… and "+
				"--backfill.label=instance=… as Prometheus shows the exporter's labels on its page /targets, such as job=smartlead and instance=localhost:10045", name)
		}
	}
	return labels, nil
}

func ownLabels() []string {
	return append(collector.InfoFamily().Labels, collector.CountFamily(smartlead.CountSent).Labels...)
}

// checkFile refuses to replace what isn't a history.
func checkFile(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("--backfill=%s: that isn't a file, which it has to be: name one, such as history.om", path)
	}
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("--backfill: %w: name a file that can be written", err)
	}
	defer file.Close()
	start := make([]byte, len(headOfHistory))
	n, err := io.ReadFull(file, start)
	switch {
	case errors.Is(err, io.EOF), bytes.HasPrefix(start[:n], []byte("# EOF")), string(start[:n]) == headOfHistory:
		return nil
	default:
		return fmt.Errorf("--backfill=%s: that is there and isn't a history: name another file", path)
	}
}

// hashOf returns a hash of what of a configuration says which campaigns are wanted.
func hashOf(cfg *config.Config) string {
	h := sha256.New()
	for _, a := range cfg.Accounts {
		discovery := ""
		if a.Discovery != nil {
			d := *a.Discovery
			d.Interval = config.DefaultDiscoveryInterval
			discovery = config.Account{Discovery: &d}.String()
		}
		fmt.Fprintln(h, a.Name, a.BaseURL, config.Account{Campaigns: a.Campaigns}.String(), discovery)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// differs returns the flag by which settings differ from those with which a run was begun, or "".
func (s *Settings) differs(begun *Settings) string {
	switch {
	case s.Step != begun.Step:
		return "--backfill.step"
	case !s.Since.Equal(begun.Since):
		return "--backfill.since"
	case s.Ends != begun.Ends:
		return "--backfill.until"
	case !maps.Equal(s.Labels, begun.Labels):
		return "--backfill.label"
	case s.Accounts != begun.Accounts:
		return "accounts in the configuration"
	default:
		return ""
	}
}
