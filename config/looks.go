package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// notShown takes the place of a value that may be a key.
const notShown = "(not shown, since it looks like an API key)"

var (
	// keyStart is how Smartlead's keys begin, which are a UUID, an underscore and some characters: three of the UUID's
	// groups or more.
	keyStart = regexp.MustCompile(`(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}`)
	keyRun   = regexp.MustCompile(`[A-Za-z0-9+/=]{16,}`)
	hexRun   = regexp.MustCompile(`(?i)^[0-9a-f]+$`)
)

// looksLikeKey reports whether s has something in it that may be an API key, or most of one: where a UUID begins, or a
// long run in which letters and digits alternate as if they were drawn. Words, dates and ids, put together, don't.
func looksLikeKey(s string) bool {
	if keyStart.MatchString(s) {
		return true
	}
	return slices.ContainsFunc(keyRun.FindAllString(s, -1), looksDrawn)
}

// looksDrawn reports whether a run of characters is hexadecimal, or changes between upper case, lower case and digits
// more often than words and numbers do.
func looksDrawn(run string) bool {
	const (
		drawnLength      = 20  // of which a run in base 64 is worth suspecting
		digitChangeShare = 0.2 // between letters and digits; where years and numbers are in words, it is half of that
		classChangeShare = 0.4 // of drawn characters, more than half change; of CamelCase, a third
	)
	letters := strings.ContainsFunc(run, unicode.IsLetter)
	digits := strings.ContainsFunc(run, unicode.IsDigit)
	if letters && digits && hexRun.MatchString(run) {
		return true
	}
	var last rune
	length, toDigit, toClass := 0, 0, 0
	for _, c := range run {
		if strings.ContainsRune("+/=", c) {
			continue
		}
		length++
		if last != 0 {
			if unicode.IsDigit(c) != unicode.IsDigit(last) {
				toDigit++
			}
			if unicode.IsDigit(c) != unicode.IsDigit(last) || unicode.IsUpper(c) != unicode.IsUpper(last) {
				toClass++
			}
		}
		last = c
	}
	share := func(n int) float64 { return float64(n) / float64(length) }
	return length >= drawnLength && (share(toDigit) >= digitChangeShare || share(toClass) >= classChangeShare)
}

// quote shows a value in a message, shortened to what a line has room for. One that looks like a key is not shown; nor
// is this meant for values that are supposed to be secret.
func quote(s string) string {
	if looksLikeKey(s) {
		return notShown
	}
	return quotePath(s)
}

// quotePath is [quote] for a path that the command line gave.
func quotePath(s string) string {
	const room = 40
	if runes := []rune(s); len(runes) > room {
		s = string(runes[:room]) + "…"
	}
	return fmt.Sprintf("%q", s)
}
