package backfill_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/backfill"
	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead/simulator"
)

// How far it is is told in a line of a terminal that replaces itself, or by the log twice a minute, also in the middle of a
// campaign; and the limits of the key are kept.
func TestProgress(t *testing.T) {
	t.Parallel()
	for name, onTerminal := range map[string]bool{"terminal": true, "log": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(until.Add(50 * time.Hour)))
				w := newWorld(t,
					simulator.Campaign{ID: 1, Source: simulator.Rows(40_000, 0)}, simulator.Campaign{ID: 2, Source: simulator.Rows(2000, 0)})
				f := flags(t, nil)
				o, logged := options(t, f, "campaigns: [1, 2]", w)
				o.Config.Accounts[0].RateLimit.PerMinute = 30
				var terminal bytes.Buffer
				if onTerminal {
					o.Terminal = &terminal
				}
				begun := time.Now()
				if err := backfill.Run(t.Context(), o); err != nil {
					t.Fatalf("%v; log:\n%s", err, logged)
				}
				took := time.Since(begun)
				if took < 75*time.Second || took > 3*time.Minute {
					t.Errorf("43 requests at 30 a minute took %s", took)
				}
				times := testkit.CountLines(logged.String(), `msg=counting campaigns=0 of=2 campaign_id=1 requests=`)
				shown := regexp.MustCompile(`campaign 1 of 2 \(1\), request \d+`).FindAllString(terminal.String(), -1)
				if onTerminal != (times == 0) || !onTerminal && times < int(took/(31*time.Second))-1 {
					t.Errorf("the log tells %d times how far it is, in %s:\n%s", times, took, logged)
				}
				if onTerminal != (len(shown) >= 40) || onTerminal && !strings.HasSuffix(terminal.String(), "\r\x1b[K") {
					t.Errorf("the terminal was shown %q", terminal.String())
				}
				if onTerminal && !strings.Contains(terminal.String(), ", waiting for the request limit") {
					t.Error("it isn't told that it waits")
				}
			})
		})
	}
}

// A log's lines don't run on from the progress.
func TestLogAboveProgress(t *testing.T) {
	t.Parallel()
	var terminal bytes.Buffer
	terminal.WriteString("\r\x1b[Kcampaign 1 of 2")
	if n, err := backfill.Above(&terminal).Write([]byte("a line\n")); n != 7 || err != nil {
		t.Errorf("wrote %d bytes, %v", n, err)
	}
	if got, want := terminal.String(), "\r\x1b[Kcampaign 1 of 2\r\x1b[Ka line\n"; got != want {
		t.Errorf("the terminal was shown %q, want %q", got, want)
	}
}
