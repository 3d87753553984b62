package estimate

import (
	"fmt"
	"io"
	"time"

	"github.com/prometheus/common/model"

	"smartlead_exporter/smartlead"
)

// worthTelling is how long asking has to take before it is told in advance.
const worthTelling = 5 * time.Second

// waitFor returns how long the limits make so many requests take, from a budget that was idle: it lets a tenth of each
// limit go at once, and the rest at nine tenths of it.
func waitFor(requests int, limits smartlead.Limits) time.Duration {
	wait := func(limit int, window time.Duration) time.Duration {
		if limit <= 0 {
			return 0
		}
		rest := max(0, float64(requests)-smartlead.Burst(limit))
		return time.Duration(rest / (float64(limit) * 0.9) * float64(window))
	}
	return max(wait(limits.PerMinute, time.Minute), wait(limits.PerHour, time.Hour))
}

// writeAhead tells what asking is going to take, if one has to wait for it.
func writeAhead(w io.Writer, requests int, limits smartlead.Limits) {
	if wait := waitFor(requests, limits); wait >= worthTelling {
		fmt.Fprintf(w, "  asking:     for %s of campaigns takes %s, which the limits let go in about %s\n",
			"the sizes", counted(requests, "request"), model.Duration(wait.Round(time.Second)))
	}
}

// progress shows on a terminal how far asking is, in a line that what is written for good takes the place of. The zero
// value shows nothing.
type progress struct {
	terminal io.Writer
	shown    bool
}

func (p *progress) show(done, of int) {
	if p.terminal == nil {
		return
	}
	fmt.Fprintf(p.terminal, "\r\x1b[K  asking for campaign %d of %d", done, of)
	p.shown = true
}

func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.terminal, "\r\x1b[K")
		p.shown = false
	}
}
