package smartlead

import (
	"errors"
	"html"
	"net/url"
	"regexp"
	"strconv"
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

// redactor takes a key out of texts that come from outside: an API, a proxy or a gateway may repeat the URL it was
// asked for.
type redactor struct {
	key      string
	replacer *strings.Replacer
}

// newRedactor prepares the forms in which a key can appear: as it is, and as URLs, HTML and JSON escape it.
func newRedactor(key string) *redactor {
	if key == "" {
		return &redactor{replacer: strings.NewReplacer()}
	}
	query, path := url.QueryEscape(key), url.PathEscape(key)
	quoted := strconv.Quote(key)
	forms := []string{
		key, query, path, lowerEscapes(query), lowerEscapes(path), url.QueryEscape(query),
		html.EscapeString(key), html.EscapeString(query), quoted[1 : len(quoted)-1],
		strings.NewReplacer("&", `\u0026`, "<", `\u003c`, ">", `\u003e`, "/", `\/`).Replace(key),
		strings.NewReplacer("&", `\u0026`, "<", `\u003c`, ">", `\u003e`).Replace(key),
		strings.ReplaceAll(key, "/", `\/`),
	}
	pairs := make([]string, 0, 2*len(forms))
	for _, form := range forms {
		pairs = append(pairs, form, redacted)
	}
	return &redactor{key: key, replacer: strings.NewReplacer(pairs...)}
}

// lowerEscapes writes %2F as %2f, as some servers do.
func lowerEscapes(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			b[i+1], b[i+2] = byte(unicode.ToLower(rune(b[i+1]))), byte(unicode.ToLower(rune(b[i+2])))
		}
	}
	return string(b)
}

// text returns s without the key. It comes before any cutting: half a key is still a secret.
func (r *redactor) text(s string) string {
	return keyParameter.ReplaceAllString(r.replacer.Replace(s), "${1}"+redacted)
}

// message makes somebody else's text fit for one log line: without the key, e-mail addresses, control characters and
// invalid UTF-8, in one line, cut at maxMessageLength.
func (r *redactor) message(s string) string {
	s = strings.ToValidUTF8(r.text(s), string(utf8.RuneError))
	s = emailAddress.ReplaceAllString(s, "<address>")
	s = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || unicode.In(c, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			return ' '
		}
		return c
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > maxMessageLength {
		s = string([]rune(s)[:maxMessageLength-1]) + "…"
	}
	return s
}

// cause returns what lies below a transport's error. net/http wraps everything into a *url.Error that prints the
// whole URL, the key included, so only what is inside is kept; and if even that repeats the key, its text alone.
func (r *redactor) cause(err error) error {
	for {
		var wrapped *url.Error
		if !errors.As(err, &wrapped) {
			break
		}
		err = wrapped.Err
	}
	if err == nil {
		return nil
	}
	if s := err.Error(); r.text(s) != s {
		return errors.New(r.message(s))
	}
	return err
}
