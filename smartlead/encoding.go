package smartlead

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

const (
	// acceptEncoding is what is asked for. The rest is read, too, since some servers and proxies don't mind what is asked.
	acceptEncoding = "gzip"

	maxEncodings = 2       // of one body
	maxWindow    = 8 << 20 // bytes that a decoder may have to remember
	maxEmpty     = 1 << 20 // compressed bytes that may be nothing at all
)

var (
	errDamaged = errors.New("the answer's compression is damaged")
	errCutOff  = errors.New("the answer is cut off")
	gzipMark   = []byte{0x1f, 0x8b} // begins what is compressed by gzip, and no JSON
)

// codingName is what a Content-Encoding looks like that is worth telling.
var codingName = regexp.MustCompile(`^[a-z0-9._-]{1,20}$`)

// decoded is a body as it was before it was compressed. It keeps apart a connection that failed from compression that is
// wrong: what the connection said is in lost.
type decoded struct {
	r      io.Reader
	top    *boundReader // the last one of the chain that is read
	closes []func()
	lost   error
}

// newDecoded reads the body of an answer, by its Content-Encoding. A body that says it is compressed by gzip and isn't, as
// behind proxies that undo it, is read as it is; one that is and doesn't say so is decompressed. It is to be closed, also
// with an error.
func newDecoded(resp *http.Response) (*decoded, error) {
	d := &decoded{}
	d.keepLost(resp.Body)
	codings, err := contentCodings(resp.Header)
	if err != nil {
		return d, err
	}
	if len(codings) == 0 {
		codings = []string{"gzip"}
	}
	for _, coding := range codings {
		if err := d.decode(coding); err != nil {
			return d, err
		}
	}
	return d, nil
}

// contentCodings returns what was done to a body, the last first.
func contentCodings(header http.Header) ([]string, error) {
	var codings []string
	for name := range strings.SplitSeq(strings.Join(header.Values("Content-Encoding"), ","), ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		switch name {
		case "", "identity", "none":
			continue
		case "gzip", "x-gzip":
			name = "gzip"
		case "deflate", "zstd":
		default:
			if !codingName.MatchString(name) {
				name = "that is none"
			}
			return nil, fmt.Errorf("the answer has a Content-Encoding that can't be read: %s", name)
		}
		codings = append([]string{name}, codings...)
	}
	if len(codings) > maxEncodings {
		return nil, fmt.Errorf("the answer was compressed %d times", len(codings))
	}
	return codings, nil
}

// decode undoes one coding.
func (d *decoded) decode(coding string) error {
	head := &headReader{r: d.r}
	begin, err := head.peek()
	if d.lost != nil {
		return d.lost
	}
	if err != nil {
		return err
	}
	d.r = head
	switch {
	case len(begin) == 0, coding == "gzip" && !bytes.Equal(begin, gzipMark):
		return nil
	case coding == "gzip":
		return d.gunzip()
	case coding == "deflate":
		return d.inflate(begin)
	default:
		z, err := zstd.NewReader(d.r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return errDamaged
		}
		d.push(z, z.Close)
		return nil
	}
}

var gunzippers sync.Pool // of *gzip.Reader: each has some 40 KB

func (d *decoded) gunzip() error {
	z, _ := gunzippers.Get().(*gzip.Reader)
	if z == nil {
		z = new(gzip.Reader)
	}
	if err := z.Reset(d.r); err != nil {
		gunzippers.Put(z)
		return d.begin(err)
	}
	d.push(z, func() { gunzippers.Put(z) })
	return nil
}

// inflate reads what "deflate" names, which is zlib's format (RFC 9110), and what some servers take it for.
func (d *decoded) inflate(begin []byte) error {
	if len(begin) == 2 && begin[0]&0x0f == 8 && (int(begin[0])<<8|int(begin[1]))%31 == 0 {
		z, err := zlib.NewReader(d.r)
		if err != nil {
			return d.begin(err)
		}
		d.push(z, func() { _ = z.Close() })
		return nil
	}
	z := flate.NewReader(d.r)
	d.push(z, func() { _ = z.Close() })
	return nil
}

// push puts a decoder on top of what is read. Each bounds what it hands on, since little can become very much, and what it
// takes, since much can become nothing.
func (d *decoded) push(r io.Reader, closes func()) {
	above := &boundReader{r: r, left: maxPageBytes, wrong: d.wrong}
	d.top.above = above
	d.r, d.top = above, above
	d.closes = append(d.closes, closes)
}

// wrong returns what an error of a decoder means.
func (d *decoded) wrong(err error) error {
	switch {
	case err == nil, d.lost != nil, errors.Is(err, errPageTooLong), errors.Is(err, errDamaged), errors.Is(err, errCutOff):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF): // and not by the connection
		return errCutOff
	case errors.Is(err, io.EOF):
		return io.EOF
	default:
		return errDamaged
	}
}

// begin is wrong for an error at the beginning, where there can't be an end.
func (d *decoded) begin(err error) error {
	if errors.Is(err, io.EOF) && d.lost == nil {
		return errCutOff
	}
	return d.wrong(err)
}

func (d *decoded) Read(b []byte) (int, error) { return d.r.Read(b) }

func (d *decoded) close() {
	for _, f := range d.closes {
		f()
	}
	d.closes, d.r = nil, eof{}
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

// keepLost reads from a connection, and keeps its errors.
func (d *decoded) keepLost(r io.Reader) {
	d.top = &boundReader{r: r, left: maxPageBytes, wrong: func(err error) error {
		if err != nil && !errors.Is(err, io.EOF) {
			d.lost = err
		}
		return err
	}}
	d.r = d.top
}

// boundReader reads no more than so many bytes, and stops when a decoder that reads from it makes next to nothing of them.
type boundReader struct {
	r     io.Reader
	read  int64
	left  int64
	above *boundReader      // what the decoder hands on; nil: there is none
	wrong func(error) error // says what an error means
}

func (b *boundReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errPageTooLong
	}
	if b.above != nil && b.read > maxEmpty+2*b.above.read {
		return 0, errDamaged
	}
	n, err := b.r.Read(p)
	b.read, b.left = b.read+int64(n), b.left-int64(n)
	return n, b.wrong(err)
}

// headReader reads what was looked at before what comes after it.
type headReader struct {
	r    io.Reader
	head []byte
	err  error
}

// peek returns the first two bytes, or fewer if there are no more.
func (h *headReader) peek() ([]byte, error) {
	h.head = make([]byte, 2)
	n, err := io.ReadFull(h.r, h.head)
	h.head = h.head[:n]
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		h.err = io.EOF
		err = nil
	}
	return h.head, err
}

func (h *headReader) Read(p []byte) (int, error) {
	if len(h.head) > 0 {
		n := copy(p, h.head)
		h.head = h.head[n:]
		return n, nil
	}
	if h.err != nil {
		return 0, h.err
	}
	return h.r.Read(p)
}
