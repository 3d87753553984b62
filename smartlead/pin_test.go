package smartlead_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"smartlead_exporter/smartlead"
)

// growing is an API with the e-mails of campaign 1, to which others come while it is asked for pages.
type growing struct {
	sent        []time.Time                    // by row, oldest first; zero for one without a time
	newestFirst bool                           //
	filter      func(sent, end time.Time) bool // whether a row passes sent_time_end_date; nil: the filter is ignored
	clock       time.Duration                  // by which the Date header is off
	date        string                         // in place of the Date header; "-" for none
	noTotal     bool
	between     func(page int) // called before each page
	pages       int
	ends        []string // sent_time_end_date, as it came
}

func (g *growing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.pages++
	if g.between != nil {
		g.between(g.pages)
	}
	query := r.URL.Query()
	g.ends = append(g.ends, query.Get("sent_time_end_date"))
	var offset, limit int
	_, _ = fmt.Sscan(query.Get("offset"), &offset)
	_, _ = fmt.Sscan(query.Get("limit"), &limit)
	var rows []string
	for i := range g.sent {
		if g.newestFirst {
			i = len(g.sent) - 1 - i
		}
		if text := query.Get("sent_time_end_date"); text != "" && g.filter != nil {
			end, err := time.Parse("2006-01-02 15:04:05.000Z", text)
			if err != nil || !g.filter(g.sent[i], end) {
				continue
			}
		}
		at := "null"
		if !g.sent[i].IsZero() {
			at = `"` + g.sent[i].UTC().Format("2006-01-02T15:04:05.000Z") + `"`
		}
		rows = append(rows, fmt.Sprintf(`{"stats_id":"r%d","sequence_number":1,"sent_time":%s,"open_count":%d}`, i, at, i%2))
	}
	total := fmt.Sprintf(`"total_stats":"%d",`, len(rows))
	if g.noTotal {
		total = ""
	}
	switch g.date {
	case "":
		w.Header().Set("Date", time.Now().Add(g.clock).UTC().Format(http.TimeFormat))
	case "-":
		w.Header()["Date"] = nil
	default:
		w.Header().Set("Date", g.date)
	}
	first := min(offset, len(rows))
	_, _ = io.WriteString(w, `{`+total+`"data":[`+strings.Join(rows[first:min(first+limit, len(rows))], ",")+`]}`)
}

// arrive has an e-mail sent now.
func (g *growing) arrive() { g.sent = append(g.sent, time.Now()) }

// Whatever the clocks say, in whatever order rows come and whatever becomes of the filter by which those that arrive
// meanwhile are kept out: none is lost of those that were there.
func TestNoRowIsLost(t *testing.T) {
	const rows = 150
	before := func(sent, end time.Time) bool { return !sent.IsZero() && sent.Before(end) }
	filters := map[string]func(sent, end time.Time) bool{
		"exclusive":         before,
		"inclusive":         func(sent, end time.Time) bool { return !sent.IsZero() && !sent.After(end) },
		"in seconds":        func(sent, end time.Time) bool { return before(sent.Round(time.Second), end.Truncate(time.Second)) },
		"in minutes":        func(sent, end time.Time) bool { return before(sent, end.Truncate(time.Minute)) },
		"in days":           func(sent, end time.Time) bool { return before(sent, end.Truncate(24*time.Hour)) },
		"in another zone":   func(sent, end time.Time) bool { return before(sent, end.Add(-5*time.Hour)) },
		"keeping the empty": func(sent, end time.Time) bool { return sent.Before(end) },
		"of nothing":        func(time.Time, time.Time) bool { return false },
		"ignored":           nil,
	}
	clocks := map[string]struct {
		skew time.Duration
		date string
	}{
		"right": {}, "10 minutes behind": {skew: -10 * time.Minute}, "10 minutes ahead": {skew: 10 * time.Minute}, "a minute behind": {skew: -time.Minute},
		"of 1970": {date: "Thu, 01 Jan 1970 00:00:00 GMT"}, "of 2090": {date: "Sun, 01 Jan 2090 00:00:00 GMT"}, "missing": {date: "-"},
	}
	worlds := map[string]func(*growing){
		"nothing arrives": func(*growing) {},
		"one arrives once": func(g *growing) {
			g.between = func(page int) {
				if page == 2 {
					g.arrive()
				}
			}
		},
		"one arrives before each": func(g *growing) {
			g.between = func(page int) {
				if page > 1 {
					g.arrive()
				}
			}
		},
		"one arrives in a second": func(g *growing) {
			g.between = func(page int) {
				if page == 2 {
					time.Sleep(time.Second)
					g.arrive()
				}
			}
		},
		"some arrive in a minute": func(g *growing) {
			g.between = func(page int) {
				if page == 2 {
					time.Sleep(time.Minute)
					for range 11 {
						g.arrive()
					}
				}
			}
		},
		"one without a time": func(g *growing) { g.sent[7] = time.Time{} },
		"none has a time":    func(g *growing) { clear(g.sent) },
		"one of the future":  func(g *growing) { g.sent[rows-1] = time.Now().Add(48 * time.Hour) },
		"one of the future arrives": func(g *growing) {
			g.between = func(page int) {
				if page == 2 {
					g.sent = append(g.sent, time.Now().Add(48*time.Hour))
				}
			}
		},
		"all were sent in a second": func(g *growing) {
			for i := range g.sent {
				g.sent[i] = time.Now().Add(-time.Hour).Truncate(time.Second)
			}
		},
		"the clock of times is fast": func(g *growing) {
			for i := range g.sent {
				g.sent[i] = g.sent[i].Add(30 * time.Minute)
			}
		},
	}
	for world, change := range worlds {
		for filter, passes := range filters {
			for clock, c := range clocks {
				for _, newestFirst := range []bool{false, true} {
					name := fmt.Sprintf("%s/filter %s/clock %s/newest first %t", world, filter, clock, newestFirst)
					t.Run(name, func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							time.Sleep(26*365*24*time.Hour + 12*time.Hour + 1234*time.Millisecond)
							g := &growing{newestFirst: newestFirst, filter: passes, clock: c.skew, date: c.date}
							for i := range rows { // 11.5 a minute, the newest a moment ago
								g.sent = append(g.sent, time.Now().Add(-time.Duration(rows-i)*5217*time.Millisecond+5*time.Second))
							}
							change(g)
							got, err := newClient(t, g).Statistics(t.Context(), smartlead.StatisticsQuery{CampaignID: 1, PageSize: 100})
							if err != nil {
								t.Errorf("%v, end dates %q", err, g.ends)
								return
							}
							if got.Rows < rows || got.Rows > len(g.sent) || got.Steps[0].Opened != int64(got.Rows/2) {
								t.Errorf("got %+v, want at least %d rows; end dates %q", got, rows, g.ends)
							}
							if most := 4; got.Requests > most {
								t.Errorf("it took %d requests, want at most %d", got.Requests, most)
							}
						})
					})
				}
			}
		}
	}
}

// Where nothing is wrong, the pages behind the first are asked for up to its moment, and in as many requests as there
// are pages.
func TestPinnedPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(10 * time.Second)
		g := &growing{filter: func(sent, end time.Time) bool { return sent.Before(end) }}
		for i := range 2503 {
			g.sent = append(g.sent, time.Now().Add(time.Duration(i-2503)*time.Second))
		}
		g.between = func(page int) {
			if page > 1 {
				time.Sleep(time.Minute)
				g.arrive()
			}
		}
		for _, newestFirst := range []bool{false, true} {
			rows := len(g.sent)
			g.newestFirst, g.pages, g.ends = newestFirst, 0, nil
			began := time.Now()
			got, err := statistics(t.Context(), newClient(t, g))
			if err != nil || got.Rows != rows || got.Requests != 3 {
				t.Errorf("got %+v and %v, want %d rows in 3 requests", got, err, rows)
			}
			for i, end := range g.ends {
				at, err := time.Parse("2006-01-02 15:04:05.000Z", end)
				if i == 0 && end != "" || i > 0 && (err != nil || at.Before(began) || at.Sub(began) > 2*time.Second) {
					t.Errorf("page %d was asked for up to %q, want the moment of the first, %s", i, end, began)
				}
			}
		}
	})
}

// A lead that is deleted makes a set smaller, and that is true.
func TestRowsThatVanishAreGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, newestFirst := range []bool{false, true} {
			g := &growing{newestFirst: newestFirst, filter: func(sent, end time.Time) bool { return sent.Before(end) }}
			for i := range 2503 {
				g.sent = append(g.sent, time.Now().Add(time.Duration(i-2503)*time.Second))
			}
			g.between = func(page int) {
				if page == 3 {
					g.sent = g.sent[2:]
				}
			}
			got, err := statistics(t.Context(), newClient(t, g))
			if err != nil || got.Rows != 2501 {
				t.Errorf("newest first %t: got %+v and %v, want the 2501 rows that are left", newestFirst, got, err)
			}
		}
	})
}

// Without a total there is nothing to tell how many rows there are: an empty page does, and nothing else.
func TestPagesWithoutTotal(t *testing.T) {
	var emails, addresses, nameless []string
	for i := range 250 {
		at := time.Date(2026, 1, 5, 8, 0, i, 0, time.UTC).Format(time.RFC3339)
		emails = append(emails, fmt.Sprintf(`{"stats_id":"r%d","sequence_number":1,"sent_time":%q}`, i, at))
		addresses = append(addresses, fmt.Sprintf(`{"lead_email":"a%d@b.example","sequence_number":1,"sent_time":%q}`, i, at))
		nameless = append(nameless, fmt.Sprintf(`{"sequence_number":1,"sent_time":%q}`, at))
	}
	for name, rows := range map[string][]string{"stats_id": emails, "addresses": addresses, "no identity": nameless} {
		for _, beside := range []string{``, `"total_stats":null,`, `"total_stats":"",`, `"total_stats":"null","limit":"-",`, `"limit":1000,`, `"limit":100,"offset":0,`} {
			for _, most := range []int{1000, 250, 249, 100, 7} {
				for _, n := range []int{0, 1, 100, 249, 250} {
					got, err := statistics(t.Context(), newClient(t, offsets(beside, most, rows[:n]...)))
					if err != nil || got.Rows != n || n > 0 && got.Steps[0].Sent != int64(n) {
						t.Errorf("%s, %s, %d a page: got %+v and %v, want %d rows", name, beside, most, got, err, n)
					}
				}
			}
		}
		t.Run(name+", the first page whatever the offset", func(t *testing.T) {
			for _, n := range []int{1, 3, 100, 250} {
				requests := 0
				got, err := statistics(t.Context(), newClient(t, counted(respond(http.StatusOK, `{"data":[`+strings.Join(rows[:n], ",")+`]}`), &requests)))
				if !errors.Is(err, smartlead.ErrIncomplete) || requests > 4 {
					t.Errorf("got %+v and %v after %d requests, want ErrIncomplete", got, err, requests)
				}
			}
		})
	}
}

// A server may take an offset behind the end for the last page's. Rows that are known again tell.
func TestOffsetIsClamped(t *testing.T) {
	for name, identity := range map[string]string{"stats_id": `"stats_id":"r%d",`, "no identity": `"seq_variant_id":%d,`} {
		t.Run(name, func(t *testing.T) {
			var rows []string
			for i := range 250 {
				rows = append(rows, fmt.Sprintf(`{`+identity+`"sequence_number":1,"sent_time":"2026-01-05T08:%02d:%02dZ"}`, i, i/60, i%60))
			}
			clamped := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				query := r.URL.Query()
				if query.Get("offset") == "250" {
					query.Set("offset", "200")
				}
				r.URL.RawQuery = query.Encode()
				offsets("", 100, rows...).ServeHTTP(w, r)
			})
			got, err := statistics(t.Context(), newClient(t, clamped))
			known := name == "stats_id"
			if known && (err != nil || got.Rows != 250) || !known && !errors.Is(err, smartlead.ErrIncomplete) {
				t.Errorf("got %+v and %v, want 250 rows, or ErrIncomplete without an identity", got, err)
			}
		})
	}
}

// Rows that arrive in front move the others on, so that in the end a page has nothing but rows that were seen. It is
// shorter than the first, which a server that doesn't mind the offset would repeat.
func TestRowsArriveWithoutTotal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, newestFirst := range []bool{false, true} {
			for _, often := range []int{1, 2, 3} {
				g := &growing{newestFirst: newestFirst, noTotal: true}
				for i := range 250 {
					g.sent = append(g.sent, time.Now().Add(time.Duration(i-250)*time.Second))
				}
				g.between = func(page int) {
					if page > 1 && page%often == 0 && page < 20 {
						g.arrive()
					}
				}
				got, err := newClient(t, g).Statistics(t.Context(), smartlead.StatisticsQuery{CampaignID: 1, PageSize: 100})
				if err != nil || got.Rows < 250 || got.Rows > len(g.sent) {
					t.Errorf("newest first %t, one at every %d pages: got %+v and %v, want at least 250 rows", newestFirst, often, got, err)
				}
			}
		}
	})
}
