package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// ErrorAnswers returns the answers with which the API is known to fail, except those with status 200: see WrongBodies.
func ErrorAnswers() []Answer {
	named := func(name string, a Answer) Answer {
		a.Name = name
		return a
	}
	return []Answer{
		named("bad parameter", answerBadRequest("query", "email_status", "must be one of ["+strings.Join(emailStatuses, ", ")+"]")),
		named("invalid key", answerBadKey),
		named("plan expired", answerExpired),
		named("unauthorized with a code", answerNoKey),
		{"agent refused", http.StatusForbidden, contentType(contentHTML), "<html><body><h1>403 Forbidden</h1></body></html>"},
		named("campaign not found", answerNoCampaign),
		named("resource not found", jsonAnswer(http.StatusNotFound, `{"error":"Resource not found"}`)),
		{"unknown route", http.StatusNotFound, contentType(contentHTML), noRouteBody("/nowhere")},
		named("limit refused", jsonAnswer(http.StatusUnprocessableEntity, `{"error":"limit must be less than or equal to 100"}`)),
		TooManyRequests("30"),
		{"database message", http.StatusInternalServerError, contentType(contentPlain), "canceling statement due to statement timeout"},
		{"bad gateway", http.StatusBadGateway, contentType(contentHTML), "<html><head><title>502 Bad Gateway</title></head><body></body></html>"},
		{"unavailable without a body", http.StatusServiceUnavailable, http.Header{}, ""},
		{"gateway timeout", http.StatusGatewayTimeout, contentType(contentHTML), "<html><body>504 Gateway Time-out</body></html>"},
		{"origin timeout", 524, contentType(contentPlain), "error code: 524"},
	}
}

// WrongBodies returns answers to a statistics request that have status 200 and are failures all the same. Rows are of
// both shapes.
func WrongBodies() []Answer {
	const (
		good  = `{"campaign_id":1,"sequence_number":1,"sent":10,"opened":5,"clicked":2,"replied":1,"unsubscribed":0,"bounced":0}`
		email = `{"total_stats":"1","offset":0,"limit":1000,"data":[{"stats_id":"a","sequence_number":%s,"sent_time":"2025-01-06T10:00:00.000Z","open_count":%s,"click_count":0}]}`
	)
	ok := func(name, body string) Answer {
		a := jsonAnswer(http.StatusOK, body)
		a.Name = name
		return a
	}
	rows := func(name string, rows ...string) Answer {
		return ok(name, `{"ok":true,"data":[`+strings.Join(rows, ",")+`],"offset":0,"limit":1000}`)
	}
	with := func(field, value string) string {
		var row map[string]json.RawMessage
		if err := json.Unmarshal([]byte(good), &row); err != nil {
			panic(err) // good is a constant
		}
		row[field] = json.RawMessage(value)
		out, err := json.Marshal(row)
		if err != nil {
			panic(err) // the values are constants, too
		}
		return string(out)
	}
	return []Answer{
		ok("empty object", `{}`),
		ok("no body", ``),
		ok("null", `null`),
		ok("bare array", `[]`),
		ok("string", `"OK"`),
		ok("ok false", `{"ok":false,"data":[]}`),
		ok("success false", `{"success":false,"data":[]}`),
		ok("success false with a message", `{"success":false,"message":"Internal error"}`),
		ok("error string", `{"error":"Something went wrong"}`),
		ok("error object", `{"error":{"code":"INTERNAL","message":"Something went wrong"}}`),
		ok("error after rows", `{"ok":true,"data":[`+good+`],"error":"Something went wrong"}`),
		ok("data missing", `{"ok":true,"offset":0,"limit":1000}`),
		ok("data null", `{"ok":true,"data":null,"offset":0,"limit":1000}`),
		ok("data object", `{"ok":true,"data":{},"offset":0,"limit":1000}`),
		ok("data string", `{"ok":true,"data":"none","offset":0,"limit":1000}`),
		{"html", http.StatusOK, contentType(contentHTML), "<!DOCTYPE html><html><body>Please wait</body></html>"},
		{"plain text", http.StatusOK, contentType(contentPlain), "Service is being updated"},
		ok("trailing garbage", `{"ok":true,"data":[`+good+`],"offset":0,"limit":1000}garbage`),
		ok("second value", `{"ok":true,"data":[`+good+`],"offset":0,"limit":1000}{"ok":true}`),
		ok("cut off", `{"ok":true,"data":[`+good+`,{"campaign_id":1,"sequence_nu`),
		ok("cut off after a row", `{"ok":true,"data":[`+good),
		ok("deep nesting", `{"ok":true,"data":[`+strings.Repeat(`[`, 100_000)),
		ok("deep nesting in a skipped field", `{"ok":true,"data":[{"sequence_number":1,"other":`+strings.Repeat(`{"a":`, 100_000)),
		rows("negative count", with("sent", "-1")),
		rows("fractional count", with("opened", "1.5")),
		rows("count beyond int64", with("clicked", "9223372036854775808")),
		rows("count as text", with("replied", `"many"`)),
		rows("count as object", with("replied", `{}`)),
		rows("counts under other names", `{"email_campaign_seq_id":7,"sequence_number":1,"sent_count":10,"open_count":5,"click_count":2}`),
		rows("a step and no counts", `{"campaign_id":1,"sequence_number":1}`),
		rows("all counts null", `{"sequence_number":1,"sent":null,"opened":null,"clicked":null,"replied":null,"unsubscribed":null,"bounced":null}`),
		rows("step negative", with("sequence_number", "-1")),
		rows("step out of range", with("sequence_number", "101")),
		rows("step fractional", with("sequence_number", "1.5")),
		rows("step not a number", with("sequence_number", `"first"`)),
		rows("step twice", good, with("sent", "11")),
		ok("step out of range in an e-mail", fmt.Sprintf(email, "101", "0")),
		ok("step not a number in an e-mail", fmt.Sprintf(email, `"first"`, "0")),
		ok("negative count in an e-mail", fmt.Sprintf(email, "1", "-1")),
		ok("fractional count in an e-mail", fmt.Sprintf(email, "1", "0.5")),
	}
}
