package backfill

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"smartlead_exporter/collector"
	"smartlead_exporter/smartlead"
)

// headOfHistory is how every history begins.
const headOfHistory = "# HELP smartlead_"

// writeFile writes the history and puts it in its place when it is whole. It returns how many samples it has.
func writeFile(ctx context.Context, path string, kept *partial) (samples int64, err error) {
	//nolint:gosec // Who runs promtool, often another user, is to read it; no secret is in it.
	file, err := os.OpenFile(path+".tmp", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			_ = file.Close()
			_ = os.Remove(file.Name())
		}
	}()
	w := &writer{Writer: bufio.NewWriterSize(file, 1<<20), plan: kept.plan}
	if err := w.all(ctx, kept); err != nil {
		return 0, err
	}
	for _, finish := range []func() error{w.Flush, file.Sync, file.Close} {
		if err := finish(); err != nil {
			return 0, err
		}
	}
	return w.samples, os.Rename(file.Name(), path)
}

type writer struct {
	*bufio.Writer

	plan    *plan
	line    []byte
	samples int64
}

// all writes family after family, as the format wants them, so that it reads each campaign several times.
func (w *writer) all(ctx context.Context, kept *partial) error {
	eachCampaign := func(write func(plannedCampaign, *campaignPast) error) error {
		for _, planned := range w.plan.Campaigns {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			past, err := kept.campaign(planned.ID)
			if err != nil {
				return err
			}
			if err := write(planned, &past); err != nil {
				return err
			}
		}
		return nil
	}
	for c := range smartlead.Count(len(counts{})) {
		family := collector.CountFamily(c)
		w.family(family)
		err := eachCampaign(func(planned plannedCampaign, past *campaignPast) error {
			for i := range past.Steps {
				values := []string{strconv.FormatInt(planned.ID, 10), strconv.Itoa(past.Steps[i].Step)}
				if err := w.step(family, c, &past.Steps[i], values); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	family := collector.InfoFamily()
	w.family(family)
	err := eachCampaign(func(planned plannedCampaign, past *campaignPast) error {
		if len(past.Steps) == 0 {
			return nil
		}
		first := slices.MinFunc(past.Steps, func(a, b stepPast) int { return int(a.First - b.First) }).First
		return w.step(family, 0, &stepPast{First: first, Changes: []change{{first, counts{1}}}}, planned.Info)
	})
	if err != nil {
		return err
	}
	_, err = w.WriteString("# EOF\n")
	return err
}

func (w *writer) family(f collector.Family) {
	fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s gauge\n", f.Name, escape(f.Help), f.Name)
}

// step writes a series: a sample for each slot from its first to the last.
func (w *writer) step(f collector.Family, c smartlead.Count, s *stepPast, values []string) error {
	labels := maps.Clone(w.plan.Labels)
	for i, name := range f.Labels {
		if values[i] != "" { // to Prometheus such a label isn't there
			labels[name] = values[i]
		}
	}
	w.line = append(w.line[:0], f.Name+labelText(labels)+" "...)
	prefix := len(w.line)
	seconds := int64(w.plan.Step / time.Second)
	var value int64
	changes := s.Changes
	for slot := s.First; slot <= w.plan.last(); slot++ {
		for len(changes) > 0 && changes[0].Slot <= slot {
			value += changes[0].By[c]
			changes = changes[1:]
		}
		w.line = strconv.AppendInt(w.line[:prefix], value, 10)
		w.line = append(w.line, ' ')
		w.line = strconv.AppendInt(w.line, slot*seconds, 10)
		w.line = append(w.line, '\n')
		if _, err := w.Write(w.line); err != nil {
			return err
		}
		w.samples++
	}
	return nil
}

// labelText returns labels as the format has them, in ascending order of the name.
func labelText(labels map[string]string) string {
	names := make([]string, 0, len(labels))
	for name := range labels {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		names[i] = name + `="` + escape(labels[name]) + `"`
	}
	return "{" + strings.Join(names, ",") + "}"
}

func escape(text string) string { return escaper.Replace(text) }

var escaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
