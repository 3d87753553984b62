package smartlead

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// readObject reads the next value, an object, and calls field with the name of each of its fields. field reads the
// field's value and nothing else.
func readObject(d *jsontext.Decoder, field func(name string) error) error {
	if d.PeekKind() != jsontext.KindBeginObject {
		return notA(d, "an object")
	}
	if _, err := d.ReadToken(); err != nil {
		return syntaxError(err)
	}
	var name []byte
	for d.PeekKind() == jsontext.KindString {
		raw, err := d.ReadValue()
		if err != nil {
			return syntaxError(err)
		}
		unquote(&name, raw)
		if err := field(string(name)); err != nil {
			return err
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return syntaxError(err)
	}
	return nil
}

// readAs reads the next value as what parse makes of it.
func readAs[T any](d *jsontext.Decoder, to *T, parse func(jsontext.Value) T) error {
	v, err := readValue(d)
	if err != nil {
		return err
	}
	*to = parse(v)
	return nil
}

// readID reads the next value as an id, which is 0 if there is none.
func readID(d *jsontext.Decoder, id *int64) error {
	v, err := readValue(d)
	if err != nil {
		return err
	}
	if *id, _, err = parseCount(v); err != nil {
		return fmt.Errorf("id: %w", err)
	}
	return nil
}

// readArray reads the next value, an array of at most a number of elements, and calls element for each. element reads
// the element and nothing else.
func readArray(d *jsontext.Decoder, most int, element func() error) error {
	if d.PeekKind() != jsontext.KindBeginArray {
		return notA(d, "an array")
	}
	if _, err := d.ReadToken(); err != nil {
		return syntaxError(err)
	}
	for n := 0; d.PeekKind() != jsontext.KindEndArray; n++ {
		if n == most {
			return fmt.Errorf("there are more than %d elements", most)
		}
		if err := element(); err != nil {
			return err
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return syntaxError(err)
	}
	return nil
}

// notA is the error of a next value that is of another kind than it should be, or can't be read at all.
func notA(d *jsontext.Decoder, kind string) error {
	if d.PeekKind() == jsontext.KindInvalid {
		_, err := d.ReadToken()
		return syntaxError(err)
	}
	return fmt.Errorf("a value is not %s", kind)
}

// newBytesDecoder reads a value that was read before.
func newBytesDecoder(v jsontext.Value) *jsontext.Decoder { return newDecoder(bytes.NewReader(v)) }

// readValue reads the next value as it is.
func readValue(d *jsontext.Decoder) (jsontext.Value, error) {
	v, err := d.ReadValue()
	if err != nil {
		return nil, syntaxError(err)
	}
	return v, nil
}

// skipValue reads the next value and forgets it.
func skipValue(d *jsontext.Decoder) error {
	if err := d.SkipValue(); err != nil {
		return syntaxError(err)
	}
	return nil
}
