package smartlead

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const maxSettings = 64 << 10 // bytes of track_settings that are looked at

// readTags reads [{"tag_name": "…"}, …], and plain strings in place of the objects; also written into a string. One that
// stands alone, and several with commas between, are read, too, since a tag that is lost is a campaign that isn't found.
// It does so tag by tag, since held together, a row of nothing but tags would take many times its own length.
func readTags(d *jsontext.Decoder) ([]string, error) {
	switch d.PeekKind() {
	case jsontext.KindBeginArray:
		return readTagArray(d)
	case jsontext.KindString, jsontext.KindBeginObject:
		v, err := readValue(d)
		if err != nil {
			return nil, err
		}
		return tagsOf(v), nil
	default:
		return nil, skipValue(d)
	}
}

// tagsOf returns the tags of an object or a string.
func tagsOf(v jsontext.Value) (tags []string) {
	text := strings.TrimSpace(scalarText(v))
	switch {
	case isMissing(v):
		return nil
	case strings.HasPrefix(text, "["):
		tags, _ = readTagArray(newDecoder(strings.NewReader(text))) // those up to where it isn't JSON any more
		return tags
	case strings.HasPrefix(text, "{"):
		v = jsontext.Value(text)
	}
	names := []string{tagName(v, 0)}
	if v.Kind() == jsontext.KindString {
		names = strings.SplitN(text, ",", maxTags+1)
	}
	for _, name := range names[:min(len(names), maxTags)] {
		if name = cutText(strings.TrimSpace(name)); name != "" {
			tags = append(tags, name)
		}
	}
	return tags
}

// readTagArray returns the tags it has read with an error, too.
func readTagArray(d *jsontext.Decoder) ([]string, error) {
	if _, err := d.ReadToken(); err != nil {
		return nil, syntaxError(err)
	}
	var tags []string
	for len(tags) < maxTags && d.PeekKind() != jsontext.KindEndArray {
		tag, err := d.ReadValue()
		if err != nil {
			return tags, syntaxError(err)
		}
		if name := tagName(tag, 0); name != "" {
			tags = append(tags, name)
		}
	}
	for d.PeekKind() != jsontext.KindEndArray {
		if err := d.SkipValue(); err != nil {
			return tags, syntaxError(err)
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return tags, syntaxError(err)
	}
	return tags, nil
}

// tagNames are the fields that may hold the name of a tag, the likeliest first.
var tagNames = []string{"tag_name", "name", "label", "title", "tag"}

// tagName returns "" for a tag without a name. An object may have it in another one, no deeper: depth is 1 there.
func tagName(tag jsontext.Value, depth int) string {
	if tag.Kind() == jsontext.KindBeginObject {
		if depth > 1 {
			return ""
		}
		var object map[string]jsontext.Value
		if json.Unmarshal(tag, &object, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) != nil {
			return ""
		}
		for _, field := range tagNames {
			if name := tagName(object[field], depth+1); name != "" {
				return name
			}
		}
		return ""
	}
	return cutText(strings.TrimSpace(scalarText(tag)))
}

// settingsOf returns the words of track_settings, in upper case and in the short form: an array of words, one word,
// several with commas between, or an object in which those are true that apply; each of these also written into a string,
// depth times so far. Settings are changed by words of a long form, such as DONT_TRACK_EMAIL_OPEN.
func settingsOf(v jsontext.Value, depth int) []string {
	if len(v) > maxSettings {
		return nil
	}
	switch v.Kind() {
	case jsontext.KindString:
		text := strings.TrimSpace(scalarText(v))
		if inner := jsontext.Value(text); depth < 2 && strings.ContainsAny(text, "[{\"") && inner.IsValid() {
			return settingsOf(inner, depth+1)
		}
		return strings.FieldsFunc(strings.ReplaceAll(strings.ToUpper(text), "DONT_TRACK_", "DONT_"), func(r rune) bool {
			return r != '_' && (r < 'A' || r > 'Z')
		})
	case jsontext.KindBeginArray:
		var elements []jsontext.Value
		_ = json.Unmarshal(v, &elements, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
		var words []string
		for _, element := range elements {
			if element.Kind() == jsontext.KindString {
				words = append(words, settingsOf(element, depth)...)
			}
		}
		return words
	case jsontext.KindBeginObject:
		var object map[string]jsontext.Value
		_ = json.Unmarshal(v, &object, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
		var words []string
		for word, value := range object {
			if applies, known := parseFlag(value); known && applies {
				words = append(words, strings.ReplaceAll(strings.ToUpper(word), "DONT_TRACK_", "DONT_"))
			}
		}
		return words
	default:
		return nil
	}
}
