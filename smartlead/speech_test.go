package smartlead_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"smartlead_exporter/smartlead"
)

// What leads, and what is written to them, is made of. Each word is looked for by itself.
var personal = []struct{ name, text string }{
	{"a name", "Jane Quimby"},
	{"a name that is a word", "Grant Page"},
	{"a name in small letters", "jane quimby"},
	{"a name of other letters", "Zoë Łukaszewicz 山田太郎"},
	{"an address", "jane.quimby@acme-widgets.example"},
	{"a subject", "Fancy a quick chat on Thursday?"},
	{"a company", "Acme Widgets GmbH"},
	{"a telephone number", "+1 (555) 010-0199"},
	{"a telephone number in one", "15550100199"},
	{"a message", "Howdy Jane, thrilled we spoke at Acme's booth!"},
}

// said is a refusal of which nothing personal may be left.
type answerWith struct {
	name   string
	status int
	kind   string // the media type
	body   string
}

// answersWith are answers that hold a text, in every place where one was seen or could be.
func answersWith(text string) []answerWith {
	quoted := jsonString(text)
	rows := `{"lead_name":` + quoted + `,"email_subject":` + quoted + `}`
	var list []answerWith
	for _, status := range []int{200, 400, 401, 403, 404, 408, 422, 429, 500, 502, 503, 524} {
		for _, a := range []answerWith{
			{name: "CSV", kind: "text/csv; charset=utf-8", body: "name,email,subject\n" + text + "," + text + "\n"},
			{name: "CSV without a header", kind: "text/csv", body: text + "," + text + "\n"},
			{name: "text", kind: "text/plain", body: text},
			{name: "a prefix", kind: "application/json", body: "while(1);" + rows},
			{name: "a warning before", kind: "text/html", body: "Warning: undefined index of " + text + "\n" + rows},
			{name: "a UTF-16 mark", body: "\xff\xfe" + text},
			{name: "HTML", kind: "text/html", body: "<html><body><h1>" + text + "</h1><p>" + rows + "</p></body></html>"},
			{name: "XML", kind: "application/xml", body: "<?xml version='1.0'?><lead><name>" + text + "</name></lead>"},
			{name: "a JSON text", kind: "application/json", body: quoted},
			{name: "a JSON array", kind: "application/json", body: "[" + quoted + "]"},
			{name: "an object", kind: "application/json", body: rows},
			{name: "an object behind a mark", kind: "application/json", body: "\ufeff" + rows},
			{name: "a message", body: `{"message":` + quoted + `}`},
			{name: "a message behind a mark", body: "\ufeff" + `{"message":` + quoted + `}`},
			{name: "a message about it", body: `{"message":` + jsonString("Lead "+text+" already exists in campaign "+text) + `}`},
			{name: "a quoting message", body: `{"statusCode":400,"message":` + jsonString(`"lead_name" with value "`+text+`" is not allowed`) + `}`},
			{name: "a message that ends in it", body: `{"message":` + jsonString("invalid value for email_subject: "+text) + `}`},
			{name: "an error", body: `{"error":` + jsonString("duplicate key value violates unique constraint: Key (name)=("+text+") already exists") + `}`},
			{name: "an error object", body: `{"data":[],"error":{"code":"X","message":` + jsonString("lead "+text+" was not found") + `}}`},
			{name: "not ok", body: `{"ok":false,"message":` + jsonString("could not load lead "+text) + `}`},
			{name: "success is false", body: `{"success":false,"data":[` + rows + `],"message":` + quoted + `}`},
			{name: "a title", kind: "text/html", body: "<html><title>" + text + "</title></html>"},
			{name: "a media type", kind: text, body: "x"},
			{name: "rows that break off", kind: "application/json", body: `{"data":[` + rows[:len(rows)-3]},
			{name: "rows that aren't", kind: "application/json", body: `{"data":[` + rows + "," + quoted + "]}"},
			{name: "wrong values", kind: "application/json", body: `{"total_stats":` + quoted + `,"data":[{"sequence_number":` + quoted + `,"sent":` + quoted + `}]}`},
		} {
			a.status = status
			list = append(list, a)
		}
	}
	return list
}

// words are what of a text may be in nothing that is told. Words like "a" and "on" are in everything.
func words(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune(" ,?!()@.'-+", c) })
}

// Nothing of a lead, and nothing that was written to one, is in an error, wherever the server puts it.
func TestLeadsStayHidden(t *testing.T) {
	harmless := map[string]bool{"a": true, "on": true, "at": true, "we": true, "1": true, "555": true, "page": true, "example": true, "s": true}
	for _, secret := range personal {
		for _, a := range answersWith(secret.text) {
			t.Run(fmt.Sprintf("%s/%d/%s", secret.name, a.status, a.name), func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				client := newClient(t, nil, func(o *smartlead.Options) {
					o.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
						resp, err := bodyBytes([]byte(a.body))(r)
						resp.StatusCode = a.status
						resp.Header.Set("Content-Type", a.kind)
						return resp, err
					})
					o.Trace.Request = func(r smartlead.RequestInfo) {
						defer cancel() // so that no test waits for a back-off
						text := fmt.Sprint(r.Err)
						for _, word := range words(secret.text) {
							if !harmless[strings.ToLower(word)] && strings.Contains(strings.ToLower(text), strings.ToLower(word)) {
								t.Errorf("%q is in the error: %s", word, text)
							}
						}
						if a.status == 200 && r.Err == nil || len([]rune(text)) > 400 {
							t.Errorf("got %q", text)
						}
					}
				})
				_, _ = statistics(ctx, client)
			})
		}
	}
}

// What the API, gateways and databases say stays readable.
func TestWhatIsSaid(t *testing.T) {
	for _, tt := range []struct {
		status     int
		kind, body string
		want       string // the message's end
	}{
		{400, "", `{"statusCode":400,"error":"Bad Request","message":"\"email_status\" must be one of [opened, clicked, replied, unsubscribed, bounced]"}`, `"email_status" must be one of [opened, clicked, replied, unsubscribed, bounced]`},
		{400, "", `{"message":"\"start_date\" must be in ISO 8601 date format"}`, `"start_date" must be in … 8601 date format`},
		{400, "", `{"message":"date range can not exceed 30 days, from 2020-01-01 to 2026-11-26"}`, "date range can not exceed 30 days, from 2020-01-01 to 2026-11-26"},
		{400, "", `{"message":"Lead Jane Quimby already exists in campaign 1234567"}`, "Lead … already exists in campaign 1234567"},
		{400, "", `{"message":"\"email\" with value \"Your account was suspended\" is not allowed"}`, `"email" with value "…" is not allowed`},
		{400, "", `{"message":"the value \"Your account was suspended: please contact support\" is not allowed"}`, `a message of 77 characters, which could be data`},
		{400, "", `{"message":"could not send 'Your payment is overdue' to this lead"}`, `could not send … to this lead`},
		{400, "", `{"message":"duplicate key value: Key (email)=(Your account was suspended) already exists"}`, `duplicate key value: Key (email)=(…) already exists`},
		{400, "", `{"message":"\"Too many requests\" was returned by upstream"}`, `"Too many requests" was returned by upstream`},
		{400, "", `{"message":"Jane Quimby of Acme"}`, "a message of 19 characters, which could be data"},
		{401, "", `{"message":"Invalid API Key"}`, "Invalid API Key"},
		{401, "", `{"message":"Plan expired!"}`, "Plan expired!"},
		{401, "", `{"success":false,"error":{"code":"UNAUTHORIZED","message":"API key is required"}}`, "API key is required"},
		{404, "", `{"error":"Campaign not found - Invalid campaign_id."}`, "Campaign not found - Invalid campaign_id."},
		{404, "text/html", "<!DOCTYPE html>\n<html><head><title>Error</title></head><body><pre>Cannot GET /api</pre></body></html>", "Error"},
		{404, "text/plain", "404 page not found", "404 page not found"},
		{422, "", `{"error":"limit must be less than or equal to 100"}`, "limit must be less than or equal to 100"},
		{429, "", `{"error":{"code":"RATE_LIMIT_EXCEEDED","message":"Too many requests. Please retry after 30 seconds."}}`, "Too many requests. Please retry after 30 seconds."},
		{500, "text/plain", "canceling statement due to statement timeout", "canceling statement due to statement timeout"},
		{500, "text/plain", "Internal Server Error", "Internal Server Error"},
		{500, "text/plain", "timeout exceeded when trying to connect", "timeout exceeded when trying to connect"},
		{500, "text/plain", `relation "campaign_stats_v2" does not exist`, `text/plain, 43 bytes that begin with "r"`},
		{500, "", `{"message":"relation \"campaign_stats_v2\" does not exist"}`, `relation "…" does not exist`},
		{502, "text/html", "<html><head><title>502 Bad Gateway</title></head></html>", "502 Bad Gateway"},
		{503, "text/html", "<html><title>Just a moment...</title></html>", "Just a moment..."},
		{503, "text/html", "<html><title>Attention Required! | Cloudflare</title></html>", "Attention Required! | Cloudflare"},
		{503, "text/plain", "upstream connect error or disconnect/reset before headers. reset reason: connection failure", "upstream connect error or disconnect/reset before headers. reset reason: connection failure"},
		{524, "text/plain", "error code: 524", "error code: 524"},
		{524, "text/html", "<title>server.smartlead.ai | 524: A timeout occurred</title>", "server.smartlead.ai | 524: A timeout occurred"},
		{403, "text/html", "<title>Access denied | server.smartlead.ai used Cloudflare to restrict access</title>", "Access denied | server.smartlead.ai used Cloudflare to restrict access"},
		{200, "text/plain", "Service is being updated", "not JSON: Service is being updated"},
		{200, "text/csv; charset=utf-8", "name,email\nJane Quimby,j@acme.example\n", `not JSON: text/csv, 38 bytes that begin with "n"`},
		{200, "", "\x00\x01", "not JSON: something of an unknown type, 2 bytes that begin with byte 0x00"},
		{200, "", "\xff\xfe{\x00}\x00", "the answer is in UTF-16, not in UTF-8"},
		{200, "", "\xfe\xff\x00{\x00}", "the answer is in UTF-16, not in UTF-8"},
		{200, "text/plain", strings.Repeat("Jane Quimby ", 1000), `not JSON: text/plain, at least 4096 bytes that begin with "J"`},
	} {
		t.Run(fmt.Sprintf("%d %.40s", tt.status, tt.body), func(t *testing.T) {
			err := askOnce(t, roundTripper(func(r *http.Request) (*http.Response, error) {
				resp, err := bodyBytes([]byte(tt.body))(r)
				resp.StatusCode = tt.status
				resp.Header.Set("Content-Type", tt.kind)
				return resp, err
			}))
			var e *smartlead.Error
			if !errors.As(err, &e) || !strings.HasSuffix(e.Message, tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// A mark before the JSON is no reason to refuse it.
func TestByteOrderMark(t *testing.T) {
	for name, body := range map[string]string{"statistics": "\ufeff" + aggregated(row("1", "7")), "with space": "\ufeff \n" + aggregated(row("1", "7"))} {
		t.Run(name, func(t *testing.T) {
			got, err := statistics(t.Context(), newClient(t, respond(http.StatusOK, body)))
			if err != nil || len(got.Steps) != 1 || got.Steps[0].Sent != 7 {
				t.Errorf("got %+v and %v", got, err)
			}
		})
	}
	list, err := newClient(t, respond(http.StatusOK, "\ufeff[{\"id\":1}]")).Campaigns(t.Context(), smartlead.CampaignsQuery{})
	if err != nil || len(list.Campaigns) != 1 {
		t.Errorf("got %+v and %v", list, err)
	}
}

// net/http quotes answers that aren't HTTP. They can be anything.
func TestLeadsStayHiddenFromNetworkErrors(t *testing.T) {
	const lead = "Jane Quimby"
	for name, answer := range map[string]string{
		"no HTTP":             lead + ",jane@acme.example\r\n\r\n",
		"no version":          "HTTP/" + lead + " 200 OK\r\n\r\n",
		"no status":           "HTTP/1.1 " + lead + "\r\n\r\n",
		"no header":           "HTTP/1.1 200 OK\r\n" + lead + "\r\n\r\n",
		"no length":           "HTTP/1.1 200 OK\r\nContent-Length: " + lead + "\r\n\r\n",
		"no coding":           "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + lead + "\r\n\r\n",
		"no chunk":            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + lead + "\r\n",
		"no place to go":      "HTTP/1.1 302 Found\r\nLocation: http://[" + lead + "\r\nContent-Length: 0\r\n\r\n",
		"an unwanted answer":  "HTTP/1.1 200 " + lead + "\r\nContent-Length: 3\r\n\r\n{}x" + lead,
		"an unknown encoding": "HTTP/1.1 200 OK\r\nContent-Encoding: " + lead + "\r\nContent-Length: 2\r\n\r\n{}",
	} {
		t.Run(name, func(t *testing.T) {
			err := askOnce(t, network(func(tr *http.Transport) {
				tr.DialContext = func(context.Context, string, string) (net.Conn, error) {
					client, server := net.Pipe()
					go func() {
						_, _ = http.ReadRequest(bufio.NewReader(server))
						_, _ = io.WriteString(server, answer)
						_ = server.Close()
					}()
					return client, nil
				}
			}))
			if text := fmt.Sprint(err); smartlead.ReasonOf(err) == "" || strings.Contains(text, "Jane") || strings.Contains(text, "Quimby") {
				t.Errorf("got %s", text)
			}
			for _, e := range tree(err) {
				assertAbsent(t, fmt.Sprintf("%T", e), e.Error(), "Quimby")
			}
		})
	}
	for name, cause := range map[string]error{
		"a proxy":         errors.New("Forbidden for " + lead),
		"a wrapped proxy": fmt.Errorf("proxyconnect: %w", errors.New(lead+" may not")),
		"a token server":  errors.New("oauth2: cannot fetch token: 401 Unauthorized\nResponse: {\"user\":\"" + lead + "\"}"),
	} {
		t.Run(name, func(t *testing.T) {
			err := askOnce(t, roundTripper(func(*http.Request) (*http.Response, error) { return nil, cause }))
			for _, e := range tree(err) {
				assertAbsent(t, fmt.Sprintf("%T", e), e.Error(), "Quimby")
			}
		})
	}
}

// tree returns an error and all that it wraps.
func tree(err error) []error {
	if err == nil {
		return nil
	}
	list := []error{err}
	switch wraps := err.(type) { //nolint:errorlint // The tree is walked by hand.
	case interface{ Unwrap() error }:
		list = append(list, tree(wraps.Unwrap())...)
	case interface{ Unwrap() []error }:
		for _, inner := range wraps.Unwrap() {
			list = append(list, tree(inner)...)
		}
	}
	return list
}

// Whatever a server repeats of the request, no secret of the account is told.
func TestSecretsStayHidden(t *testing.T) {
	secrets := []string{"Basic dXNlcjpodW50ZXIy", "dXNlcjpodW50ZXIy", "hunter2", "tok+en/with=signs", "s3cr3t header", "lim", "ab", ""}
	for _, tt := range []struct{ name, body, want string }{
		{"a message", `{"message":"invalid header Authorization: Basic dXNlcjpodW50ZXIy"}`, "invalid header Authorization: <redacted>"},
		{"another scheme", `{"message":"invalid header Authorization: Bearer dXNlcjpodW50ZXIy"}`, "invalid header Authorization: Bearer <redacted>"},
		{"a password", `{"message":"password hunter2 is not valid"}`, "password <redacted> is not valid"},
		{"an escaped one", `{"message":"token tok%2Ben%2Fwith%3Dsigns is not valid"}`, "token <redacted> is not valid"},
		{"one that is in other words", `{"message":"value lim is over the limit"}`, "value <redacted> is over the limit"},
		{"a short one", `{"message":"value ab is not valid: about"}`, "value <redacted> is not valid: about"},
		{"one with a space", `{"message":"header s3cr3t header is not valid"}`, "header <redacted> is not valid"},
		{"headers", "GET / HTTP/1.1\r\nAuthorization: Basic dXNlcjpodW50ZXIy\r\n", `something of an unknown type, 53 bytes that begin with "G"`},
	} {
		for _, status := range []int{400, 500} {
			t.Run(fmt.Sprint(tt.name, " ", status), func(t *testing.T) {
				err := askOnce(t, roundTripper(func(r *http.Request) (*http.Response, error) {
					resp, err := bodyBytes([]byte(tt.body))(r)
					resp.StatusCode = status
					return resp, err
				}), func(o *smartlead.Options) { o.Secrets = func() []string { return secrets } })
				var e *smartlead.Error
				if !errors.As(err, &e) {
					t.Fatalf("got %v", err)
				}
				assertAbsent(t, "the error", e.Error(), "hunter2")
				assertAbsent(t, "the error", e.Error(), "dXNl")
				if e.Message != tt.want {
					t.Errorf("got %q, want %q", e.Message, tt.want)
				}
			})
		}
	}
	err := askOnce(t, roundTripper(func(*http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "proxyconnect", Net: "tcp", Err: errors.New("http://user:hunter2@proxy.example refused")}
	}), func(o *smartlead.Options) { o.Secrets = func() []string { return secrets } })
	for _, e := range tree(err) {
		assertAbsent(t, fmt.Sprintf("%T", e), e.Error(), "hunter2")
	}
}

// Texts of any kind are cut and cleaned, and none keeps an address.
func FuzzWhatIsSaid(f *testing.F) {
	for _, p := range personal {
		for _, a := range answersWith(p.text)[:27] {
			f.Add([]byte(a.body), a.kind)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, kind string) {
		_, err := statistics(t.Context(), newClient(t, nil, func(o *smartlead.Options) {
			o.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
				resp, err := body(func() io.Reader { return bytes.NewReader(text) })(r)
				resp.StatusCode = 400
				resp.Header.Set("Content-Type", kind)
				return resp, err
			})
		}))
		var e *smartlead.Error
		if !errors.As(err, &e) || len([]rune(e.Message)) > 200 || strings.ContainsAny(e.Message, "\n\r\x00") {
			t.Fatalf("got %v", err)
		}
		for word := range strings.FieldsSeq(e.Message) {
			if strings.Contains(word, "@") && strings.Trim(word, "@") != "" && !strings.Contains(word, "…") && strings.ContainsFunc(word, func(c rune) bool { return c > 127 && c != '…' }) {
				t.Fatalf("%q is left of %q", word, text)
			}
		}
	})
}
