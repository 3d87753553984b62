package simulator

import "net/http"

// WrongAnalytics returns answers to a request for sequence analytics that have status 200 and are failures all the
// same, in either form.
func WrongAnalytics() []Answer {
	ok := func(name, body string) Answer {
		a := jsonAnswer(http.StatusOK, body)
		a.Name = name
		return a
	}
	rows := func(name, rows string) Answer { return ok(name, `{"ok":true,"data":[`+rows+`]}`) }
	steps := func(name, steps string) Answer { return ok(name, `{"ok":true,"data":{"sequences":[`+steps+`]}}`) }
	const good = `{"email_campaign_seq_id":1,"sent_count":10,"open_count":5}`
	return []Answer{
		ok("empty object", `{}`),
		ok("no body", ``),
		ok("null", `null`),
		ok("ok false", `{"ok":false,"data":[]}`),
		ok("success false with a message", `{"success":false,"message":"Internal error"}`),
		ok("error string", `{"error":"Something went wrong"}`),
		ok("data null", `{"ok":true,"data":null}`),
		ok("data object", `{"ok":true,"data":{}}`),
		{"html", http.StatusOK, contentType(contentHTML), "<!DOCTYPE html><html><body>Please wait</body></html>"},
		ok("cut off", `{"ok":true,"data":[`+good+`,{"email_campaign`),
		ok("trailing garbage", `{"ok":true,"data":[`+good+`]}garbage`),
		rows("sent missing", `{"email_campaign_seq_id":1,"open_count":5}`),
		rows("sent null with opens", `{"email_campaign_seq_id":1,"sent_count":null,"open_count":5}`),
		rows("sent negative", `{"email_campaign_seq_id":1,"sent_count":-1}`),
		rows("sent fractional", `{"email_campaign_seq_id":1,"sent_count":1.5}`),
		rows("sent as text", `{"email_campaign_seq_id":1,"sent_count":"many"}`),
		rows("replies negative", `{"email_campaign_seq_id":1,"sent_count":1,"reply_count":"-1"}`),
		rows("id missing", `{"sent_count":10}`),
		rows("id as text", `{"email_campaign_seq_id":"first","sent_count":10}`),
		rows("id twice", good+`,`+good),
		steps("step missing", `{"variants":[{"stats":{"sent":1}}]}`),
		steps("step twice", `{"seq_number":1,"variants":[{"stats":{"sent":1}}]},{"seq_number":1,"variants":[{"stats":{"sent":1}}]}`),
		steps("stats missing", `{"seq_number":1,"variants":[{"stats":{"sent":1}},{"variant_label":"B"}]}`),
	}
}
