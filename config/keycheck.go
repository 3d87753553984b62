package config

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// keyError is why a text can't be an API key. It reads on from the name of the place where the text stands, as "is
// empty" does, and holds no part of it.
type keyError string

// Error returns the reason.
func (e keyError) Error() string {
	return string(e)
}

// What can be wrong with a key, wherever it comes from.
const (
	errKeyEmpty       = keyError("is empty")
	errKeyUnclean     = keyError("holds more than one word, or control characters")
	errKeyUTF16       = keyError("is encoded as UTF-16, which Windows calls Unicode, and not as UTF-8")
	errKeyBinary      = keyError("is no text")
	errKeyBOM         = keyError("begins with a byte order mark, which can't be seen (save it as UTF-8 without BOM)")
	errKeyURL         = keyError("is a URL, and the key is at most a part of it: what follows api_key=")
	errKeyNamed       = keyError("has a name before the key, as in NAME=value")
	errKeyScheme      = keyError("has a word such as Bearer before the key")
	errKeyQuoted      = keyError("has quotes around the key, which would be sent with it")
	errKeyMasked      = keyError("is a key that was shortened or masked, and not all of it")
	errKeyPlaceholder = keyError("is a placeholder and no key")
	errKeyVariable    = keyError("is a variable's name, and variables are not expanded there")
	errKeyPath        = keyError("is a path and no key")
	errKeyInvisible   = keyError("holds a character that can't be seen, such as a zero-width space (type the text around it anew, or copy the key again)")
	errKeyForeign     = keyError("holds characters that no key has: those of ASCII alone are possible")
	errKeyPunctuated  = keyError("ends in a comma or a semicolon, which would be sent with it")
)

// cleanKey trims a key and refuses what can't be one: what the API would refuse as well, but without saying why.
func cleanKey(key string) (string, error) {
	switch {
	case strings.HasPrefix(key, "\xff\xfe"), strings.HasPrefix(key, "\xfe\xff"), strings.ContainsRune(key, 0):
		return "", errKeyUTF16
	case !utf8.ValidString(key):
		return "", errKeyBinary
	}
	key = strings.TrimSpace(key)
	for _, check := range []struct {
		wrong func(key string) bool
		err   keyError
	}{
		{isEmptyKey, errKeyEmpty},
		{startsWithBOM, errKeyBOM},
		{urlScheme.MatchString, errKeyURL},
		{isNamedKey, errKeyNamed},
		{authScheme.MatchString, errKeyScheme},
		{isQuoted, errKeyQuoted},
		{masked.MatchString, errKeyMasked},
		{isVariable, errKeyVariable},
		{isPlaceholder, errKeyPlaceholder},
		{hasInvisible, errKeyInvisible},
		{isUnclean, errKeyUnclean},
		{hasForeign, errKeyForeign},
		{pathLike.MatchString, errKeyPath},
		{isPunctuated, errKeyPunctuated},
	} {
		if check.wrong(key) {
			return "", check.err
		}
	}
	return key, nil
}

const byteOrderMark = '\uFEFF'

var (
	urlScheme = regexp.MustCompile(`(?i)^[a-z][a-z0-9+.-]*://|[?&]api_key=`)
	// assignment is a name and a value in the ways of shells, YAML, JSON, HTTP headers and queries.
	assignment = regexp.MustCompile(`(?i)^[\s{?&-]*((?:export|set|setx|declare(?: -x)?|env)\s+|\$env:)?["']?([a-z_][a-z0-9_.-]*)["']?\s*[=:]\s*\S`)
	// keyName is part of what people call a key.
	keyName    = regexp.MustCompile(`(?i)key|token|secret|smartlead|auth`)
	authScheme = regexp.MustCompile(`(?i)^(bearer|basic|token|api-?key)\s`)
	masked     = regexp.MustCompile(`…|•|●|\*{3}|\.{3}`)
	// variable is one in the ways of shells, Windows and templates.
	variable = regexp.MustCompile(`^(\$\{.*\}?|\$\(.*\)?|\$[A-Za-z_][A-Za-z0-9_]*|%[A-Za-z_][A-Za-z0-9_]*%|\{\{.*\}\})$`)
	pathLike = regexp.MustCompile(`^((~|\.{1,2})?/[A-Za-z0-9_.-]+[/.]|(~|\.{1,2})/|[A-Za-z]:\\)`)
	// nothing is what stands for a key of some length, or for none.
	nothing = regexp.MustCompile(`^[xX*#?._0-]{3,}$`)
)

func isEmptyKey(key string) bool { return key == "" }

func startsWithBOM(key string) bool { return strings.HasPrefix(key, string(byteOrderMark)) }

// isNamedKey reports whether a name precedes a key. A key may have = in it and at its end, so the name has to be one
// that somebody would give.
func isNamedKey(key string) bool {
	m := assignment.FindStringSubmatch(key)
	if len(m) == 0 {
		return false
	}
	command, name := m[1], m[2]
	return command != "" || keyName.MatchString(name) || conventionalEnvName.MatchString(name)
}

// isQuoted reports whether there are quotes, straight ones or others, at either end.
func isQuoted(key string) bool {
	const quotes = "\"'`“”„‟‘’‚‛«»‹›"
	first, _ := utf8.DecodeRuneInString(key)
	last, _ := utf8.DecodeLastRuneInString(key)
	return strings.ContainsRune(quotes, first) || strings.ContainsRune(quotes, last)
}

func isVariable(key string) bool {
	return variable.MatchString(key) || key == DefaultAPIKeyEnv || conventionalEnvName.MatchString(key) && keyName.MatchString(key) && !isPlaceholder(key)
}

// isPlaceholder reports whether a text stands for a key that somebody was to put
// there.
func isPlaceholder(key string) bool {
	if nothing.MatchString(key) || strings.HasPrefix(key, "00000000-0000-0000-0000-000000000000") {
		return true
	}
	for _, brackets := range []string{"<>", "[]", "{}", "()"} {
		if len(key) > 1 && key[0] == brackets[0] && key[len(key)-1] == brackets[1] {
			return true
		}
	}
	plain := strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return unicode.ToLower(c)
		}
		return -1
	}, key)
	switch plain {
	case "apikey", "apikeyhere", "smartleadapikey", "smartleadkey", "keyhere", "changeme", "changethis", "changeit",
		"replaceme", "replacethis", "placeholder", "example", "examplekey", "redacted", "todo", "tbd", "fixme",
		"null", "none", "nil", "undefined":
		return true
	}
	return strings.Contains(plain, "your") && (strings.Contains(plain, "key") || strings.Contains(plain, "token")) ||
		strings.HasSuffix(plain, "keyhere")
}

// hasInvisible reports whether there is a character that isn't shown, or looks
// like a space and is none of ASCII's.
func hasInvisible(key string) bool {
	return strings.ContainsFunc(key, func(c rune) bool {
		return c > unicode.MaxASCII && (unicode.In(c, unicode.Cf, unicode.Zs, unicode.Zl, unicode.Zp, unicode.Mn) || !unicode.IsGraphic(c))
	})
}

func isUnclean(key string) bool {
	return strings.ContainsFunc(key, func(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) })
}

func hasForeign(key string) bool {
	return strings.ContainsFunc(key, func(c rune) bool { return c > unicode.MaxASCII })
}

func isPunctuated(key string) bool {
	return strings.HasSuffix(key, ",") || strings.HasSuffix(key, ";")
}
