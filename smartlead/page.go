package smartlead

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	maxPageBytes = 256 << 20 // a page of 1,000 rows is about 10 MB
	maxRowBytes  = 16 << 20  // a row is about 10 KB; this bounds what the decoder may have to buffer
)

var (
	errPageTooLong = fmt.Errorf("the answer is longer than %d MiB", maxPageBytes>>20)
	errRowTooLong  = fmt.Errorf("a row is longer than %d MiB", maxRowBytes>>20)
)

// pageReader bounds a body and keeps apart what a decoder can't: a connection that failed, compression that is wrong, and
// JSON that is wrong.
type pageReader struct {
	body    *decoded
	hide    *redactor
	kind    string // the media type
	left    int64  // bytes of the page
	row     int64  // bytes since the last call of nextRow
	err     error  // of the connection
	damaged error  // of the compression
}

// Read reads from the body. Its errors other than io.EOF are kept in err, save those for exceeding a bound.
func (p *pageReader) Read(b []byte) (int, error) {
	if p.left <= 0 {
		return 0, errPageTooLong
	}
	if p.row > maxRowBytes {
		return 0, errRowTooLong
	}
	n, err := p.body.Read(b)
	p.left -= int64(n)
	p.row += int64(n)
	switch {
	case err == nil, errors.Is(err, io.EOF):
	case p.body.lost != nil:
		p.err = p.body.lost
	default:
		p.damaged = err
	}
	return n, err
}

// nextRow starts the count of a row anew.
func (p *pageReader) nextRow() { p.row = 0 }

// newDecoder reads JSON as the API writes it. Names that occur twice and bytes that aren't UTF-8 are let pass: checking
// the one costs memory, and the other is common in the subjects and messages, which are skipped.
func newDecoder(r io.Reader) *jsontext.Decoder {
	return jsontext.NewDecoder(r, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// syntaxError describes why JSON couldn't be read, without quoting it: rows hold personal data.
func syntaxError(err error) error {
	var syntax *jsontext.SyntacticError
	switch {
	case errors.Is(err, errPageTooLong), errors.Is(err, errRowTooLong), errors.Is(err, errDamaged):
		return err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, errCutOff):
		return errCutOff
	case errors.As(err, &syntax):
		return fmt.Errorf("the answer is not valid JSON at byte %d", syntax.ByteOffset)
	default:
		return errors.New("the answer couldn't be read")
	}
}

// errorBody is what a refusal says.
type errorBody struct {
	message    string // what is kept of it, see speech
	retryAfter string // seconds, as the documented body of a 429 has them; "" if missing
}

// readErrorBody finds the message in any of the forms it has been seen in: in "message", in "error" as a string or as
// an object with a message, in an HTML page's title, or as plain text. cut says that the body may go on.
func readErrorBody(body []byte, cut bool, contentType string, hide *redactor) errorBody {
	text := strings.TrimSpace(strings.TrimPrefix(string(body), utf8Mark))
	if strings.HasPrefix(text, "{") {
		return readErrorObject(jsontext.Value(text), hide)
	}
	if text == "" {
		return errorBody{}
	}
	return errorBody{message: saidInText(text, cut, contentType, hide)}
}

// readErrorObject does the same for a JSON object, of which "error" itself can be one.
func readErrorObject(object jsontext.Value, hide *redactor) errorBody {
	body, inner := readErrorFields(object)
	if inner.Kind() != jsontext.KindBeginObject {
		body.message = orElse(body.message, scalarText(inner))
	} else {
		nested, _ := readErrorFields(inner)
		body.message = orElse(body.message, nested.message)
		body.retryAfter = orElse(body.retryAfter, nested.retryAfter)
	}
	body.message = said(hide.text(body.message))
	return body
}

// readErrorFields reads one level of it, with the message as it stands there.
func readErrorFields(object jsontext.Value) (body errorBody, inner jsontext.Value) {
	var fields struct {
		Message    jsontext.Value `json:"message"`
		Error      jsontext.Value `json:"error"`
		RetryAfter jsontext.Value `json:"retry_after"`
	}
	err := json.Unmarshal(object, &fields, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return errorBody{}, nil
	}
	return errorBody{message: scalarText(fields.Message), retryAfter: scalarText(fields.RetryAfter)}, fields.Error
}

// scalarText returns a string's content or a number's text, else "".
func scalarText(v jsontext.Value) string {
	switch v.Kind() {
	case jsontext.KindString:
		var text []byte
		unquote(&text, v)
		return string(text)
	case jsontext.KindNumber:
		return v.String()
	default:
		return ""
	}
}
