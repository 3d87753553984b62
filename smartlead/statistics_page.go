package smartlead

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// maxPageRows bounds the rows of one page, whatever was asked for. The documented maximum is 1,000.
const maxPageRows = 100_000

// statisticsPage is what stands around the rows of one page.
type statisticsPage struct {
	rows  int
	total int64 // total_stats; -1 if missing
	limit int64 // the page size the server went by; -1 if missing
}

// errFailure200 begins the description of an answer that is a failure in spite of its status.
var errFailure200 = errors.New("the answer is a failure in spite of its status 200")

// readStatisticsPage reads one page of GET /campaigns/{id}/statistics and hands its rows to each, one at a time and
// in a struct that is used again for the next. When it returns an error, rows may have been handed over that mean nothing.
func readStatisticsPage(body *pageReader, each func(*statisticsRow) error) (statisticsPage, error) {
	page := statisticsPage{total: -1, limit: -1}
	buffered := bufio.NewReaderSize(body, 32<<10)
	if err := expectObject(buffered); err != nil {
		return page, err
	}
	d := newDecoder(buffered)
	if _, err := d.ReadToken(); err != nil {
		return page, syntaxError(err)
	}
	var name []byte
	var hasData bool
	for d.PeekKind() == jsontext.KindString {
		raw, err := d.ReadValue()
		if err != nil {
			return page, syntaxError(err)
		}
		unquote(&name, raw)
		switch string(name) {
		case "data":
			if hasData {
				return page, errors.New(`"data" comes twice`)
			}
			hasData = true
			if page.rows, err = readStatisticsRows(d, body, each); err != nil {
				return page, err
			}
			continue
		case "ok", "success", "error", "message", "total_stats", "limit":
		default:
			if err := d.SkipValue(); err != nil {
				return page, syntaxError(err)
			}
			continue
		}
		field := string(name)
		value, err := d.ReadValue()
		if err != nil {
			return page, syntaxError(err)
		}
		if err := page.field(field, value); err != nil {
			return page, err
		}
	}
	if _, err := d.ReadToken(); err != nil { // the object's end
		return page, syntaxError(err)
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		if body.err != nil {
			return page, body.err
		}
		return page, errors.New("something follows the JSON object")
	}
	if !hasData {
		return page, fmt.Errorf(`%w: "data" is missing`, errFailure200)
	}
	return page, nil
}

// field takes in a value beside the rows.
func (p *statisticsPage) field(name string, value jsontext.Value) error {
	switch name {
	case "ok", "success":
		if good, known := parseFlag(value); known && !good {
			return fmt.Errorf("%w: %q is false", errFailure200, name)
		}
	case "error":
		if value.Kind() != jsontext.KindNull {
			return fmt.Errorf("%w: %s", errFailure200, orElse(readErrorObject(wrapError(value)).message, `it has an "error"`))
		}
	case "total_stats", "limit":
		n, known, err := parseCount(value)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if !known {
			return nil
		}
		if name == "limit" {
			p.limit = n
		} else {
			p.total = n
		}
	}
	return nil
}

// wrapError makes a lone "error" value an object again, as readErrorObject wants it.
func wrapError(value jsontext.Value) jsontext.Value {
	return jsontext.Value(`{"error":` + string(value) + `}`)
}

func orElse(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

// expectObject looks at the first byte, so that a web page or a line of text is named for what it is. A short text is
// quoted, since it often says what is wrong.
func expectObject(r *bufio.Reader) error {
	for {
		c, err := r.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			return fmt.Errorf("%w: it is empty", errFailure200)
		case err != nil:
			return err
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			continue
		}
		if err := r.UnreadByte(); err != nil {
			return err
		}
		switch {
		case c == '{':
			return nil
		case c == '[' || c == '"':
			return errors.New("the answer is not a JSON object")
		}
		head, _ := r.Peek(1024)
		return fmt.Errorf("the answer is not JSON: %s", readErrorBody(bytes.TrimSpace(head)).message)
	}
}

// readStatisticsRows reads the array of rows.
func readStatisticsRows(d *jsontext.Decoder, body *pageReader, each func(*statisticsRow) error) (rows int, err error) {
	if kind := d.PeekKind(); kind != jsontext.KindBeginArray {
		if kind == jsontext.KindInvalid {
			_, err := d.ReadToken()
			return 0, syntaxError(err)
		}
		return 0, fmt.Errorf(`%w: "data" is not an array`, errFailure200)
	}
	if _, err := d.ReadToken(); err != nil {
		return 0, syntaxError(err)
	}
	var row statisticsRow
	for {
		body.nextRow()
		switch d.PeekKind() {
		case jsontext.KindEndArray:
			_, err := d.ReadToken()
			return rows, err
		case jsontext.KindBeginObject:
		case jsontext.KindInvalid:
			_, err := d.ReadToken()
			return rows, syntaxError(err)
		default:
			return rows, fmt.Errorf("row %d of the page is not an object", rows+1)
		}
		if err := row.read(d); err != nil {
			return rows, fmt.Errorf("row %d of the page: %w", rows+1, err)
		}
		if rows++; rows > maxPageRows {
			return rows, fmt.Errorf("the page has more than %d rows", maxPageRows)
		}
		if err := each(&row); err != nil {
			return rows, fmt.Errorf("row %d of the page: %w", rows, err)
		}
	}
}
