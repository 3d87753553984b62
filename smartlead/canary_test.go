package smartlead_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"smartlead_exporter/smartlead"
)

// canary is a key of whose parts none occurs anywhere else, so that one that is escaped, or cut, is found by its song.
const (
	canary = `QZ1/QZ2+QZ3&QZ4=QZ5%QZ6"QZ7<QZ8>QZ9 QZ10\QZ11'QZ12ü`
	song   = "QZ"
)

// askOnce makes a call that gives up after its first request, so that no test waits for a back-off, and checks that
// the key is in nothing that leaves the client. It returns the error.
func askOnce(t *testing.T, transport http.RoundTripper, change ...func(*smartlead.Options)) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	change = append([]func(*smartlead.Options){func(o *smartlead.Options) {
		o.Key = func() (string, error) { return canary, nil }
		o.Transport = transport
		o.Trace.Request = func(r smartlead.RequestInfo) {
			assertSilent(t, "RequestInfo", r)
			assertSilentError(t, r.Err)
			cancel()
		}
	}}, change...)
	_, err := statistics(ctx, newClient(t, nil, change...))
	assertSilentError(t, err)
	return err
}

// assertSilent checks that the key is in no form in which a value can be printed.
func assertSilent(t *testing.T, what string, v any) {
	t.Helper()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if text := fmt.Sprintf(verb, v); strings.Contains(text, song) {
			t.Errorf("%s has the key in it when printed by %s: %s", what, verb, text)
		}
	}
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("", "value", v)
	if strings.Contains(logged.String(), song) {
		t.Errorf("%s has the key in it when logged: %s", what, &logged)
	}
}

// assertSilentError checks an error and all that it wraps.
func assertSilentError(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	assertSilent(t, fmt.Sprintf("%T", err), err)
	switch wraps := err.(type) { //nolint:errorlint // The tree is walked by hand.
	case interface{ Unwrap() error }:
		assertSilentError(t, wraps.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range wraps.Unwrap() {
			assertSilentError(t, inner)
		}
	}
}

// network is a transport that closes its connections.
func network(change ...func(*http.Transport)) *http.Transport {
	tr := &http.Transport{DisableKeepAlives: true}
	for _, f := range change {
		f(tr)
	}
	return tr
}

func TestKeyStaysHiddenFromNetworkErrors(t *testing.T) {
	at := func(address string) func(*smartlead.Options) {
		return func(o *smartlead.Options) { o.BaseURL = address }
	}
	// A port where nobody listens.
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // It listens for a moment.
	if err != nil {
		t.Fatal(err)
	}
	closed := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}

	quiet := slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	encrypted := httptest.NewUnstartedServer(respond(http.StatusOK, empty))
	encrypted.Config.ErrorLog = quiet // which would complain of the failed handshake
	encrypted.StartTLS()
	defer encrypted.Close()

	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer silent.Close()

	garbled := func(answer func(requestLine string) string) *http.Transport {
		return network(func(tr *http.Transport) {
			tr.DialContext = func(context.Context, string, string) (net.Conn, error) {
				client, server := net.Pipe()
				go func() {
					line, _ := bufio.NewReader(server).ReadString('\n')
					_, _ = io.WriteString(server, answer(line))
					_ = server.Close()
				}()
				return client, nil
			}
		})
	}

	for _, tt := range []struct {
		name      string
		transport http.RoundTripper
		change    []func(*smartlead.Options)
		want      smartlead.Reason
	}{
		{
			name: "DNS failure",
			transport: network(func(tr *http.Transport) {
				resolver := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
					return nil, errors.New("no name server")
				}}
				tr.DialContext = (&net.Dialer{Resolver: resolver}).DialContext
			}),
			change: []func(*smartlead.Options){at("http://smartlead.invalid/api/v1")},
			want:   smartlead.ErrNetwork,
		},
		{
			name: "refused connection", transport: network(),
			change: []func(*smartlead.Options){at("http://" + closed)},
			want:   smartlead.ErrNetwork,
		},
		{
			name: "refused proxy",
			transport: network(func(tr *http.Transport) {
				tr.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: closed})
			}),
			want: smartlead.ErrNetwork,
		},
		{
			name: "TLS failure", transport: network(),
			change: []func(*smartlead.Options){at(encrypted.URL)},
			want:   smartlead.ErrNetwork,
		},
		{
			name: "TLS where there is none", transport: network(),
			change: []func(*smartlead.Options){at(strings.Replace(silent.URL, "http", "https", 1))},
			want:   smartlead.ErrNetwork,
		},
		{
			name: "timeout", transport: network(),
			change: []func(*smartlead.Options){at(silent.URL), func(o *smartlead.Options) { o.RequestTimeout = 10 * time.Millisecond }},
			want:   smartlead.ErrTimeout,
		},
		{
			name:      "an answer that isn't HTTP and repeats the request",
			transport: garbled(func(line string) string { return line }),
			want:      smartlead.ErrNetwork,
		},
		{
			name:      "an answer whose header repeats the request",
			transport: garbled(func(line string) string { return "HTTP/1.1 200 OK\r\n" + line + "\r\n\r\n" }),
			want:      smartlead.ErrNetwork,
		},
		{
			name: "a redirect to a place that repeats the key and can't be",
			transport: garbled(func(string) string {
				return "HTTP/1.1 302 Found\r\nLocation: http://[" + canary + "\r\nContent-Length: 0\r\n\r\n"
			}),
			want: smartlead.ErrNetwork,
		},
		{
			name: "an error of another kind that repeats the URL",
			transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				return nil, fmt.Errorf("proxy: %w", timeout{r.URL.String()})
			}),
			want: smartlead.ErrTimeout,
		},
		{
			name: "an error that wraps one that repeats the URL",
			transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				return nil, fmt.Errorf("%w (%w)", io.ErrUnexpectedEOF, discreet{errors.New(r.URL.String())})
			}),
			want: smartlead.ErrNetwork,
		},
		{
			name: "a body that breaks off with an error that repeats the URL",
			transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				return body(func() io.Reader {
					return io.MultiReader(strings.NewReader(`{"data":[`), broken{&url.Error{Op: "Get", URL: r.URL.String(), Err: io.ErrUnexpectedEOF}})
				})(r)
			}),
			want: smartlead.ErrNetwork,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := askOnce(t, tt.transport, tt.change...); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want reason %q", err, tt.want)
			}
		})
	}
}

// discreet is an error that says less than the one it wraps.
type discreet struct{ err error }

func (e discreet) Error() string { return "couldn't ask" }
func (e discreet) Unwrap() error { return e.err }

// broken is a connection that fails.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// The key is sent to nobody but the API.
func TestKeyStaysHiddenFromRedirects(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s was asked of somebody else, with Referer %q", r.URL, r.Referer())
	}))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, elsewhere.URL+r.URL.RequestURI(), status)
			}))
			defer server.Close()
			err := askOnce(t, network(), func(o *smartlead.Options) { o.BaseURL = server.URL })
			if !errors.Is(err, smartlead.ErrBadResponse) {
				t.Errorf("got %v, want ErrBadResponse", err)
			}
		})
	}
}

// forms are ways in which servers, proxies and gateways write the key.
func forms(t *testing.T) map[string]string {
	t.Helper()
	asJSON := func(escapeHTML bool) string {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(escapeHTML)
		if err := e.Encode(canary); err != nil {
			t.Fatal(err)
		}
		s := strings.TrimSpace(b.String())
		return s[1 : len(s)-1]
	}
	query := url.QueryEscape(canary)
	lower := regexp.MustCompile(`%[0-9A-F]{2}`).ReplaceAllStringFunc(query, strings.ToLower)
	return map[string]string{
		"plain":                        canary,
		"query-escaped":                query,
		"query-escaped in lower case":  lower,
		"query-escaped twice":          url.QueryEscape(query),
		"path-escaped":                 url.PathEscape(canary),
		"HTML-escaped":                 html.EscapeString(canary),
		"HTML-escaped twice":           html.EscapeString(html.EscapeString(canary)),
		"query-escaped, then HTML":     html.EscapeString("?api_key=" + query + "&limit=1000"),
		"JSON-escaped for HTML":        asJSON(true),
		"JSON-escaped":                 asJSON(false),
		"JSON-escaped with slashes":    strings.ReplaceAll(asJSON(false), "/", `\/`),
		"JSON-escaped in upper case":   strings.NewReplacer("&", `\u0026`, "<", `\u003C`, ">", `\u003E`, `"`, `\"`, `\`, `\\`).Replace(canary),
		"quoted by Go":                 strings.Trim(strconv.Quote(canary), `"`),
		"quoted by Go in ASCII":        strings.Trim(strconv.QuoteToASCII(canary), `"`),
		"with hexadecimal HTML":        strings.NewReplacer("&", "&#x26;", "<", "&#x3C;", ">", "&#x3e;", `"`, "&#x22;", "/", "&#x2F;", "=", "&#x3D;").Replace(canary),
		"with a few escapes":           strings.NewReplacer("/", "%2f", "+", "%2B").Replace(canary),
		"with a line end in its space": strings.ReplaceAll(canary, " ", "\r\n\t"),
	}
}

// wrappings are bodies that repeat a text, each of which names it where it doesn't have it.
var wrappings = map[string]func(string) string{
	"plain text":   func(s string) string { return "can't GET /statistics?api_key=" + s + " now" },
	"text alone":   func(s string) string { return s },
	"long text":    func(s string) string { return strings.Repeat("x", 170) + s },
	"page":         func(s string) string { return "<html><body><p>no " + s + "</p> here</body></html>" },
	"page's title": func(s string) string { return "<html><title>no " + s + "</title><body></body></html>" },
	"message":      func(s string) string { return `{"message":` + jsonString("no "+s) + `}` },
	"error":        func(s string) string { return `{"data":[],"error":` + jsonString("no "+s) + `}` },
	"error object": func(s string) string { return `{"error":{"message":` + jsonString("no "+s) + `}}` },
	"JSON array":   func(s string) string { return `[` + jsonString("no "+s) + `]` },
}

func jsonString(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string can always be encoded
	}
	return string(b)
}

func TestKeyStaysHiddenFromBodies(t *testing.T) {
	for _, status := range []int{200, 204, 302, 400, 401, 403, 404, 408, 422, 429, 500, 502, 503, 524} {
		for form, key := range forms(t) {
			for wrapping, wrap := range wrappings {
				t.Run(fmt.Sprintf("%d/%s/%s", status, form, wrapping), func(t *testing.T) {
					text := wrap(key)
					err := askOnce(t, roundTripper(func(r *http.Request) (*http.Response, error) {
						resp, err := bodyBytes([]byte(text))(r)
						resp.StatusCode = status
						return resp, err
					}))
					if smartlead.ReasonOf(err) == "" {
						t.Errorf("got %v, want an error with a reason", err)
					}
				})
			}
		}
	}
}

// Of a long body only the beginning is looked at. A key that the cut divides is a secret still.
func TestKeyStaysHiddenWhenCut(t *testing.T) {
	for _, tt := range []struct {
		name    string
		status  int
		filling string // of which nothing is left in the message
		looked  int    // bytes that are looked at
	}{
		{"200, spaces", 200, " ", 4096},
		{"200, tags", 200, "<br>", 4096},
		{"400, spaces", 400, " ", 64 << 10},
		{"400, tags", 400, "<br>", 64 << 10},
	} {
		for form, key := range map[string]string{"plain": canary, "escaped": url.QueryEscape(canary)} {
			t.Run(tt.name+"/"+form, func(t *testing.T) {
				for i := 0; i < len(key)+8; i += 9 { // bytes of the key, or after it, that are looked at
					head := "<p>"
					if tt.filling == " " {
						head = "no"
					}
					head += strings.Repeat(tt.filling, (tt.looked-len(head)-i)/len(tt.filling))
					text := head + strings.Repeat(" ", max(0, tt.looked-len(head)-i)) + key + strings.Repeat(" and more", 1000)
					err := askOnce(t, roundTripper(func(r *http.Request) (*http.Response, error) {
						resp, err := bodyBytes([]byte(text))(r)
						resp.StatusCode = tt.status
						return resp, err
					}))
					if t.Failed() {
						t.Fatalf("cut at byte %d: %v", i, err)
					}
				}
			})
		}
	}
}

// A key that was replaced a moment ago may still be in an answer. It is known by where it stands.
func TestFormerKeyStaysHidden(t *testing.T) {
	for name, text := range map[string]string{
		"URL":         "GET /campaigns/1/statistics?limit=1&api_key=" + song + "-former%2Bkey&offset=0",
		"escaped URL": "api_key%3D" + song + "-former%252Bkey%26offset%3D0",
		"JSON":        `[{"api_key" : "` + song + `-former"}]`,
	} {
		t.Run(name, func(t *testing.T) {
			err := askOnce(t, roundTripper(func(r *http.Request) (*http.Response, error) {
				resp, err := bodyBytes([]byte(text))(r)
				resp.StatusCode = 400
				return resp, err
			}))
			if !errors.Is(err, smartlead.ErrBadRequest) {
				t.Errorf("got %v, want ErrBadRequest", err)
			}
		})
	}
}

// What the API says stays readable.
func TestMessagesKeepTheRest(t *testing.T) {
	for _, tt := range []struct{ name, body, want string }{
		{"plain text", "key " + canary + " is bad", "key <redacted> is bad"},
		{"escaped", "GET /x?api_key=" + url.QueryEscape(canary) + "&limit=1 failed", "GET /x?api_key=<redacted>&limit=1 failed"},
		{"JSON", `{"message":` + jsonString("key "+canary+" is bad") + `}`, "key <redacted> is bad"},
		{"title", "<title>key " + html.EscapeString(canary) + " is bad</title>", "key <redacted> is bad"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := askOnce(t, roundTripper(func(r *http.Request) (*http.Response, error) {
				resp, err := bodyBytes([]byte(tt.body))(r)
				resp.StatusCode = 400
				return resp, err
			}))
			var e *smartlead.Error
			if !errors.As(err, &e) || e.Message != tt.want {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
