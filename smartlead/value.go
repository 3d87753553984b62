package smartlead

import (
	"bytes"
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

var (
	errNotFlag    = errors.New("neither true nor false")
	errNotNumber  = errors.New("not a number")
	errNegative   = errors.New("a negative number")
	errFractional = errors.New("not a whole number")
	errTooLarge   = errors.New("a number too large to be a count")
)

// parseCount reads a whole number from 0 to 2^63-1, written as a number or as a string; the API does both. null is a
// count that isn't known.
func parseCount(v jsontext.Value) (n int64, known bool, err error) {
	text := []byte(v)
	switch v.Kind() {
	case jsontext.KindNull:
		return 0, false, nil
	case jsontext.KindNumber:
	case jsontext.KindString:
		text = bytes.TrimSpace(text[1 : len(text)-1]) // an escape in it makes it no number, as it should
	default:
		return 0, false, errNotNumber
	}
	n, err = strconv.ParseInt(string(text), 10, 64)
	if err == nil && n >= 0 {
		return n, true, nil
	}
	if err == nil {
		return 0, false, errNegative
	}
	// Not written as an integer; it can still be one, such as 12.0 or 1e3.
	if strings.Trim(string(text), "0123456789+-.eE") != "" {
		return 0, false, errNotNumber
	}
	f, err := strconv.ParseFloat(string(text), 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, false, errTooLarge
	case err != nil:
		return 0, false, errNotNumber
	case f < 0:
		return 0, false, errNegative
	case f >= 1<<63:
		return 0, false, errTooLarge
	case f != math.Trunc(f):
		return 0, false, errFractional
	}
	return int64(f), true, nil
}

// parseFlag reads true or false, also as a word or as 1 or 0. null is false.
func parseFlag(v jsontext.Value) (flag, known bool) {
	switch v.Kind() {
	case jsontext.KindTrue:
		return true, true
	case jsontext.KindFalse, jsontext.KindNull:
		return false, true
	}
	switch strings.ToLower(strings.TrimSpace(strings.Trim(string(v), `"`))) {
	case "true", "t", "yes", "y":
		return true, true
	case "false", "f", "no", "n", "":
		return false, true
	}
	n, known, err := parseCount(v)
	return n == 1, known && err == nil && n <= 1
}

// isMissing reports whether a value is null, or a text that stands for a value that isn't there.
func isMissing(v jsontext.Value) bool {
	return v.Kind() == jsontext.KindNull || v.Kind() == jsontext.KindString && saysNothing(v[1:len(v)-1])
}

// saysNothing reports whether a text stands for a value that isn't there, as programs write it that have lost one:
// "null", "-".
func saysNothing(text []byte) bool {
	for _, word := range []string{"null", "undefined", "none", "nil", "nan", "n/a", "false", "unknown"} {
		if len(text) == len(word) && strings.EqualFold(string(text), word) {
			return true
		}
	}
	return len(bytes.Trim(text, " \t\r\n-")) == 0
}

// unquote writes a JSON string's content over dst. The decoder has checked the string, so what AppendUnquote can still
// complain about is bytes that aren't UTF-8, which it replaces.
func unquote(dst *[]byte, v jsontext.Value) {
	*dst, _ = jsontext.AppendUnquote((*dst)[:0], v)
}
