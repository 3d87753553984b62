package simulator

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
)

// Answer is a ready-made answer of the API, to be injected with [Respond].
type Answer struct {
	Name   string // says what it is, as the name of a test
	Status int
	Header http.Header
	Body   string
}

const (
	contentJSON  = "application/json; charset=utf-8"
	contentHTML  = "text/html; charset=utf-8"
	contentPlain = "text/plain; charset=utf-8"
)

var (
	answerBadKey     = jsonAnswer(http.StatusUnauthorized, `{"message":"Invalid API Key"}`)
	answerExpired    = jsonAnswer(http.StatusUnauthorized, `{"message":"Plan expired!"}`)
	answerNoKey      = jsonAnswer(http.StatusUnauthorized, `{"success":false,"error":{"code":"UNAUTHORIZED","message":"API key is required"}}`)
	answerNoCampaign = jsonAnswer(http.StatusNotFound, `{"error":"Campaign not found - Invalid campaign_id."}`)
)

func jsonAnswer(status int, body string) Answer {
	return Answer{Status: status, Header: contentType(contentJSON), Body: body}
}

func contentType(value string) http.Header {
	return http.Header{"Content-Type": {value}}
}

// answerBadRequest is how the API's validation refuses a parameter; in is where the parameter stands, "query" or
// "params".
func answerBadRequest(in, parameter, complaint string) Answer {
	body, err := json.Marshal(map[string]any{
		"statusCode": http.StatusBadRequest,
		"error":      "Bad Request",
		"message":    fmt.Sprintf(`"%s" %s`, parameter, complaint),
		"validation": map[string]any{"source": in, "keys": []string{parameter}},
	})
	if err != nil {
		panic(err) // strings and numbers can always be encoded
	}
	return jsonAnswer(http.StatusBadRequest, string(body))
}

func noRouteBody(path string) string {
	return `<!DOCTYPE html><html lang="en"><head><title>Error</title></head><body><pre>Cannot GET ` +
		html.EscapeString(path) + `</pre></body></html>`
}

func writeNoRoute(w http.ResponseWriter, r *http.Request) {
	writeAnswer(w, Answer{Status: http.StatusNotFound, Header: contentType(contentHTML), Body: noRouteBody(r.URL.Path)})
}

// writeAnswer sends an answer. That the client may be gone is not an error.
func writeAnswer(w http.ResponseWriter, a Answer) {
	for name, values := range a.Header {
		w.Header()[http.CanonicalHeaderKey(name)] = append([]string(nil), values...)
	}
	w.WriteHeader(a.Status)
	_, _ = io.WriteString(w, a.Body)
}
