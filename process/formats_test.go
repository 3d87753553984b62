package process_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Each form and compression that Prometheus may ask for holds the same values.
func TestFormats(t *testing.T) {
	t.Parallel()
	p := startWith(t, discoveredAPI(t), discovered)
	p.scrape() // what follows finds the same values in the store

	types := []struct{ accept, want string }{
		{"text/plain;version=0.0.4", "text/plain; version=0.0.4"},
		{"", "text/plain; version=0.0.4"},
		{"application/openmetrics-text;version=1.0.0", "application/openmetrics-text; version=1.0.0"},
		{"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", "application/vnd.google.protobuf"},
		// What Prometheus 3 sends.
		{"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5," +
			"text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2", "application/openmetrics-text; version=1.0.0"},
	}
	var want map[string]float64
	for _, typ := range types {
		for _, encoding := range []string{"", "gzip", "zstd"} {
			r := p.get("/metrics", "Accept", typ.accept, "Accept-Encoding", encoding)
			if got := r.header.Get("Content-Type"); r.status != http.StatusOK || !strings.HasPrefix(got, typ.want) {
				t.Fatalf("%q: status %d, type %q, want %q", typ.accept, r.status, got, typ.want)
			}
			if got := r.header.Get("Content-Encoding"); got != encoding {
				t.Errorf("%q: encoding %q, want %q", typ.accept, got, encoding)
			}
			format := expfmt.ResponseFormat(r.header)
			text := decompress(t, encoding, r.body)
			wanted := want
			if format.FormatType() == expfmt.TypeOpenMetrics {
				text = some(text)
				wanted = maps.Clone(want)
				maps.DeleteFunc(wanted, func(series string, _ float64) bool { return !someFamilies.MatchString(series) })
			}
			got := decode(t, text, format)
			if want == nil {
				want, wanted = got, got
			}
			if diff := cmp.Diff(wanted, got); diff != "" {
				t.Errorf("values as %q, %q (-plain text +this):\n%s", typ.want, encoding, diff)
			}
		}
	}
}

// someFamilies are enough of OpenMetrics, which expfmt reads slowly, and refuses for the Go runtime's families, two of
// which share a name there. Prometheus minds neither.
var someFamilies = regexp.MustCompile(`^(?:# (?:HELP|TYPE) )?smartlead_(?:sent_total|campaign_info|campaign_up)[{ ]`)

func some(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if someFamilies.MatchString(line) || line == "# EOF\n" {
			b.WriteString(line)
		}
	}
	return b.String()
}

func decompress(t *testing.T, encoding, body string) string {
	t.Helper()
	var r io.Reader = strings.NewReader(body)
	var err error
	switch encoding {
	case "gzip":
		r, err = gzip.NewReader(r)
	case "zstd":
		var decoder *zstd.Decoder
		if decoder, err = zstd.NewReader(r); err == nil {
			defer decoder.Close()
			r = decoder
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

// decode returns the series of campaigns.
func decode(t *testing.T, text string, format expfmt.Format) map[string]float64 {
	t.Helper()
	decoder := expfmt.SampleDecoder{Dec: expfmt.NewDecoder(bytes.NewBufferString(text), format), Opts: &expfmt.DecodeOptions{}}
	series := map[string]float64{}
	for {
		var samples model.Vector
		err := decoder.Decode(&samples)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		for _, s := range samples {
			series[s.Metric.String()] = float64(s.Value)
		}
	}
	maps.DeleteFunc(series, func(s string, _ float64) bool { return !strings.Contains(s, "campaign_id=") })
	if len(series) == 0 {
		t.Fatalf("%s: no series of campaigns", format)
	}
	return series
}
