package reliability_test

import (
	"bytes"
	"compress/gzip"
	"crypto/x509"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"smartlead_exporter/smartlead"
	"smartlead_exporter/smartlead/simulator"
)

// fault is something that goes wrong with a request for statistics, and what has to come of it.
type fault struct {
	kind, name string // faults of one kind that come to the same share a row of the table
	effects    func(*cell) []simulator.Effect
	dial       error // in place of effects: the request doesn't arrive

	reason  smartlead.Reason // with which a refresh fails that meets it each time; "" if it isn't held up at all
	retried bool             // the same page is asked for again
	untrue  bool             // likewise, once
	// may, for faults that concern the set of pages as a whole, are the reasons with which the refresh may end. The number of
	// requests is what the table in the document says.
	may []smartlead.Reason

	ofAccount bool             // the account's other campaigns can't be had, either
	pause     time.Duration    // for which the account has to leave the API alone
	clock     time.Duration    // by which the API's clock is fast
	date      time.Duration    // by which its Date header is fast besides
	order     simulator.Order  // of per-e-mail rows
	only      *simulator.Shape // in which it can happen; nil: both
}

func (f *fault) shapes() []simulator.Shape {
	if f.only != nil {
		return []simulator.Shape{*f.only}
	}
	return []simulator.Shape{simulator.PerEmail, simulator.PerSequence}
}

// always returns effects that are the same in each cell.
func always(effects ...simulator.Effect) func(*cell) []simulator.Effect {
	return func(*cell) []simulator.Effect { return effects }
}

func faults() []*fault {
	var all []*fault
	for _, list := range [][]*fault{lineFaults(), bodyFaults(), statusFaults(), limitFaults(), setFaults()} {
		all = append(all, list...)
	}
	return all
}

// lineFaults are of the connection.
func lineFaults() []*fault {
	const url = "https://server.smartlead.ai/api/v1/campaigns/1/statistics"
	dial := func(name string, err error) *fault {
		return &fault{kind: "the connection:", name: name, dial: err, reason: smartlead.ErrNetwork, retried: true}
	}
	broken := func(name string, effect simulator.Effect) *fault {
		return &fault{kind: "the connection:", name: name, effects: always(effect), reason: smartlead.ErrNetwork, retried: true}
	}
	late := func(name string, effect simulator.Effect) *fault {
		return &fault{kind: "time:", name: name, effects: always(effect), reason: smartlead.ErrTimeout, retried: true}
	}
	return []*fault{
		dial("refused", &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}),
		dial("no such host", &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "server.smartlead.ai", IsNotFound: true}}),
		dial("DNS server failing", &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "server misbehaving", Name: "server.smartlead.ai", IsTemporary: true}}),
		dial("certificate unknown", x509.UnknownAuthorityError{}),
		dial("certificate for another host", x509.HostnameError{Certificate: &x509.Certificate{}, Host: url}),
		broken("reset before the answer", simulator.Reset()),
		broken("reset before the body", simulator.ResetAfter(0)),
		broken("reset in the body", simulator.ResetAfter(100)),
		{
			kind: "time:", name: "DNS not answering", reason: smartlead.ErrTimeout, retried: true,
			dial: &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "i/o timeout", Name: "server.smartlead.ai", IsTimeout: true}},
		},
		late("no answer within the timeout", simulator.Delay(requestTimeout+time.Second)),
		late("a body that drips beyond it", simulator.Drip(64, requestTimeout/3)),
		{kind: "time:", name: "an answer just within it", effects: always(simulator.Delay(requestTimeout - time.Second))},
		{kind: "time:", name: "a body that drips within it", effects: always(simulator.Drip(64, time.Millisecond))},
	}
}

// gzipped compresses a body.
func gzipped(body []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(body) // into memory
	_ = w.Close()
	return b.Bytes()
}

// compressed sends a body compressed by gzip, after a change to that.
func compressed(change func(zip []byte) []byte) simulator.Effect {
	zip := simulator.Rewrite(func(body []byte) []byte { return change(gzipped(body)) })
	return func(next http.Handler) http.Handler {
		return simulator.SetHeader("Content-Encoding", "gzip")(zip(next))
	}
}

// bodyFaults are answers with status 200 that aren't what they should be.
func bodyFaults() []*fault {
	bad := func(kind, name string, effect simulator.Effect) *fault {
		return &fault{kind: kind, name: name, effects: always(effect), reason: smartlead.ErrBadResponse, untrue: true}
	}
	var list []*fault
	for _, cut := range []int{0, 1, 100} {
		list = append(list, bad("truncated:", "after "+strconv.Itoa(cut)+" bytes", simulator.Truncate(cut)))
	}
	list = append(list,
		bad("garbage:", "binary", simulator.RespondStatus(200, "\x00\xff\x1f\x8b\x08")),
		bad("garbage:", "a body turned round", simulator.Rewrite(func(body []byte) []byte {
			for i, j := 0, len(body)-1; i < j; i, j = i+1, j-1 {
				body[i], body[j] = body[j], body[i]
			}
			return body
		})),
		bad("garbage:", "text behind the body", simulator.Append("<!-- cached -->")),
		bad("garbage:", "text before the body", simulator.Rewrite(func(body []byte) []byte { return append([]byte(")]}',"), body...) })),
		bad("garbage:", "CSV", simulator.RespondStatus(200, "sequence_number,sent\n1,10\n")),
		bad("garbage:", "UTF-16", simulator.Rewrite(func(body []byte) []byte { return append([]byte("\xff\xfe"), body...) })),
		bad("compressed:", "in a way that isn't known", simulator.SetHeader("Content-Encoding", "br")),
	)
	for name, change := range map[string]func([]byte) []byte{
		"by gzip, cut off":         func(zip []byte) []byte { return zip[:len(zip)/2] },
		"by gzip, a byte wrong":    func(zip []byte) []byte { zip[len(zip)-6] ^= 1; return zip },
		"by gzip, with text after": func(zip []byte) []byte { return append(zip, "<!-- cached -->"...) },
	} {
		list = append(list, bad("compressed:", name, compressed(change)))
	}
	slices.SortFunc(list[len(list)-3:], func(a, b *fault) int { return strings.Compare(a.name, b.name) })
	list = append(list,
		&fault{kind: "compressed:", name: "by gzip", effects: always(compressed(func(zip []byte) []byte { return zip }))},
		&fault{kind: "compressed:", name: "by gzip, which isn't told", effects: always(simulator.Rewrite(gzipped))},
		&fault{kind: "compressed:", name: "not at all, though it is told", effects: always(simulator.SetHeader("Content-Encoding", "gzip"))},
		&fault{kind: "a byte order mark before the body", effects: always(simulator.Rewrite(func(body []byte) []byte {
			return append([]byte("\ufeff"), body...)
		}))},
	)
	for _, a := range simulator.WrongBodies() {
		list = append(list, bad("status 200:", a.Name, simulator.Respond(a)))
	}
	return list
}

// statusFaults are all statuses but 200 and 429, and the bodies that are known to come with some.
func statusFaults() []*fault {
	var list []*fault
	add := func(kind, name string, status int, effect simulator.Effect) {
		f := &fault{kind: kind, name: name, effects: always(effect)}
		switch {
		case status == 401:
			f.reason, f.ofAccount = smartlead.ErrUnauthorized, true
		case status == 403:
			f.reason = smartlead.ErrForbidden
		case status == 404:
			f.reason = smartlead.ErrNotFound
		case status == 408:
			f.reason, f.retried = smartlead.ErrTimeout, true
		case status >= 500:
			f.reason, f.retried = smartlead.ErrServer, true
		case status >= 400:
			f.reason = smartlead.ErrBadRequest
		default:
			f.reason = smartlead.ErrBadResponse
		}
		list = append(list, f)
	}
	for status := 201; status < 600; status++ {
		if (http.StatusText(status) != "" || status >= 520 && status <= 526) && status != 429 {
			add("status:", strconv.Itoa(status), status, simulator.RespondStatus(status, ""))
		}
	}
	for _, a := range simulator.ErrorAnswers() {
		if a.Status != 429 {
			add("status:", strconv.Itoa(a.Status)+" ("+a.Name+")", a.Status, simulator.Respond(a))
		}
	}
	add("status:", "302 (to another host)", 302, simulator.Redirect("https://elsewhere.example/?api_key=stolen"))
	return list
}

// limitFaults are about the request limit, and about clocks that differ, which moments that a server names depend on.
func limitFaults() []*fault {
	const (
		wait  = 150 * time.Second // longer than any back-off before it
		clock = 7 * time.Minute
	)
	date := func(c time.Duration) simulator.Effect {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				at := time.Now().Add(c + wait).UTC().Format(http.TimeFormat)
				simulator.Respond(simulator.TooManyRequests(at))(next).ServeHTTP(w, r)
			})
		}
	}
	spent := func(c time.Duration) simulator.Effect {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				reset := strconv.FormatInt(time.Now().Add(c+wait).Unix(), 10)
				none := simulator.SetHeader("X-RateLimit-Remaining", "0")
				none(simulator.SetHeader("X-RateLimit-Reset", reset)(next)).ServeHTTP(w, r)
			})
		}
	}
	seconds := strconv.Itoa(int(wait.Seconds()))
	limited := func(name string, pause, clock time.Duration, effect simulator.Effect) *fault {
		return &fault{
			kind: "status 429:", name: name, effects: always(effect),
			reason: smartlead.ErrRateLimited, retried: true, pause: pause, clock: clock,
		}
	}
	list := []*fault{
		limited("Retry-After in seconds", wait, 0, simulator.Respond(simulator.TooManyRequests(seconds))),
		limited("Retry-After as a date", wait, 0, date(0)),
		limited("a date by a clock 7 min fast", wait, clock, date(clock)),
		limited("a date by a clock 7 min slow", wait, -clock, date(-clock)),
		limited("seconds in the body alone", 30*time.Second, 0, simulator.Respond(simulator.TooManyRequests(""))),
		limited("no Retry-After", 2500*time.Millisecond, 0, simulator.RespondStatus(429, "")),
		limited("Retry-After that can't be read", 2500*time.Millisecond, 0, simulator.Respond(simulator.Answer{
			Status: 429, Header: http.Header{"Retry-After": {"soon"}},
		})),
		limited("Retry-After in milliseconds", time.Minute, 0, simulator.Respond(simulator.TooManyRequests("900000"))),
		limited("a date of another century", time.Minute, 0, simulator.Respond(simulator.TooManyRequests("Thu, 01 Jan 2126 00:00:00 GMT"))),
	}
	for _, u := range []struct {
		name, retryAfter string
		pause            time.Duration
	}{
		{"Retry-After in seconds", seconds, wait},
		{"Retry-After in milliseconds", "900000", time.Minute},
		{"Retry-After that can't be read", "soon", 0},
	} {
		list = append(list, &fault{
			kind: "status 503:", name: u.name, reason: smartlead.ErrServer, retried: true, pause: u.pause,
			effects: always(simulator.Respond(simulator.Answer{Status: 503, Header: http.Header{"Retry-After": {u.retryAfter}}})),
		})
	}
	for _, c := range []struct {
		name  string
		clock time.Duration
	}{{"", 0}, {" by a clock 7 min fast", clock}, {" by a clock 7 min slow", -clock}} {
		list = append(list, &fault{
			kind: "nothing left of the limit:", name: "until a reset" + c.name, effects: always(spent(c.clock)), pause: wait, clock: c.clock,
		})
	}
	for name, reset := range map[string]string{
		"until a moment that is past":       "946684800",
		"until a moment in milliseconds":    "1767600000000",
		"until a moment in seconds to go":   "30",
		"until a moment that can't be read": "soon",
	} {
		list = append(list, &fault{
			kind: "nothing left of the limit:", name: name, pause: time.Minute,
			effects: always(simulator.SetHeader("X-RateLimit-Remaining", "0"), simulator.SetHeader("X-RateLimit-Reset", reset)),
		})
	}
	slices.SortFunc(list[len(list)-4:], func(a, b *fault) int { return strings.Compare(a.name, b.name) })
	return append(list, &fault{
		kind: "nothing left of the limit:", name: "without saying until when", pause: time.Minute,
		effects: always(simulator.SetHeader("X-RateLimit-Remaining", "0"), simulator.SetHeader("X-RateLimit-Reset", "")),
	}, &fault{
		kind: "the clocks differ:", name: "7 min fast", effects: always(), clock: clock,
	}, &fault{
		kind: "the clocks differ:", name: "7 min slow", effects: always(), clock: -clock,
	})
}
