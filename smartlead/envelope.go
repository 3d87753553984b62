package smartlead

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

const maxTextHead = 4 << 10 // bytes of an answer that isn't JSON that are looked at

// errFailure200 begins the description of an answer that is a failure in spite of its status.
var errFailure200 = errors.New("the answer is a failure in spite of its status 200")

var errDataNoArray = fmt.Errorf(`%w: "data" is not an array`, errFailure200)

// envelope reads an answer of rows: a JSON object with the rows in "data" and, depending on the endpoint, with "ok",
// "success", "error" or "message" beside them. Rows are handed over as they stream by, so when read returns an error,
// some may have been handed over that mean nothing.
type envelope struct {
	bare    bool                            // the array of rows may come without an object around it
	also    string                          // what "data" is called besides, where it is an array; "" for nothing
	maxRows int                             // bounds the rows, whatever was asked for
	row     func(d *jsontext.Decoder) error // reads the next value, an object
	anyRow  bool                            // which may be of any other kind, too
	object  func(d *jsontext.Decoder) error // reads "data" where it is an object; nil: it may not be one
	// dataOptional lets the fields be all there is.
	dataOptional bool
	fields       []string                                      // wanted, beside the rows
	field        func(name string, value jsontext.Value) error // takes one in
}

// readers are kept from one answer to the next: a small answer would cost more for its buffer than for all else.
var readers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 32<<10) }}

// read reads the answer to its end and returns the number of rows.
func (e *envelope) read(body *pageReader) (rows int, err error) {
	buffered := readers.Get().(*bufio.Reader)
	buffered.Reset(body)
	defer func() {
		buffered.Reset(nil)
		readers.Put(buffered)
	}()
	first, err := firstByte(buffered, body)
	if err != nil {
		return 0, err
	}
	d := newDecoder(buffered)
	switch {
	case first == '{':
		rows, err = e.readObject(d, body)
	case first == '[' && e.bare:
		rows, err = e.readRows(d, body)
	default:
		return 0, errors.New("the answer is not a JSON object")
	}
	if err != nil {
		return rows, err
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		if body.err != nil {
			return rows, body.err
		}
		if body.damaged != nil {
			return rows, syntaxError(body.damaged)
		}
		return rows, errors.New("something follows the JSON value")
	}
	return rows, nil
}

func (e *envelope) readObject(d *jsontext.Decoder, body *pageReader) (rows int, err error) {
	if _, err := d.ReadToken(); err != nil {
		return 0, syntaxError(err)
	}
	var name []byte
	var message string
	var failed error // says which field says that it is a failure; what follows may say why
	hasData, hasRows, isNull, hasField := false, false, false, false
	for d.PeekKind() == jsontext.KindString {
		raw, err := d.ReadValue()
		if err != nil {
			return rows, syntaxError(err)
		}
		unquote(&name, raw)
		field := string(name)
		switch {
		case e.also != "" && field == "data" && d.PeekKind() == jsontext.KindNull:
			isNull = true // it may come under the other name
			err = skipValue(d)
			if err != nil {
				return rows, err
			}
		case failed == nil && (field == "data" || field == e.also && d.PeekKind() == jsontext.KindBeginArray):
			if hasData {
				return rows, errors.New(`"data" comes twice`)
			}
			hasData = true
			if e.object != nil && d.PeekKind() == jsontext.KindBeginObject {
				err = e.object(d)
			} else {
				hasRows = true
				rows, err = e.readRows(d, body)
			}
			if err != nil {
				return rows, err
			}
		case slices.Contains(e.fields, field), strings.EqualFold(field, "message"), slices.Contains(failureFields, strings.ToLower(field)):
			value, err := d.ReadValue()
			if err != nil {
				return rows, syntaxError(err)
			}
			switch {
			case slices.Contains(e.fields, field):
				hasField = true
				err = e.field(field, value)
			case strings.EqualFold(field, "message"):
				message = said(body.hide.text(scalarText(value)))
			case strings.EqualFold(field, "error"):
				err = checkError(value, body.hide)
			case failed == nil:
				failed = readFailure(field, value)
			}
			if err != nil {
				return rows, err
			}
		default:
			if err := d.SkipValue(); err != nil {
				return rows, syntaxError(err)
			}
		}
	}
	if _, err := d.ReadToken(); err != nil { // the object's end
		return rows, syntaxError(err)
	}
	if failed == nil && hasRows && rows == 0 && refusedInWords.MatchString(message) {
		failed = fmt.Errorf("%w: it has no rows", errFailure200)
	}
	if failed != nil {
		return rows, fmt.Errorf("%w; it says: %s", failed, orElse(message, "nothing"))
	}
	if !hasData && isNull {
		return rows, errDataNoArray
	}
	if !hasData && (!e.dataOptional || !hasField && message != "") {
		return rows, fmt.Errorf(`%w: "data" is missing; it says: %s`, errFailure200, orElse(message, "nothing"))
	}
	return rows, nil
}

// readRows reads the array of rows.
func (e *envelope) readRows(d *jsontext.Decoder, body *pageReader) (rows int, err error) {
	if kind := d.PeekKind(); kind != jsontext.KindBeginArray {
		if kind == jsontext.KindInvalid {
			_, err := d.ReadToken()
			return 0, syntaxError(err)
		}
		return 0, errDataNoArray
	}
	if _, err := d.ReadToken(); err != nil {
		return 0, syntaxError(err)
	}
	for {
		body.nextRow()
		switch kind := d.PeekKind(); {
		case kind == jsontext.KindEndArray:
			_, err := d.ReadToken()
			return rows, err
		case kind == jsontext.KindInvalid:
			_, err := d.ReadToken()
			return rows, syntaxError(err)
		case kind != jsontext.KindBeginObject && !e.anyRow:
			return rows, fmt.Errorf("row %d of the page is not an object", rows+1)
		}
		rows++
		if rows > e.maxRows {
			return rows, fmt.Errorf("the page has more than %d rows", e.maxRows)
		}
		if err := e.row(d); err != nil {
			return rows, fmt.Errorf("row %d of the page: %w", rows, err)
		}
	}
}

// firstByte looks at the first byte that isn't white space, or a byte order mark, so that a web page or a line of text is
// named for what it is.
func firstByte(r *bufio.Reader, body *pageReader) (byte, error) {
	if head, _ := r.Peek(len(utf8Mark)); string(head) == utf8Mark {
		_, _ = r.Discard(len(utf8Mark))
	} else if len(head) > 1 && slices.Contains(utf16Marks, string(head[:2])) {
		return 0, errUTF16
	}
	for {
		c, err := r.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			return 0, fmt.Errorf("%w: it is empty", errFailure200)
		case err != nil:
			return 0, syntaxError(err)
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			continue
		}
		if err := r.UnreadByte(); err != nil {
			return 0, err
		}
		if c == '{' || c == '[' || c == '"' {
			return c, nil
		}
		head, err := r.Peek(maxTextHead)
		if body.damaged != nil {
			return 0, syntaxError(body.damaged)
		}
		return 0, fmt.Errorf("the answer is not JSON: %s", saidInText(string(head), err == nil, body.kind, body.hide))
	}
}

func orElse(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
