package smartlead

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
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

// redactor takes a key out of texts that come from outside: an API, a proxy or a gateway may repeat the URL it was
// asked for.
type redactor struct {
	key     string
	pattern *regexp.Regexp // nil until there is a text: most answers need none
}

func newRedactor(key string) *redactor { return &redactor{key: key} }

// keyPattern matches a key as it is, and as URLs, HTML, JSON and Go write it. Programs differ in what they escape, and
// some escape what is escaped already, so each character is matched by itself; letters and digits are never escaped.
func keyPattern(key string) (*regexp.Regexp, error) {
	const ampersand = `(?:&|\\+u0026)(?:amp;)*`
	var b strings.Builder
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
	return regexp.Compile(b.String())
}

var htmlNames = map[rune]string{'&': "amp", '<': "lt", '>': "gt", '"': "quot", '\'': "apos"}

// text returns s without the key. It comes before any cutting: half a key is still a secret.
func (r *redactor) text(s string) string {
	if r.key != "" {
		if r.pattern == nil {
			pattern, err := keyPattern(r.key)
			if err != nil {
				return redacted // a key too long for a pattern is too long for a URL
			}
			r.pattern = pattern
		}
		s = r.pattern.ReplaceAllLiteralString(s, redacted)
	}
	return keyParameter.ReplaceAllString(s, "${1}"+redacted)
}

// head is text for the beginning of a text whose rest wasn't read. A key that was cut in two can't be known, so as much
// is left out at the end as one can take up.
func (r *redactor) head(s string) string {
	s = r.text(s)
	return s[:max(0, len(s)-maxEscape*len(r.key))]
}

// message makes somebody else's text fit for one log line: without the key, e-mail addresses, control characters and
// invalid UTF-8, in one line, cut at maxMessageLength.
func (r *redactor) message(s string) string {
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	s = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || unicode.In(c, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			return ' '
		}
		return c
	}, s)
	s = r.text(strings.Join(strings.Fields(s), " "))
	s = emailAddress.ReplaceAllString(s, "<address>")
	if utf8.RuneCountInString(s) > maxMessageLength {
		s = string([]rune(s)[:maxMessageLength-1]) + "…"
	}
	return s
}

// cause returns an error as it is, unless it or anything it wraps repeats the key: then its text alone, without.
func (r *redactor) cause(err error) error {
	if err == nil || !r.repeated(err) {
		return err
	}
	return errors.New(r.message(err.Error()))
}

// repeated reports whether the key is in an error's text or in that of an error it wraps.
func (r *redactor) repeated(err error) bool {
	if s := err.Error(); r.text(s) != s {
		return true
	}
	switch wraps := err.(type) { //nolint:errorlint // The tree is walked by hand.
	case interface{ Unwrap() error }:
		inner := wraps.Unwrap()
		return inner != nil && r.repeated(inner)
	case interface{ Unwrap() []error }:
		return slices.ContainsFunc(wraps.Unwrap(), r.repeated)
	default:
		return false
	}
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
