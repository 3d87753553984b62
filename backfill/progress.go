package backfill

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"smartlead_exporter/smartlead"
)

// logEvery is how often the log is told how far it is, where no terminal shows it.
const logEvery = 30 * time.Second

// progress shows how far it is: on a terminal in a line that replaces itself, else in the log.
type progress struct {
	terminal io.Writer
	logger   log.Logger
	shown    bool
	logged   time.Time

	done, of, requests int
}

func (p *progress) begin(of, done int) {
	p.of, p.done, p.logged = of, done, time.Now()
	_ = level.Info(p.logger).Log("msg", "writing the past of campaigns, within the configured rate_limit: an exporter that runs with the same key doesn't know of it, so give each a share",
		"campaigns", of, "had_already", done)
}

// asking returns a context with which a campaign is asked for.
func (p *progress) asking(ctx context.Context, id int64) context.Context {
	show := func(what string) {
		p.show(fmt.Sprintf("campaign %d of %d (%d), request %d%s", p.done+1, p.of, id, p.requests, what))
	}
	return smartlead.WithProgress(ctx, smartlead.Progress{
		Asked: func() {
			p.requests++
			show("")
			p.log(id)
		},
		Waiting: func(waits bool) {
			if waits {
				show(", waiting for the request limit")
			}
		},
	})
}

// finished takes note that a campaign was had.
func (p *progress) finished(id int64, rows int) {
	p.done++
	_ = level.Debug(p.logger).Log("msg", "a campaign was counted", "campaign_id", id, "rows", rows)
}

// log tells the log how far it is, now and then, if no terminal shows it.
func (p *progress) log(id int64) {
	if p.terminal == nil && time.Since(p.logged) >= logEvery {
		p.logged = time.Now()
		_ = level.Info(p.logger).Log("msg", "counting", "campaigns", p.done, "of", p.of, "campaign_id", id, "requests", p.requests)
	}
}

func (p *progress) warn(keyvals ...any) {
	p.clear()
	_ = level.Warn(p.logger).Log(keyvals...)
}

// clearLine goes to the begin of a terminal's line and clears it.
const clearLine = "\r\x1b[K"

// Above returns a writer for a log that has a terminal in common with the progress: its lines take the place of that, which
// goes on below.
func Above(terminal io.Writer) io.Writer { return above{terminal} }

type above struct{ terminal io.Writer }

func (a above) Write(lines []byte) (int, error) {
	n, err := a.terminal.Write(append([]byte(clearLine), lines...))
	return max(0, n-len(clearLine)), err
}

func (p *progress) show(text string) {
	if p.terminal != nil {
		fmt.Fprint(p.terminal, clearLine+text)
		p.shown = true
	}
}

func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.terminal, clearLine)
		p.shown = false
	}
}
