package smartlead

import (
	"errors"
	"fmt"
	"html"
	"mime"
	"regexp"
	"strings"
	"unicode/utf8"
)

// What a server says can hold what its rows hold: names, addresses, subjects. So of a text only words are kept that APIs,
// gateways and databases have for what goes wrong, and the names of parameters. See words.go.

const (
	maxDigits = 7 // of a number that is kept: ids of campaigns have them, telephone numbers more
	// maxBridge is the number of known words between two unknown ones that go with them: they are likely of the same name,
	// or of the same subject.
	maxBridge = 3
)

// token is a word, a number, or anything else that isn't plain punctuation.
var token = regexp.MustCompile(`[\pL\pN_'’]+|[^\x00-\x7f]`)

// isoDate is kept, though it has more digits than another number may have.
var isoDate = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

// quotation is what stands between quotation marks, or where databases write a value. An apostrophe in a word is none.
var quotation = regexp.MustCompile("\"[^\"]*\"|`[^`]*`|(?:^|[^\\pL\\pN])'[^']*'|=\\([^)]*\\)")

// maxQuoted is the number of words that a quotation is kept with. One of more is what somebody wrote, such as a subject,
// though each of its words be known.
const maxQuoted = 3

// spoken is a word of a text.
type spoken struct {
	start, end int
	known      bool
}

// speech returns a text without the words that could be data, in whose place is "…", and reports whether it had none. A
// text of which less than half is known is left out altogether.
func speech(text string) (kept string, whole bool) {
	words := listen(text)
	unknown := 0
	for _, w := range words {
		if !w.known {
			unknown++
		}
	}
	switch {
	case unknown == 0:
		return text, true
	case 2*unknown > len(words):
		return "", false
	}
	var b strings.Builder
	written := 0
	for i := 0; i < len(words); i++ {
		if words[i].known {
			continue
		}
		last := i // of the unknown words that belong together
		for j := i + 1; j < len(words) && j <= last+maxBridge+1; j++ {
			if !words[j].known {
				last = j
			}
		}
		b.WriteString(text[written:words[i].start] + "…")
		written, i = words[last].end, last
	}
	b.WriteString(text[written:])
	return b.String(), false
}

// listen finds the words of a text and tells which are known.
func listen(text string) []spoken {
	var words []spoken
	for _, at := range token.FindAllStringIndex(text, -1) {
		word := text[at[0]:at[1]]
		words = append(words, spoken{start: at[0], end: at[1], known: isKnown(word)})
	}
	// Numbers that touch are parts of one: a telephone number, a moment, an address.
	for i := 0; i < len(words); {
		j := i + 1
		for j < len(words) && isNumber(text, words[j-1]) && isNumber(text, words[j]) && !strings.ContainsAny(text[words[j-1].end:words[j].start], ";=") {
			j++
		}
		if j > i+1 && !isoDate.MatchString(text[words[i].start:words[j-1].end]) {
			for k := i; k < j; k++ {
				words[k].known = false
			}
		}
		i = j
	}
	// A quotation with an unknown word, or with many, is unknown as a whole.
	for _, at := range quotation.FindAllStringIndex(text, -1) {
		var inside []int
		strange := false
		for i, w := range words {
			if w.start >= at[0] && w.end <= at[1] {
				inside = append(inside, i)
				strange = strange || !w.known
			}
		}
		strange = strange || len(inside) > maxQuoted
		for _, i := range inside {
			words[i].known = words[i].known && !strange
		}
	}
	return words
}

func isNumber(text string, w spoken) bool {
	return strings.Trim(text[w.start:w.end], "0123456789") == ""
}

// isKnown reports whether a word can't be data.
func isKnown(word string) bool {
	if strings.Trim(word, "0123456789") == "" {
		return len(word) <= maxDigits
	}
	lower := strings.ToLower(strings.Trim(word, "'"))
	if lower == "…" || lower == "–" || lower == "—" || lower == "" {
		return true
	}
	return vocabulary[lower] || namesakes[word]
}

var (
	htmlTitle = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	htmlTag   = regexp.MustCompile(`(?s)<[^>]*>`)
)

// said returns what is kept of a message: "" if nothing is.
func said(message string) string {
	kept, _ := speech(emailAddress.ReplaceAllString(oneLine(message), "<address>"))
	if kept == "" && strings.TrimSpace(message) != "" {
		return fmt.Sprintf("a message of %d characters, which could be data", utf8.RuneCountInString(message))
	}
	return kept
}

// saidInText returns what is kept of a text that isn't JSON: the title of a web page, or all of the text if it has no word
// that could be data. Otherwise the text is described. cut says that it may go on.
//
// The key is taken out before tags and entities are, since it may hold what looks like one.
func saidInText(text string, cut bool, contentType string, hide *redactor) string {
	readable := hide.text(text)
	if cut {
		readable = hide.head(text)
	}
	if title := htmlTitle.FindStringSubmatch(readable); title != nil {
		return said(html.UnescapeString(strings.TrimSpace(title[1])))
	}
	if strings.HasPrefix(readable, "<") {
		readable = html.UnescapeString(htmlTag.ReplaceAllString(readable, " "))
	}
	if readable = oneLine(readable); !cut && utf8.RuneCountInString(readable) <= maxMessageLength {
		if kept, whole := speech(readable); whole && token.MatchString(kept) {
			return kept
		}
	}
	return describe(text, cut, contentType)
}

// describe tells what a text is without telling what is in it.
func describe(text string, cut bool, contentType string) string {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil || !knownType.MatchString(kind) {
		kind = "something of an unknown type"
	}
	if text == "" {
		return kind + ", empty"
	}
	size := fmt.Sprintf("%d bytes", len(text))
	if cut {
		size = "at least " + size
	}
	first := fmt.Sprintf("byte 0x%02x", text[0])
	if text[0] > ' ' && text[0] < utf8.RuneSelf {
		first = fmt.Sprintf("%q", text[:1])
	}
	return fmt.Sprintf("%s, %s that begin with %s", kind, size, first)
}

// knownType is a media type in which there is no room for anything else.
var knownType = regexp.MustCompile(`^(application|text|image|audio|video|multipart|message)/(x-)?(json|problem\+json|html|xhtml\+xml|plain|csv|tsv|tab-separated-values|xml|pdf|zip|gzip|octet-stream|javascript|css|event-stream|ndjson|yaml|form-data|png|jpeg|gif|svg\+xml)$`)

// byteOrderMarks begin texts of which JSON may only be in the first.
var (
	utf8Mark   = "\ufeff"
	errUTF16   = errors.New("the answer is in UTF-16, not in UTF-8")
	utf16Marks = []string{"\xff\xfe", "\xfe\xff"}
)
