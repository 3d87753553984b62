package smartlead_test

import (
	"errors"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// wrongBodies have status 200 and are failures all the same, each for what is in want.
var wrongBodies = []struct{ name, body, want string }{
	{"empty object", `{}`, `the answer is a failure in spite of its status 200: "data" is missing`},
	{"no body", "", "the answer is a failure in spite of its status 200: it is empty"},
	{"spaces", " \r\n\t ", "the answer is a failure in spite of its status 200: it is empty"},
	{"ok is false", `{"ok":false,"data":[]}`, `"ok" is false`},
	{"ok is false as text", `{"ok":"false","data":[]}`, `"ok" is false`},
	{"ok is false after the rows", `{"data":[` + row("1", "1") + `],"ok":false}`, `"ok" is false`},
	{"success is false", `{"success":false,"data":[]}`, `"success" is false`},
	{"ok is false, with a message", `{"ok":false,"message":"try again"}`, `"ok" is false; it says: try again`},
	{"ok is false, with a message before", `{"message":"try again","ok":false}`, `"ok" is false; it says: try again`},
	{"success is false, with an error", `{"success":false,"data":null,"error":{"code":"E","message":"try again"}}`, "try again"},
	{"error as text", `{"data":[],"error":"try again"}`, "try again"},
	{"error as an object", `{"data":[],"error":{"code":"E","message":"try again"}}`, "try again"},
	{"error as an object without a message", `{"data":[],"error":{"code":"E"}}`, `it has an "error"`},
	{"error of another kind", `{"data":[],"error":[1]}`, `it has an "error"`},
	{"error within errors", `{"data":[],"error":` + strings.Repeat(`{"error":`, 5000) + `"` + strings.Repeat("x", 1<<20) + `"` + strings.Repeat("}", 5000) + `}`, `it has an "error"`},
	{"error after the rows", `{"data":[` + row("1", "1") + `],"error":"try again"}`, "try again"},

	{"ok is no", `{"ok":"no","data":[]}`, `"ok" is false`},
	{"ok is a failure", `{"ok":"failed","data":[]}`, `"ok" is false`},
	{"ok in another case is false", `{"OK":false,"data":[]}`, `"ok" is false`},
	{"success in another case is false", `{"data":[],"Success":false}`, `"success" is false`},
	{"error in another case", `{"Error":"try again","data":[]}`, "try again"},
	{"status is error", `{"status":"error","data":[]}`, `"status" says so`},
	{"status is failed, with a message", `{"status":"FAILED","message":"try again","data":[]}`, `"status" says so; it says: try again`},
	{"status is false", `{"status":false,"data":[]}`, `"status" says so`},
	{"status is 500", `{"status":500,"data":[]}`, `"status" says so`},
	{"status is 500 as text", `{"status":"500","data":[` + row("1", "1") + `]}`, `"status" says so`},
	{"statusCode is 404", `{"statusCode":404,"data":[]}`, `"statusCode" says so`},
	{"status_code is 429 after the rows", `{"data":[],"status_code":429}`, `"status_code" says so`},
	{"code is 401", `{"code":401,"data":[]}`, `"code" says so`},
	{"errors as an array of texts", `{"errors":["try again"],"data":[]}`, `"errors" says so`},
	{"errors as an array of objects", `{"errors":[{"message":"try again"}],"data":[]}`, `"errors" says so`},
	{"errors as an object", `{"errors":{"limit":["try again"]},"data":[]}`, `"errors" says so`},
	{"a message in place of the rows", `{"message":"Invalid API Key","data":[]}`, "it says: Invalid API Key"},
	{"a message in place of the rows, behind them", `{"data":[],"message":"Too many requests, please try again later"}`, "it says: Too many requests"},
	{"a message in place of the rows, of a campaign", `{"message":"Campaign not found","data":[]}`, "it says: Campaign not found"},

	{"data is missing", `{"ok":true}`, `"data" is missing`},
	{"data is null", `{"ok":true,"data":null}`, `"data" is not an array`},
	{"data is an object", `{"ok":true,"data":{}}`, `"data" is not an array`},
	{"data is text", `{"ok":true,"data":"none"}`, `"data" is not an array`},
	{"data comes twice", `{"data":[],"data":[]}`, `"data" comes twice`},
	{"a row is null", aggregated("null"), "row 1 of the page is not an object"},
	{"a row is an array", aggregated(row("1", "1"), "[]"), "row 2 of the page is not an object"},
	{"total is text", `{"total_stats":"many","data":[]}`, "total_stats: not a number"},
	{"total is negative", `{"total_stats":-1,"data":[]}`, "total_stats: a negative number"},

	{"bare array", `[]`, "not a JSON object"},
	{"bare text", `"OK"`, "not a JSON object"},
	{"null", "null", "not JSON"},
	{"plain text", "Service is being updated", "not JSON: Service is being updated"},
	{"web page with a title", "<!DOCTYPE html><html><head><title>Please\nwait</title></head><body>A moment</body></html>", "not JSON: Please wait"},
	{"web page without a title", "<html><body><h1>Ray&#39;s</h1>gateway &amp; more</body></html>", "not JSON: something of an unknown type, 62 bytes that begin with \"<\""},

	{"trailing text", empty + "x", "something follows the JSON value"},
	{"second object", empty + empty, "something follows the JSON value"},
	{"trailing comma", `{"data":[],}`, "not valid JSON"},
	{"bytes that are no JSON", "{\x00}", "not valid JSON"},
	{"cut off after the brace", `{`, "cut off"},
	{"cut off in a name", `{"da`, "cut off"},
	{"cut off in a row", `{"data":[{"sequence_number":1,"se`, "cut off"},
	{"cut off in a message", `{"data":[{"email_message":"Dear`, "cut off"},
	{"cut off after a row", `{"data":[` + row("1", "1"), "cut off"},
	{"cut off after the rows", `{"data":[]`, "cut off"},
	{"nested without end where rows are", `{"data":` + strings.Repeat("[", 20_000), "not an object"},
	{"nested without end in a row", `{"data":[{"x":` + strings.Repeat(`{"x":`, 20_000), "not valid JSON"},
	{"nested without end in an error", `{"error":` + strings.Repeat("[", 20_000), "not valid JSON"},
	{"nested without end beside the rows", `{"x":` + strings.Repeat("[", 20_000), "not valid JSON"},

	{"negative count", aggregated(row("1", "-1")), "row 1 of the page: sent: a negative number"},
	{"negative count as a string", aggregated(row("1", `"-1"`)), "sent: a negative number"},
	{"negative count with a point", aggregated(row("1", "-1.0")), "sent: a negative number"},
	{"fractional count", aggregated(row("1", "1.5")), "sent: not a whole number"},
	{"fractional count as a string", aggregated(row("1", `"1.5"`)), "sent: not a whole number"},
	{"count just too large", aggregated(row("1", "9223372036854775808")), "sent: a number too large to be a count"},
	{"count far too large", aggregated(row("1", "1e999")), "sent: a number too large to be a count"},
	{"count is no number", aggregated(row("1", `"many"`)), "sent: not a number"},
	{"count is infinite", aggregated(row("1", `"Inf"`)), "sent: not a number"},
	{"count is hexadecimal", aggregated(row("1", `"0x10"`)), "sent: not a number"},
	{"count is empty", aggregated(row("1", `""`)), "sent: not a number"},
	{"count is true", aggregated(row("1", "true")), "sent: not a number"},
	{"count is an object", aggregated(row("1", "{}")), "sent: not a number"},
	{"negative count of opens", perEmail(`"open_count":-1`), "open_count: a negative number"},
	{"fractional count of clicks", perEmail(`"click_count":0.5`), "click_count: not a whole number"},
	{"time is true", perEmail(`"sent_time":true`), "sent_time: neither a moment nor null"},
	{"time is an object", perEmail(`"open_time":{}`), "open_time: neither a moment nor null"},
	{"flag is an object", perEmail(`"is_bounced":{}`), "is_bounced: neither true nor false"},
	{"flag is text", perEmail(`"is_replied":"perhaps"`), "is_replied: neither true nor false"},

	{"sent comes twice in a row", aggregated(`{"sequence_number":1,"sent":5,"sent":7}`), "row 1 of the page: sent: comes twice"},
	{"opened comes twice in a row", aggregated(`{"sequence_number":1,"sent":5,"opened":null,"opened":7}`), "row 1 of the page: opened: comes twice"},

	{"step comes twice", aggregated(row("1", "1"), row("2", "1"), row("1", "1")), "row 3 of the page: sequence_number 1 comes twice"},
	{"both shapes in a row", `{"data":[{"sequence_number":1,"sent":2,"stats_id":"a"}]}`, "rows of both shapes"},
	{"both shapes on a page", aggregated(row("1", "1"), `{"stats_id":"a","sequence_number":2}`), "rows of both shapes"},
}

// wrongSteps have no row that is in a step.
var wrongSteps = []struct{ name, body, want string }{
	{"step is missing", aggregated(`{"sent":1}`), "sequence_number is missing"},
	{"step is null", aggregated(row("null", "1")), "sequence_number is missing"},
	{"step is negative", aggregated(row("-1", "1")), "sequence_number: a negative number"},
	{"step is over 100", aggregated(row("101", "1")), "sequence_number is not between 0 and 100"},
	{"step is fractional", aggregated(row("1.5", "1")), "sequence_number: not a whole number"},
	{"step is no number", aggregated(row(`"first"`, "1")), "sequence_number: not a number"},
	{"step of an e-mail is missing", `{"data":[{"stats_id":"a"}]}`, "sequence_number is missing"},
	{"step comes twice in a row", aggregated(`{"sequence_number":1,"sent":5,"sequence_number":2}`), "sequence_number comes twice"},
	{"steps of all rows are missing", aggregated(`{"sent":1}`, `{"sequence_number":null,"sent":1}`), "none of 2 rows is in a step: sequence_number is missing"},
}

func TestWrongBodies(t *testing.T) {
	for _, tt := range slices.Concat(wrongBodies, wrongSteps) {
		t.Run(tt.name, func(t *testing.T) {
			requests := 0
			client := newClient(t, counted(respond(http.StatusOK, tt.body), &requests))
			got, err := statistics(t.Context(), client)
			assertBadResponse(t, got, err, tt.want)
			if requests != 2 || got.Requests != 2 {
				t.Errorf("%d requests were sent and %d counted, want two: a third answer would be the same", requests, got.Requests)
			}
		})
	}
}

// The simulator's author has read the same description of the API and made a list of his own.
func TestWrongBodiesOfSimulator(t *testing.T) {
	for _, answer := range simulator.WrongBodies() {
		t.Run(answer.Name, func(t *testing.T) {
			got, err := statistics(t.Context(), newClient(t, respond(answer.Status, answer.Body)))
			assertBadResponse(t, got, err, "")
		})
	}
}

// What is wrong with the second page is wrong with all of them.
func TestWrongSecondPage(t *testing.T) {
	first := `{"total_stats":"2","data":[{"stats_id":"a","sequence_number":1}]}`
	for _, tt := range []struct{ name, first, second, want string }{
		{"the other shape", first, aggregated(row("1", "1")), "rows of both shapes"},
		{"a failure", first, `{"ok":false}`, `"ok" is false`},
		{"an empty object", first, `{}`, `"data" is missing`},
		{"a step again", `{"data":[` + row("1", "1") + `],"limit":1}`, `{"data":[` + row("1", "2") + `],"limit":1}`, "sequence_number 1 comes twice"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := statistics(t.Context(), newClient(t, pages(tt.first, tt.second)))
			assertBadResponse(t, got, err, tt.want)
			if got.Requests != 3 {
				t.Errorf("it took %d requests, want 3", got.Requests)
			}
		})
	}
}

func assertBadResponse(t *testing.T, got smartlead.Statistics, err error, want string) {
	t.Helper()
	var e *smartlead.Error
	if !errors.As(err, &e) || !errors.Is(err, smartlead.ErrBadResponse) {
		t.Fatalf("got %+v and error %v, want ErrBadResponse", got, err)
	}
	if !strings.Contains(e.Message, want) {
		t.Errorf("the message is %q, want it to say %q", e.Message, want)
	}
	if e.StatusCode != http.StatusOK {
		t.Errorf("the status is %d, want 200", e.StatusCode)
	}
	if len(got.Steps) != 0 || got.Rows != 0 {
		t.Errorf("got %+v beside the error, want no statistics", got)
	}
}

// endless repeats its text for ever after the head, in pieces of at most 1 MiB.
type endless struct {
	head, text string
	at         int
}

func (e *endless) Read(p []byte) (n int, err error) {
	p = p[:min(len(p), 1<<20)]
	n = copy(p, e.head)
	e.head = e.head[n:]
	for n < len(p) {
		c := copy(p[n:], e.text[e.at:])
		n, e.at = n+c, (e.at+c)%len(e.text)
	}
	return n, nil
}

// Answers without end are refused at a bound, and take no memory to speak of until then.
func TestEndlessBodies(t *testing.T) {
	for _, tt := range []struct {
		name, head, text string
		want             string
		memory           uint64 // MiB allocated at most
	}{
		{"spaces", "", " ", "a row is longer than 16 MiB", 1},
		{"a text in a row", `{"data":[{"x":"`, strings.Repeat("x", 4096), "a row is longer than 16 MiB", 160},
		{"numbers in a row", `{"data":[{"x":[0`, strings.Repeat(",1", 4096), "a row is longer than 16 MiB", 1},
		{"spaces between rows", `{"data":[`, strings.Repeat(" ", 4096), "a row is longer than 16 MiB", 160},
		{"a name", `{"`, strings.Repeat("x", 4096), "a row is longer than 16 MiB", 160},
		{"small rows", `{"data":[{"sequence_number":1,"stats_id":"a"}`, `,{"sequence_number":1,"stats_id":"a"}`, "the page has more than 100000 rows", 1},
		{"large rows", `{"data":[{"sequence_number":1,"stats_id":"a"}`, `,{"sequence_number":1,"stats_id":"a","x":"` + strings.Repeat("x", 1<<20) + `"}`, "the answer is longer than 256 MiB", 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client := newClient(t, nil, func(o *smartlead.Options) {
				o.Transport = body(func() io.Reader { return &endless{head: tt.head, text: tt.text} })
			})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			got, err := statistics(t.Context(), client)
			runtime.ReadMemStats(&after)
			assertBadResponse(t, got, err, tt.want)
			if allocated := (after.TotalAlloc - before.TotalAlloc) >> 20; allocated > tt.memory {
				t.Errorf("%d MiB were allocated, want at most %d", allocated, tt.memory)
			}
		})
	}
}
