package episode_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"smartlead_exporter/internal/episode"
)

// What is told of a trouble, minute by minute: B and E are its begin and its end, as they happen, N is that it is noticed
// again; b, e and o are what is told, in the minute in which it is.
func TestNews(t *testing.T) {
	for _, tc := range []struct{ name, happens, want string }{
		{"one that ends soon", "B.E", "0b 2e"},
		{"one that lasts", "B" + strings.Repeat(".", 40) + "E", "0b 41e"},
		{"one that is noticed again, once", "BNE" + strings.Repeat(".", 30), "0b 2e"},
		{"one that is noticed again, and again", "B" + strings.Repeat("N", 25) + "E", "0b 10o 20o 26e"},
		{"one that comes a second time", "B.E.B.E", "0b 2e 4b 6e"},
		{"one that comes much later", "B.E" + strings.Repeat(".", 15) + "B.E" + strings.Repeat(".", 15) + "B.E", "0b 2e 18b 20e 36b 38e"},
		{"one that comes and goes", strings.Repeat("BE", 20) + strings.Repeat(".", 15), "0b 1e 2b 3e 12o 22o 32o 49e"},
		{"one that comes a third time and stays", "BEBEB" + strings.Repeat(".", 20) + "E" + strings.Repeat(".", 12), "0b 1e 2b 3e 12o 35e"},
		{"an end without a begin", "E", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var e episode.Episode
			start := time.Unix(1e9, 0)
			var told []string
			for minute, what := range tc.happens {
				now := start.Add(time.Duration(minute) * time.Minute)
				news := []episode.News{episode.Nothing}
				if next := e.Next(); !next.IsZero() && !now.Before(next) {
					news[0] = e.Tick(now)
				}
				switch what {
				case 'B', 'N':
					news = append(news, e.Begin(now))
				case 'E':
					news = append(news, e.End(now))
				}
				for _, n := range news {
					if n != episode.Nothing {
						told = append(told, fmt.Sprintf("%d%c", minute, " boe"[n]))
					}
				}
			}
			if got := strings.Join(told, " "); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
