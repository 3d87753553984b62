package smartlead_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"smartlead_exporter/smartlead"
)

// wrongLists have status 200 and are failures all the same, each for what is in want.
var wrongLists = []struct{ name, body, want string }{
	{"empty object", `{}`, `"data" is missing`},
	{"empty object with a message", `{"message":"try later"}`, "it says: try later"},
	{"no body", "", "it is empty"},
	{"spaces", " \r\n\t ", "it is empty"},
	{"ok is false", `{"ok":false,"data":[]}`, `"ok" is false`},
	{"ok is false behind the rows", `{"data":[{"id":1}],"ok":false}`, `"ok" is false`},
	{"success is false", `{"success":false,"data":[]}`, `"success" is false`},
	{"error as text", `{"error":"try again"}`, "try again"},
	{"error as an object", `{"data":[],"error":{"code":"E","message":"try again"}}`, "try again"},
	{"data is null", `{"ok":true,"data":null}`, `"data" is not an array`},
	{"data is an object", `{"ok":true,"data":{"id":1}}`, `"data" is not an array`},
	{"data comes twice", `{"data":[],"data":[]}`, `"data" comes twice`},
	{"one campaign in place of a list", `{"id":1,"name":"One"}`, `"data" is missing`},
	{"null", `null`, "not JSON"},
	{"bare text", `"OK"`, "not a JSON object"},
	{"plain text", "Service is being updated", "not JSON: Service is being updated"},
	{"web page", "<!DOCTYPE html><html><head><title>Please wait</title></head></html>", "not JSON: Please wait"},

	{"trailing text", `[{"id":1}]x`, "something follows the JSON value"},
	{"second list", `[{"id":1}][{"id":2}]`, "something follows the JSON value"},
	{"trailing text behind an object", `{"data":[{"id":1}]}x`, "something follows the JSON value"},
	{"trailing comma", `[{"id":1},]`, "not valid JSON"},
	{"cut off at the start", `[`, "cut off"},
	{"cut off in a campaign", `[{"id":1},{"id":2,"na`, "cut off"},
	{"cut off in a name", `[{"id":1,"name":"On`, "cut off"},
	{"cut off in tags", `[{"id":1,"tags":[{"tag_name":"a"`, "cut off"},
	{"cut off in an unknown field", `[{"id":1,"x":{"y":[`, "cut off"},
	{"cut off after a campaign", `[{"id":1}`, "cut off"},
	{"cut off after a comma", `[{"id":1},`, "cut off"},
	{"cut off after the rows", `{"data":[{"id":1}]`, "cut off"},
	{"nested without end where campaigns are", strings.Repeat("[", 20_000), "not valid JSON"},
	{"nested without end in a campaign", `[{"id":1,"x":` + strings.Repeat(`{"x":`, 20_000), "not valid JSON"},
	{"nested without end in tags", `[{"id":1,"tags":` + strings.Repeat(`[`, 20_000), "not valid JSON"},

	{"a campaign is an id", `[1]`, "none of 1 entries can be read; the first: it is not an object"},
	{"empty campaigns", `[{},null,{"id":"x"}]`, "none of 3 entries can be read; the first: id is missing"},
	{"id is missing", `[{"name":"One"}]`, "none of 1 entries can be read; the first: id is missing"},
	{"data and campaigns", `{"data":[{"id":1}],"campaigns":[{"id":2}]}`, "comes twice"},
	{"campaigns are an object", `{"campaigns":{"id":1}}`, `"data" is missing`},
	{"campaigns within data are an object", `{"data":{"campaigns":{"id":1}}}`, `"data" is not an array`},
	{"id is null", `[{"id":null}]`, "id is missing"},
	{"id is zero", `[{"id":0}]`, "id is missing"},
	{"id is zero as a string", `[{"id":"0"}]`, "id is missing"},
	{"id is empty", `[{"id":""}]`, "id: not a number"},
	{"id is negative", `[{"id":-1}]`, "id: a negative number"},
	{"id is fractional", `[{"id":1.5}]`, "id: not a whole number"},
	{"id is fractional as a string", `[{"id":"1.5"}]`, "id: not a whole number"},
	{"id is too large", `[{"id":9223372036854775808}]`, "id: a number too large"},
	{"id is no number", `[{"id":"one"}]`, "id: not a number"},
	{"id is an object", `[{"id":{}}]`, "id: not a number"},
}

func TestWrongLists(t *testing.T) {
	for _, tt := range wrongLists {
		t.Run(tt.name, func(t *testing.T) {
			requests := 0
			client := newClient(t, counted(respond(http.StatusOK, tt.body), &requests))
			got, err := client.Campaigns(t.Context(), smartlead.CampaignsQuery{})
			assertBadList(t, got, err, tt.want)
			if requests != 2 || got.Requests != 2 {
				t.Errorf("%d requests were sent and %d counted, want two: a third answer would be the same", requests, got.Requests)
			}
		})
	}
}

// An entry that can't be read is left out and counted; it doesn't hide the others.
func TestUnreadableEntries(t *testing.T) {
	for _, entry := range []string{
		`null`, `7`, `"7"`, `[]`, `[{"id":7}]`, `true`, `{}`, `{"name":"Seven"}`, `{"id":null}`, `{"id":0}`, `{"id":""}`, `{"id":-7}`, `{"id":7.5}`, `{"id":"seven","name":"x","tags":["y"]}`,
		`{"id":9223372036854775808}`, `{"id":{}}`, `{"name":"x","id":[7],"track_settings":[]}`,
	} {
		for _, body := range []string{
			`[` + entry + `,{"id":1,"name":"One"},{"id":2}]`, `[{"id":1,"name":"One"},` + entry + `,{"id":2}]`, `{"data":[{"id":1,"name":"One"},{"id":2},` + entry + `]}`,
		} {
			got, err := listOf(t, body)
			if err != nil || got.Unreadable != 1 || len(got.Campaigns) != 2 || got.Campaigns[0].ID != 1 || got.Campaigns[0].Name != "One" || got.Campaigns[1].ID != 2 {
				t.Errorf("%s became %+v and %v, want two campaigns and one entry that can't be read", body, got, err)
			}
		}
	}
}

func assertBadList(t *testing.T, got smartlead.CampaignList, err error, want string) {
	t.Helper()
	var e *smartlead.Error
	if !errors.As(err, &e) || !errors.Is(err, smartlead.ErrBadResponse) {
		t.Fatalf("got %+v and error %v, want ErrBadResponse", got, err)
	}
	if !strings.Contains(e.Message, want) {
		t.Errorf("the message is %q, want it to say %q", e.Message, want)
	}
	if e.Op != "GET /campaigns/" || e.StatusCode != http.StatusOK {
		t.Errorf("the error is of %s with status %d, want GET /campaigns/ with 200", e.Op, e.StatusCode)
	}
	if got.Campaigns != nil {
		t.Errorf("got %+v beside the error, want no campaigns", got.Campaigns)
	}
}

// Names of campaigns and clients are a customer's business. An error quotes none of them.
func TestListErrorsDontQuoteCampaigns(t *testing.T) {
	body := `[{"id":"Zoe","name":"Zoe","client_id":"Zoe","tags":["Zoe"]},{"id":"Zoe","name":"Zoe"}]`
	for end := range len(body) + 1 {
		_, err := listOf(t, body[:end])
		if !strings.HasPrefix(fmt.Sprint(err), "GET /campaigns/: bad response (status 200): ") {
			t.Fatalf("got %v for %s", err, body[:end])
		}
		if strings.Contains(strings.ToLower(err.Error()), "zoe") {
			t.Fatalf("%q quotes the list", err)
		}
	}
}

// allocated returns how many bytes a function allocates, and how many of them are in use when it has returned what
// keep holds.
func allocated(f func() (keep any)) (all, kept uint64) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	keep := f()
	runtime.ReadMemStats(&after)
	all = after.TotalAlloc - before.TotalAlloc
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(keep)
	return all, uint64(max(0, int64(after.HeapAlloc)-int64(before.HeapAlloc)))
}

// A list without pages can be long. Memory is bound by what is kept of a campaign, not by what is said of it.
func TestLongList(t *testing.T) {
	long := strings.Repeat("x", 10<<10)
	for _, tt := range []struct {
		name      string
		campaigns int
		fields    string
		all, kept uint64 // MiB at most; without a bound if 0
	}{
		{"20,000 campaigns of 10 KB", 20_000, `"name":"Campaign","status":"ACTIVE","settings":{"text":"` + long + `"}`, 40, 10},
		{"names of 10 KB", 1000, `"name":"` + long + `"`, 0, 2},
		{"tags of 10 KB", 1000, `"tags":[{"tag_name":"` + long + `"}]`, 0, 2},
		{"names that aren't UTF-8", 1000, `"name":"` + strings.Repeat("\xff", 5<<10) + `"`, 0, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client := newClient(t, nil, func(o *smartlead.Options) {
				o.Transport = body(func() io.Reader { return &listReader{campaigns: tt.campaigns, fields: tt.fields} })
			})
			all, kept := allocated(func() any {
				got, err := client.Campaigns(t.Context(), smartlead.CampaignsQuery{})
				if err != nil || len(got.Campaigns) != tt.campaigns {
					t.Errorf("got %d campaigns and %v, want %d", len(got.Campaigns), err, tt.campaigns)
				}
				return got
			})
			if tt.all > 0 && all > tt.all<<20 {
				t.Errorf("%d MiB were allocated, want at most %d", all>>20, tt.all)
			}
			if kept > tt.kept<<20 {
				t.Errorf("%d MiB are kept, want at most %d", kept>>20, tt.kept)
			}
		})
	}
}

// listReader is a list of campaigns with ids from 1 on, each with these fields besides. It makes them as it is read, and
// allocates next to nothing.
type listReader struct {
	campaigns int
	fields    string
	made      int
	pieces    []string // of what has been made and not read
}

func (l *listReader) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if len(l.pieces) == 0 {
			if l.made > l.campaigns {
				return n, io.EOF
			}
			l.make()
		}
		c := copy(p[n:], l.pieces[0])
		n += c
		if l.pieces[0] = l.pieces[0][c:]; l.pieces[0] == "" {
			l.pieces = l.pieces[1:]
		}
	}
	return n, nil
}

// make makes the next campaign, or the end of the list.
func (l *listReader) make() {
	separator := ","
	if l.made == 0 {
		separator = "["
	}
	l.made++
	if l.made > l.campaigns {
		l.pieces = []string{"]"}
		return
	}
	l.pieces = []string{separator, `{"id":`, strconv.Itoa(l.made), ",", l.fields, "}"}
}

// Answers without end are refused at a bound, and take little memory until then.
func TestEndlessLists(t *testing.T) {
	for _, tt := range []struct {
		name, head, text string
		want             string
		memory           uint64 // MiB allocated at most
	}{
		{"a name", `[{"id":1,"name":"`, strings.Repeat("x", 4096), "a row is longer than 16 MiB", 160},
		{"tags", `[{"id":1,"tags":[0`, `,"` + strings.Repeat("x", 4096) + `"`, "a row is longer than 16 MiB", 8},
		{"the same campaign", `[{"id":1}`, `,{"id":1}`, "the page has more than 100000 rows", 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client := newClient(t, nil, func(o *smartlead.Options) {
				o.Transport = body(func() io.Reader { return &endless{head: tt.head, text: tt.text} })
			})
			all, _ := allocated(func() any {
				got, err := client.Campaigns(t.Context(), smartlead.CampaignsQuery{})
				assertBadList(t, got, err, tt.want)
				return nil
			})
			if all > tt.memory<<20 {
				t.Errorf("%d MiB were allocated, want at most %d", all>>20, tt.memory)
			}
		})
	}
}

// A campaign with far more tags than are kept costs no more than what was sent of it.
func TestManyTags(t *testing.T) {
	text := `[{"id":1,"tags":[0` + strings.Repeat(",1", 1<<20) + `]}]`
	client := newClient(t, nil, func(o *smartlead.Options) {
		o.Transport = body(func() io.Reader { return strings.NewReader(text) })
	})
	all, kept := allocated(func() any {
		got, err := client.Campaigns(t.Context(), smartlead.CampaignsQuery{})
		if err != nil || len(got.Campaigns) != 1 || len(got.Campaigns[0].Tags) != 100 {
			t.Errorf("got %+v and %v", got, err)
		}
		return got
	})
	if most := uint64(8 * len(text)); all > most || kept > 1<<20 {
		t.Errorf("%d MiB were allocated and %d kept for %d MiB of tags", all>>20, kept>>20, len(text)>>20)
	}
}
