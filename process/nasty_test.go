package process_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"html"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// escaped is the canary as others may write it.
func escaped() string {
	quoted, _ := json.Marshal(canary) // a string, which can't fail
	query, path := url.QueryEscape(canary), url.PathEscape(canary)
	return strings.Join([]string{
		canary, query, path, lowerEscapes(query), lowerEscapes(path), url.QueryEscape(query),
		html.EscapeString(canary), html.EscapeString(query), string(quoted), strconv.Quote(canary),
		strings.ReplaceAll(canary, "/", `\/`),
	}, " ")
}

// lowerEscapes writes %2F as %2f.
func lowerEscapes(s string) string {
	for _, hex := range []string{"%2B", "%2F", "%3C", "%3D", "%3E"} {
		s = strings.ReplaceAll(s, hex, strings.ToLower(hex))
	}
	return s
}

// nasty are APIs that repeat in their answers what they were asked, key included.
func nasty(t *testing.T) map[string]http.HandlerFunc {
	t.Helper()
	// repeat answers with the key in every form, in a header as well.
	repeat := func(status int, format string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "https://elsewhere.example"+r.URL.RequestURI())
			w.Header().Set("X-Asked", r.URL.RequestURI())
			w.WriteHeader(status)
			fmt.Fprintf(w, format, strings.ReplaceAll(strings.ReplaceAll(r.URL.RequestURI()+" "+escaped(), `\`, `\\`), `"`, `\"`))
		}
	}
	cases := map[string]http.HandlerFunc{
		"redirect": repeat(http.StatusFound, "%s"),
		"moved":    repeat(http.StatusPermanentRedirect, "%s"),
		"hang": func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-t.Context().Done():
			}
		},
		"cut": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100000")
			fmt.Fprintf(w, `{"data":[{"sequence_number":1,"lead_name":%q,"url":%q`, personName, r.URL.RequestURI())
			panic(http.ErrAbortHandler)
		},
		"gzip": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, r.URL.RequestURI())
		},
	}
	cases["good"] = func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"total_stats":"1","data":[{"sequence_number":1,"lead_name":%[1]q,"lead_email":%[2]q,"lead_category":%[1]q,`+
			`"stats_id":%[1]q,"email_subject":%[3]q,"email_message":%[3]q,"sent_time":"2026-03-02T09:00:00Z"}]}`, personName, personAddress, personSubject)
	}
	for _, status := range []int{400, 401, 403, 404, 408, 410, 422, 429, 500, 502, 503, 524, 599} {
		cases[fmt.Sprintf("json-%d", status)] = repeat(status, `{"message":"%s"}`)
	}
	for _, status := range []int{201, 400, 401, 403, 404, 500} {
		cases[fmt.Sprintf("text-%d", status)] = repeat(status, "%s")
		cases[fmt.Sprintf("html-%d", status)] = repeat(status, "<html><title>%[1]s</title><p>%[1]s")
	}
	for name, body := range map[string]string{
		"text":      "%s",
		"html":      "<html><p>%s",
		"ok-false":  `{"ok":false,"message":"%s"}`,
		"success":   `{"success":false,"error":{"code":"%[1]s","message":"%[1]s"}}`,
		"error":     `{"error":"%s"}`,
		"key":       `{"ok":true,"%s":1`,
		"data":      `{"ok":true,"data":"%s"}`,
		"step":      `{"ok":true,"data":[{"campaign_id":1,"sequence_number":"%s","sent":1}]}`,
		"count":     `{"ok":true,"data":[{"campaign_id":1,"sequence_number":1,"sent":"%s"}]}`,
		"total":     `{"total_stats":"%s","data":[]}`,
		"trailing":  `{"ok":true,"data":[]}%s`,
		"unquoted":  `{"ok":true,"data":[%s]}`,
		"duplicate": `{"ok":true,"data":[{"sequence_number":1,"sent":1,"a%[1]s":1},{"sequence_number":1,"sent":2}]}`,

		"person-step":   `{"total_stats":"1","data":[{"sequence_number":"` + personName + `","lead_email":"` + personAddress + `","stats_id":"` + personName + `"}]}`,
		"person-count":  `{"total_stats":"1","data":[{"sequence_number":1,"open_count":"` + personName + `","lead_email":"` + personAddress + `"}]}`,
		"person-broken": `{"total_stats":"1","data":[{"sequence_number":1,"email_subject":"` + personSubject + `" "lead_email":"` + personAddress + `"}]}`,
		"person-total":  `{"total_stats":"7","data":[{"sequence_number":1,"stats_id":"` + personName + `","lead_email":"` + personAddress + `"}]}`,
		"person-error":  `{"error":"the lead ` + personAddress + ` is not yours"}`,
	} {
		cases["ok-"+name] = repeat(http.StatusOK, body)
		if strings.HasPrefix(name, "person-") {
			cases["ok-"+name] = func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
		}
	}
	return cases
}

// raw are answers, made of the request's URI, that don't even keep to HTTP.
var raw = map[string]string{
	"echo":        "URI\r\n\r\n",
	"status":      "HTTP/1.1 URI URI\r\n\r\n",
	"status-text": "HTTP/1.1 500 URI\r\nContent-Length: 0\r\n\r\n",
	"header":      "HTTP/1.1 200 OK\r\nURI\r\n\r\n",
	"length":      "HTTP/1.1 200 OK\r\nContent-Length: URI\r\n\r\n",
	"encoding":    "HTTP/1.1 200 OK\r\nTransfer-Encoding: URI\r\n\r\n",
	"chunk":       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nURI\r\n",
	"trailer":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nURI\r\n\r\n",
	"reset":       "",
	// More than was announced. net/http complains of it to the log of the standard library.
	"unsolicited": "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}URI",
}

// serveRaw returns the address of a server that gives an answer of raw.
func serveRaw(t *testing.T, answer string) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			r, err := http.ReadRequest(bufio.NewReader(conn))
			if err == nil {
				_, _ = io.WriteString(conn, strings.ReplaceAll(answer, "URI", r.URL.RequestURI()+canary))
			}
			conn.Close()
		}
	})
	t.Cleanup(func() {
		listener.Close()
		serving.Wait()
	})
	return "http://" + listener.Addr().String()
}

// nastyAccounts returns a base URL for each account, by the account's name.
func nastyAccounts(t *testing.T) map[string]string {
	t.Helper()
	accounts := map[string]string{}
	handlers := nasty(t)
	mux := http.NewServeMux()
	for name, handler := range handlers {
		mux.HandleFunc("/"+name+"/", handler)
	}
	silent := stdlog.New(io.Discard, "", 0)
	serve := func(start func(*httptest.Server)) string {
		server := httptest.NewUnstartedServer(mux)
		server.Config.ErrorLog = silent
		start(server)
		t.Cleanup(server.Close)
		return server.URL
	}
	plain := serve((*httptest.Server).Start)
	for name := range handlers {
		accounts[name] = plain + "/" + name
	}
	for name, answer := range raw {
		accounts["raw-"+name] = serveRaw(t, answer)
	}
	accounts["unknown-ca"] = serve((*httptest.Server).StartTLS) + "/hang"
	accounts["not-tls"] = strings.Replace(plain, "http:", "https:", 1)
	accounts["no-such-host"] = "https://smartlead.invalid"
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	accounts["refused"] = closed.URL
	return accounts
}
