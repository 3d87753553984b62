package smartlead

import (
	"bytes"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

var errNotMoment = errors.New("neither a moment nor null")

// A moment outside of these years isn't one of e-mails that somebody sent: 0001, 1899 and 1970 stand for none in one
// program or another, and 9999 does.
const (
	firstYear = 1990
	lastYear  = 2200
)

// parseMoment reads when something happened: a text, or seconds, milliseconds, microseconds or nanoseconds since 1970
// as a number or a text. happened is false for null and for whatever else says that there is no such moment, such as
// "", "-", "null" or "0000-00-00 00:00:00". A text that holds a moment in a form that nobody has seen says that
// something happened; at is zero then.
func parseMoment(v jsontext.Value) (at time.Time, happened bool, err error) {
	switch v.Kind() {
	case jsontext.KindNull, jsontext.KindFalse:
		return time.Time{}, false, nil
	case jsontext.KindNumber:
		at = parseEpoch(v)
		return at, !at.IsZero(), nil
	case jsontext.KindString:
		text := []byte(v[1 : len(v)-1])
		if bytes.IndexByte(text, '\\') >= 0 {
			text = nil // it is the decoder's
			unquote(&text, v)
		}
		at, happened = momentOf(bytes.TrimSpace(text))
		return at, happened, nil
	default:
		return time.Time{}, false, errNotMoment
	}
}

func momentOf(text []byte) (at time.Time, happened bool) {
	if inner, found := bytes.CutPrefix(text, []byte("/Date(")); found { // as .NET writes it
		text = bytes.TrimSuffix(inner, []byte(")/"))
	}
	if len(text) == 0 || text[0] == '-' || !bytes.ContainsAny(text, "123456789") {
		return time.Time{}, false // also a year before the first
	}
	if len(bytes.Trim(text, "0123456789.+eE")) == 0 {
		at = parseEpoch(text)
		return at, !at.IsZero()
	}
	at, known := parseISO(text)
	if !known {
		at, known = parseWords(text)
	}
	if known && !plausible(at.Year()) || !known && !hasPlausibleYear(text) {
		return time.Time{}, false
	}
	return at, true
}

func plausible(year int) bool { return year >= firstYear && year <= lastYear }

// hasPlausibleYear reports whether one of the years is plausible that are written in a text in a form that nobody has
// seen, or none is.
func hasPlausibleYear(text []byte) bool {
	years, clock := false, false // that it is in the time of day, where an offset can look like a year
	for i := 0; i < len(text); {
		digits := 0
		for i+digits < len(text) && text[i+digits] >= '0' && text[i+digits] <= '9' {
			digits++
		}
		if n := digits; n == 0 {
			clock = clock || text[i] == ':'
			i++
		} else {
			if n >= 4 && n <= 9 && (!clock || text[i-1] == ' ') {
				if n == 8 { // with month and day behind it
					n = 4
				}
				year, _ := strconv.Atoi(string(text[i : i+n]))
				if plausible(year) {
					return true
				}
				years = true
			}
			i += digits
		}
	}
	return !years
}

// parseEpoch returns the zero time for a number that stands for no moment.
func parseEpoch(text []byte) time.Time {
	if at, known := parseDigits(text); known {
		return at
	}
	units, err := strconv.ParseInt(string(text), 10, 64)
	fraction := 0.0
	if err != nil {
		f, err := strconv.ParseFloat(string(text), 64)
		if err != nil || !(math.Abs(f) < 1<<62) {
			return time.Time{}
		}
		units = int64(f)
		fraction = f - math.Trunc(f)
	}
	var at time.Time
	switch {
	case units < 1e11: // seconds until the year 5138; as milliseconds they would be of 1973
		at = time.Unix(units, int64(fraction*1e9))
	case units < 1e14:
		at = time.UnixMilli(units)
	case units < 1e17:
		at = time.UnixMicro(units)
	default:
		at = time.Unix(0, units)
	}
	if at = at.UTC(); !plausible(at.Year()) {
		return time.Time{}
	}
	return at
}

// parseDigits reads YYYYMMDD, also with a time of day behind it. As a count of anything since 1970 such a number would be
// of 1970, or of a year that is far away.
func parseDigits(text []byte) (at time.Time, known bool) {
	const layout = "20060102150405.000"
	s := string(text)
	switch len(s) {
	case len("20060102"), len("200601021504"), len("20060102150405"):
	case len("20060102150405000"):
		s = s[:len("20060102150405")] + "." + s[len("20060102150405"):]
	default:
		return time.Time{}, false
	}
	at, err := time.Parse(layout[:len(s)], s)
	return at, err == nil && plausible(at.Year())
}

// wordLayouts are how programs write a moment that begins with the day of the week, and how they do without punctuation.
var wordLayouts = []string{
	"Mon, 2 Jan 2006 15:04:05 MST", "Mon, 2 Jan 2006 15:04:05 -0700", time.RFC850, "Mon Jan _2 2006 15:04:05 GMT-0700", time.ANSIC, time.UnixDate,
	"20060102T150405Z0700",
}

// parseWords reads a moment that is written in one of wordLayouts.
func parseWords(text []byte) (at time.Time, known bool) {
	if len(text) < len("20060102T150405Z") || len(text) > 80 {
		return time.Time{}, false
	}
	words, _, _ := bytes.Cut(text, []byte(" (")) // a browser adds the zone's name
	for _, layout := range wordLayouts {
		at, err := time.Parse(layout, string(words))
		if err != nil {
			continue
		}
		if name, offset := at.Zone(); offset == 0 && strings.Trim(name, "+-0123456789") != "" && name != "UTC" && name != "GMT" {
			return time.Time{}, false // the name of a zone that nobody here knows
		}
		return at.UTC(), true
	}
	return time.Time{}, false
}

// parseISO reads YYYY-MM-DD, and behind it, after T or spaces, a time of day and a zone. Without a zone it means UTC.
// The zone may be Z, UTC, GMT, or an offset of hours, or of hours and minutes, with the name UTC behind it.
func parseISO(text []byte) (at time.Time, known bool) {
	s := scanner{text: text}
	year, month, day := s.number(4), s.after("-", 2), s.after("-", 2)
	var hour, minute, second, nanosecond, offset int
	if s.more() && (s.skip("T") || s.skip("t") || s.skip(" ")) {
		hour, minute = s.number(2), s.after(":", 2)
		if s.skip(":") {
			second = s.number(2)
			if s.skip(".") || s.skip(",") {
				nanosecond = s.fraction()
			}
		}
		offset = s.zone()
	}
	if s.wrong || s.more() {
		return time.Time{}, false
	}
	at = time.Date(year, time.Month(month), day, hour, minute, second, nanosecond, time.UTC)
	if at.Day() != day || int(at.Month()) != month || at.Hour() != hour || minute > 59 || second > 60 {
		return time.Time{}, false
	}
	return at.Add(-time.Duration(offset) * time.Minute), true
}

// scanner reads a text from left to right. wrong is set when something isn't there that has to be.
type scanner struct {
	text  []byte
	wrong bool
}

func (s *scanner) more() bool { return len(s.text) > 0 }

// skip reports whether a text comes next, and goes behind it.
func (s *scanner) skip(text string) bool {
	if !bytes.HasPrefix(s.text, []byte(text)) {
		return false
	}
	s.text = s.text[len(text):]
	return true
}

// number reads a number of exactly so many digits.
func (s *scanner) number(digits int) (n int) {
	if len(s.text) < digits {
		s.wrong = true
		return 0
	}
	for _, c := range s.text[:digits] {
		if c < '0' || c > '9' {
			s.wrong = true
			return 0
		}
		n = n*10 + int(c-'0')
	}
	s.text = s.text[digits:]
	return n
}

// after reads a number behind a separator.
func (s *scanner) after(separator string, digits int) int {
	s.wrong = s.wrong || !s.skip(separator)
	return s.number(digits)
}

// fraction reads digits as nanoseconds; those beyond them are left out.
func (s *scanner) fraction() (nanoseconds int) {
	digits := 0
	for ; s.more() && s.text[0] >= '0' && s.text[0] <= '9'; s.text = s.text[1:] {
		if digits < 9 {
			nanoseconds = nanoseconds*10 + int(s.text[0]-'0')
			digits++
		}
	}
	s.wrong = s.wrong || digits == 0
	for ; digits < 9; digits++ {
		nanoseconds *= 10
	}
	return nanoseconds
}

// zone reads a zone, if there is one, as minutes east of UTC.
func (s *scanner) zone() (minutes int) {
	for s.skip(" ") {
		continue
	}
	sign := 0
	switch {
	case s.skip("Z"), s.skip("z"), s.skip("UTC"), s.skip("GMT"):
	case s.skip("+"):
		sign = 1
	case s.skip("-"):
		sign = -1
	}
	if sign != 0 {
		hours, rest := s.number(2), 0
		if s.skip(":") || s.more() && s.text[0] != ' ' {
			rest = s.number(2)
		}
		minutes = 60*hours + rest
		s.wrong = s.wrong || hours > 15 || rest > 59
		_ = s.skip(" UTC")
	}
	return sign * minutes
}
