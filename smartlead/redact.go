package smartlead

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"
)

const (
	redacted         = "<redacted>"
	maxMessageLength = 200 // characters of somebody else's text that go into an error
)

// keyParameter catches a key that isn't the current one, such as one replaced a moment ago, wherever it is written the
// way it stands in a URL.
var keyParameter = regexp.MustCompile(`(?i)(api_key(?:=|%3D)|"api_key"\s*:\s*")[^&\s"'<>]+`)

// emailAddress is deliberately generous: a message that loses a word is still a message.
var emailAddress = regexp.MustCompile(`[^\s@"'<>()=,;:]+@[^\s@"'<>()=,;:]+`)

// maxEscape is the number of bytes that one byte of a key takes up at most, in any form that keyPattern matches and
// that anything is known to write: &amp;#x2f; and the like.
const maxEscape = 12

// maxWord is up to how many characters a secret is only taken out where it is a word by itself: in other words it is one
// by chance.
const maxWord = 3

// redactor takes the key and other secrets out of texts that come from outside: an API, a proxy or a gateway may repeat
// the URL it was asked for, or the headers.
type redactor struct {
	key      string
	secrets  func() []string  // besides the key; may be nil
	patterns []*regexp.Regexp // empty until there is a text: most answers need none
	longest  int              // bytes of the longest secret
}

func newRedactor(key string, secrets func() []string) *redactor {
	return &redactor{key: key, secrets: secrets, longest: len(key)}
}

// compile makes the patterns, the longest secret's first: another one can be part of it. It reports whether it could.
func (r *redactor) compile() bool {
	if r.patterns != nil {
		return true
	}
	list := []string{r.key}
	if r.secrets != nil {
		list = append(list, r.secrets()...)
	}
	list = slices.DeleteFunc(list, func(secret string) bool { return strings.TrimSpace(secret) == "" })
	slices.SortFunc(list, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	patterns := []*regexp.Regexp{keyParameter}
	for _, secret := range slices.Compact(list) {
		pattern, err := keyPattern(secret)
		if err != nil {
			return false // a key too long for a pattern is too long for a URL
		}
		r.longest = max(r.longest, len(secret))
		patterns = append(patterns, pattern)
	}
	r.patterns = patterns
	return true
}

// keyPattern matches a key as it is, and as URLs, HTML, JSON and Go write it. Programs differ in what they escape, and
// some escape what is escaped already, so each character is matched by itself; letters and digits are never escaped.
func keyPattern(key string) (*regexp.Regexp, error) {
	short := utf8.RuneCountInString(key) <= maxWord
	const ampersand = `(?:&|\\+u0026)(?:amp;)*`
	var b strings.Builder
	edge := func(c rune) {
		if short && (unicode.IsLetter(c) || unicode.IsDigit(c)) && c < utf8.RuneSelf {
			b.WriteString(`\b`)
		}
	}
	first, _ := utf8.DecodeRuneInString(key)
	last, _ := utf8.DecodeLastRuneInString(key)
	edge(first)
	for key != "" {
		c, size := utf8.DecodeRuneInString(key)
		literal := regexp.QuoteMeta(string(c))
		if c < utf8.RuneSelf && (unicode.IsLetter(c) || unicode.IsDigit(c)) {
			b.WriteString(literal)
			key = key[size:]
			continue
		}
		if c == ' ' {
			literal = `(?:(?:\s|\\+[nrt])+|\+|%(?:25)*2[Bb])` // a message may be broken into lines; a URL may say +
		}
		fmt.Fprintf(&b, `(?:\\*%s|(?i:`, literal) // as it is, or behind backslashes
		for _, octet := range []byte(key[:size]) {
			fmt.Fprintf(&b, `%%(?:25)*%02x`, octet) // in a URL
		}
		fmt.Fprintf(&b, `|\\+u%04x|\\+x%02x`, c, c) // in JSON, in Go
		fmt.Fprintf(&b, `|%s#(?:0*%d|x0*%x);?`, ampersand, c, c)
		if name := htmlNames[c]; name != "" {
			fmt.Fprintf(&b, `|%s%s;?`, ampersand, name)
		}
		b.WriteString(`))`)
		key = key[size:]
	}
	edge(last)
	return regexp.Compile(b.String())
}

var htmlNames = map[rune]string{'&': "amp", '<': "lt", '>': "gt", '"': "quot", '\'': "apos"}

// text returns s without the key and the other secrets. It comes before any cutting: half a key is still a secret.
func (r *redactor) text(s string) string {
	if s == "" {
		return s
	}
	if !r.compile() {
		return redacted
	}
	for _, pattern := range r.patterns[1:] {
		s = pattern.ReplaceAllLiteralString(s, redacted)
	}
	return r.patterns[0].ReplaceAllString(s, "${1}"+redacted)
}

// head is text for the beginning of a text whose rest wasn't read. A key that was cut in two can't be known, so as much
// is left out at the end as one can take up.
func (r *redactor) head(s string) string {
	s = r.text(s)
	return s[:max(0, len(s)-maxEscape*r.longest)]
}

// message makes somebody else's text fit for one log line: without the key, e-mail addresses, control characters and
// invalid UTF-8, in one line, cut at maxMessageLength.
func (r *redactor) message(s string) string {
	s = emailAddress.ReplaceAllString(r.text(oneLine(s)), "<address>")
	if utf8.RuneCountInString(s) > maxMessageLength {
		s = string([]rune(s)[:maxMessageLength-1]) + "…"
	}
	return s
}

// oneLine returns a text as valid UTF-8 in one line.
func oneLine(s string) string {
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	s = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || unicode.In(c, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			return ' '
		}
		return c
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// cause returns an error of the transport as it is, unless it or anything it wraps repeats a secret, or holds what could
// be data: net/http quotes answers that aren't HTTP, and proxies and token endpoints are quoted, too. Then its text alone,
// without.
func (r *redactor) cause(err error) error {
	if err == nil || !r.tells(err, false) {
		return err
	}
	return errors.New(r.message(causeText(err, false)))
}

// tells reports whether there is something in an error's text, or in that of an error it wraps, that is to be left out.
// network says that it is wrapped by one of the network.
func (r *redactor) tells(err error, network bool) bool {
	s := err.Error()
	if r.text(s) != s || causeText(err, network) != s {
		return true
	}
	network = network || ofNetwork(err)
	switch wraps := err.(type) { //nolint:errorlint // The tree is walked by hand.
	case interface{ Unwrap() error }:
		inner := wraps.Unwrap()
		return inner != nil && r.tells(inner, network)
	case interface{ Unwrap() []error }:
		return slices.ContainsFunc(wraps.Unwrap(), func(inner error) bool { return r.tells(inner, network) })
	default:
		return false
	}
}

// causeText is what is kept of the text of a transport's error.
func causeText(err error, network bool) string {
	if network || ofNetwork(err) {
		return err.Error()
	}
	if kept, whole := speech(err.Error()); !whole {
		return orElse(kept, fmt.Sprintf("an error of type %T", err))
	}
	return err.Error()
}

// ofNetwork reports whether an error is of the network, of TLS or of the system: those name hosts, addresses and files,
// and nothing else.
func ofNetwork(err error) bool {
	var (
		operation   *net.OpError
		name        *net.DNSError
		address     *net.AddrError
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		authority   x509.UnknownAuthorityError
		host        x509.HostnameError
		invalid     x509.CertificateInvalidError
		file        *fs.PathError
		system      syscall.Errno
	)
	return errors.As(err, &operation) || errors.As(err, &name) || errors.As(err, &address) || errors.As(err, &certificate) ||
		errors.As(err, &record) || errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &invalid) || errors.As(err, &file) || errors.As(err, &system)
}

// withoutURL returns what lies below a transport's error. net/http wraps everything into a *url.Error that prints the
// whole URL, the key included, and that knows less about timeouts than what it wraps.
func withoutURL(err error) error {
	for {
		var wrapped *url.Error
		if !errors.As(err, &wrapped) {
			return err
		}
		err = wrapped.Err
	}
}
