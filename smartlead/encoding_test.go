package smartlead_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/klauspost/compress/zstd"

	"smartlead_exporter/smartlead"
)

// compress undoes what a writer needs to be closed for.
func compress(t testing.TB, data []byte, to func(io.Writer) io.WriteCloser) []byte {
	t.Helper()
	var b bytes.Buffer
	w := to(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	return compress(t, data, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
}

func zlibbed(t testing.TB, data []byte) []byte {
	t.Helper()
	return compress(t, data, func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) })
}

func deflated(t testing.TB, data []byte) []byte {
	t.Helper()
	return compress(t, data, func(w io.Writer) io.WriteCloser {
		z, err := flate.NewWriter(w, flate.BestSpeed)
		if err != nil {
			t.Fatal(err)
		}
		return z
	})
}

func zstandard(t testing.TB, data []byte) []byte {
	t.Helper()
	return compress(t, data, func(w io.Writer) io.WriteCloser {
		z, err := zstd.NewWriter(w)
		if err != nil {
			t.Fatal(err)
		}
		return z
	})
}

// encoded answers with a body and its Content-Encoding.
func encoded(status int, data []byte, codings ...string) func(*smartlead.Options) {
	return func(o *smartlead.Options) {
		o.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
			resp, err := bodyBytes(data)(r)
			resp.StatusCode = status
			resp.Header["Content-Encoding"] = codings
			return resp, err
		})
	}
}

// Answers are read in whatever way they are compressed, if that can be known.
func TestEncodings(t *testing.T) {
	plain := []byte(aggregated(row("1", "7"), row("2", "5")))
	zip := gzipped(t, plain)
	for _, tt := range []struct {
		name    string
		data    []byte
		codings []string
	}{
		{"none", plain, nil},
		{"an empty one", plain, []string{""}},
		{"identity", plain, []string{"identity"}},
		{"gzip", zip, []string{"gzip"}},
		{"x-gzip", zip, []string{"x-gzip"}},
		{"GZIP", zip, []string{" GZIP "}},
		{"gzip, which isn't told", zip, nil},
		{"gzip, which a proxy has undone", plain, []string{"gzip"}},
		{"gzip in two parts", append(gzipped(t, plain[:20]), gzipped(t, plain[20:])...), []string{"gzip"}},
		{"gzip that isn't compressed", compress(t, plain, func(w io.Writer) io.WriteCloser {
			z, _ := gzip.NewWriterLevel(w, gzip.NoCompression)
			return z
		}), []string{"gzip"}},
		{"gzip and identity", zip, []string{"identity, gzip"}},
		{"gzip twice", gzipped(t, zip), []string{"gzip, gzip"}},
		{"gzip twice, in two headers", gzipped(t, zip), []string{"gzip", "gzip"}},
		{"gzip twice, of which a proxy has undone one", zip, []string{"gzip, gzip"}},
		{"deflate", zlibbed(t, plain), []string{"deflate"}},
		{"deflate without a header", deflated(t, plain), []string{"deflate"}},
		{"zstd", zstandard(t, plain), []string{"zstd"}},
		{"deflate, then gzip", gzipped(t, zlibbed(t, plain)), []string{"deflate, gzip"}},
		{"gzip, then zstd", zstandard(t, zip), []string{"gzip", "zstd"}},
		{"a mark within gzip", gzipped(t, append([]byte("\ufeff"), plain...)), []string{"gzip"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client := newClient(t, nil, encoded(200, tt.data, tt.codings...))
			for range 2 { // decoders are used again
				got, err := statistics(t.Context(), client)
				if err != nil || len(got.Steps) != 2 || got.Steps[0].Sent != 7 || got.Steps[1].Sent != 5 {
					t.Fatalf("got %+v and %v", got, err)
				}
			}
		})
	}
}

// gzip is asked for, and nothing else is.
func TestAcceptEncoding(t *testing.T) {
	var asked []string
	client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Header["Accept-Encoding"]
		_, _ = io.WriteString(w, empty)
	}))
	if _, err := statistics(t.Context(), client); err != nil || len(asked) != 1 || asked[0] != "gzip" {
		t.Errorf("asked for %q, and got %v", asked, err)
	}
}

// Refusals are compressed as well.
func TestEncodedRefusals(t *testing.T) {
	said := []byte(`{"message":"Invalid API Key"}`)
	for _, tt := range []struct {
		name, coding string
		data         []byte
		want         string
	}{
		{"gzip", "gzip", gzipped(t, said), "Invalid API Key"},
		{"gzip, which isn't told", "", gzipped(t, said), "Invalid API Key"},
		{"deflate", "deflate", zlibbed(t, said), "Invalid API Key"},
		{"zstd", "zstd", zstandard(t, said), "Invalid API Key"},
		{"an unknown one", "br", said, "the answer has a Content-Encoding that can't be read: br"},
		{"a broken one", "gzip", []byte("\x1f\x8bJane Quimby, again"), "the answer's compression is damaged"},
		{"one that is cut off", "gzip", gzipped(t, said)[:20], ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := statistics(t.Context(), newClient(t, nil, encoded(401, tt.data, tt.coding)))
			var e *smartlead.Error
			if !errors.As(err, &e) || e.Reason != smartlead.ErrUnauthorized || tt.want != "" && e.Message != tt.want {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// Compression that is wrong is a bad answer that says what is wrong with it, and never fewer rows.
func TestWrongEncodings(t *testing.T) {
	plain := []byte(aggregated(row("1", "7")))
	zip := gzipped(t, plain)
	flip := func(data []byte, at int) []byte {
		data = bytes.Clone(data)
		data[(at+len(data))%len(data)] ^= 0x55
		return data
	}
	const damaged, cut = "the answer's compression is damaged", "the answer is cut off"
	for _, tt := range []struct {
		name   string
		data   []byte
		coding string
		want   string
	}{
		{"an unknown one", zip, "br", "Content-Encoding that can't be read: br"},
		{"one of two is unknown", zip, "compress, gzip", "Content-Encoding that can't be read: compress"},
		{"one that is no name", zip, "Jane Quimby", "Content-Encoding that can't be read: that is none"},
		{"three", zip, "gzip, gzip, gzip", "the answer was compressed 3 times"},
		{"a wrong checksum", flip(zip, -6), "gzip", damaged},
		{"a wrong length", flip(zip, -1), "gzip", damaged},
		{"a wrong byte", flip(zip, 15), "gzip", ""},
		{"a header alone", zip[:10], "gzip", cut},
		{"half a header", zip[:5], "gzip", cut},
		{"a mark alone", zip[:2], "gzip", cut},
		{"cut off", zip[:len(zip)/2], "gzip", cut},
		{"cut off before the checksum", zip[:len(zip)-8], "gzip", cut},
		{"cut off in the checksum", zip[:len(zip)-2], "gzip", cut},
		{"something behind it", append(bytes.Clone(zip), "more than a header"...), "gzip", damaged},
		{"text that says it is zstd", plain, "zstd", damaged},
		{"text that says it is deflate", plain, "deflate", damaged},
		{"zstd that is cut off", zstandard(t, plain)[:20], "zstd", cut},
		{"deflate that is cut off", zlibbed(t, plain)[:20], "deflate", cut},
		{"nothing", nil, "gzip", "it is empty"},
		{"gzip of nothing", gzipped(t, nil), "gzip", "it is empty"},
		{"gzip of text", gzipped(t, []byte("Jane Quimby")), "gzip", "the answer is not JSON"},
		{"gzip of two values", gzipped(t, append(bytes.Clone(plain), plain...)), "gzip", "something follows"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := statistics(t.Context(), newClient(t, nil, encoded(200, tt.data, tt.coding)))
			assertBadResponse(t, got, err, tt.want)
			assertAbsent(t, "the error", fmt.Sprint(err), "Jane")
		})
	}
}

// A connection that breaks is the network's failure, wherever in a compressed body it does.
func TestBreaksInEncodings(t *testing.T) {
	page := gzipped(t, []byte(perEmail(`"sent_time":"2022-08-02T12:49:11.747Z","open_count":3`)))
	synctest.Test(t, func(t *testing.T) {
		for end := range len(page) + 1 {
			client := newClient(t, nil, func(o *smartlead.Options) {
				o.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
					resp, err := body(func() io.Reader { return io.MultiReader(bytes.NewReader(page[:end]), broken{io.ErrUnexpectedEOF}) })(r)
					resp.Header.Set("Content-Encoding", "gzip")
					return resp, err
				})
			})
			got, err := statistics(t.Context(), client)
			if !errors.Is(err, smartlead.ErrNetwork) || !errors.Is(err, io.ErrUnexpectedEOF) || got.Requests != 4 {
				t.Fatalf("broken after %d bytes: got %+v and %v, want ErrNetwork after 4 requests", end, got, err)
			}
		}
	})
}

// Little that becomes much is bounded by what it becomes, and much that becomes nothing by what it is.
func TestBombs(t *testing.T) {
	zeros := func(n int64, to func(io.Writer) io.WriteCloser) []byte {
		var b bytes.Buffer
		w := to(&b)
		_, _ = io.WriteString(w, `{"x":"`)
		_, _ = io.CopyN(w, &endless{text: " "}, n)
		_ = w.Close()
		return b.Bytes()
	}
	toGzip := func(w io.Writer) io.WriteCloser {
		z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
		return z
	}
	bomb := zeros(20<<20, toGzip)
	nothing := gzipped(t, nil)
	for _, tt := range []struct {
		name    string
		body    func() io.Reader
		codings string
		want    string
	}{
		{"one value of 20 MB", func() io.Reader { return bytes.NewReader(bomb) }, "gzip", "a row is longer than 16 MiB"},
		{"twice", func() io.Reader { return bytes.NewReader(gzipped(t, bomb)) }, "gzip, gzip", "a row is longer than 16 MiB"},
		{"empty parts without end", func() io.Reader { return &endless{text: string(nothing)} }, "gzip", "the answer's compression is damaged"},
		{"within another", func() io.Reader { return bytes.NewReader(gzipped(t, bytes.Repeat(nothing, 1<<17))) }, "gzip, gzip", "the answer's compression is damaged"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client := newClient(t, nil, func(o *smartlead.Options) {
				o.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
					resp, err := body(tt.body)(r)
					resp.Header.Set("Content-Encoding", tt.codings)
					return resp, err
				})
			})
			got, err := statistics(t.Context(), client)
			assertBadResponse(t, got, err, tt.want)
		})
	}
}

// Whatever a body is compressed by, nothing of it is told, and what can't be read is an error.
func FuzzEncodings(f *testing.F) {
	plain := []byte(aggregated(row("1", "7")))
	for _, coding := range []string{"", "gzip", "deflate", "zstd", "gzip, gzip", "br"} {
		f.Add(plain, coding)
		f.Add(gzipped(f, plain), coding)
		f.Add(zlibbed(f, plain), coding)
		f.Add(zstandard(f, plain), coding)
	}
	f.Fuzz(func(t *testing.T, data []byte, coding string) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		got, err := statistics(ctx, newClient(t, nil, encoded(200, data, coding)))
		if err == nil {
			if got.Requests != 1 {
				t.Fatalf("got %+v", got)
			}
			return
		}
		var e *smartlead.Error
		if !errors.As(err, &e) || e.Reason != smartlead.ErrBadResponse && e.Reason != smartlead.ErrIncomplete || strings.Contains(e.Message, "\n") {
			t.Fatalf("got %v", err)
		}
	})
}
