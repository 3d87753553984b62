package e2e_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"smartlead_exporter/e2e/internal/programs"
)

// prometheus is a Prometheus at work.
type prometheus struct {
	t       *testing.T
	url     string
	data    string // its folder
	process *programs.Process
}

// startPrometheus starts Prometheus in a folder with a configuration, which promtool must find right. Relative paths in
// it are of the folder.
func startPrometheus(t *testing.T, folder, config string) *prometheus {
	t.Helper()
	file := write(t, filepath.Join(folder, "prometheus.yml"), config)
	if out, err := exec.CommandContext(t.Context(), binaries.promtool, "check", "config", file).CombinedOutput(); err != nil {
		t.Fatalf("promtool: %v\n%s\n%s", err, out, config)
	}
	address := freeAddress(t)
	p := &prometheus{t: t, url: "http://" + address, data: filepath.Join(folder, "data")}
	p.process = start(t, p.url+"/-/ready", programs.Command{
		Name: "prometheus", Path: binaries.prometheus, Env: environment(),
		Args: []string{
			"--config.file=" + file, "--storage.tsdb.path=" + p.data, "--storage.tsdb.retention.time=400d",
			"--web.listen-address=" + address, "--web.external-url=" + p.url, "--log.level=warn",
			"--scrape.discovery-reload-interval=100ms", // else it begins to scrape after five seconds
		},
	})
	return p
}

// series is a series of a result.
type series struct {
	Labels     map[string]string   `json:"metric"`
	Value      *sample             `json:"value"`
	Values     []sample            `json:"values"`
	Histogram  json.RawMessage     `json:"histogram"`
	Histograms [][]json.RawMessage `json:"histograms"`
}

// sample is a moment, in seconds since 1970, and a value.
type sample struct{ At, Value float64 }

func (s *sample) UnmarshalJSON(text []byte) error {
	var value string
	if err := json.Unmarshal(text, &[]any{&s.At, &value}); err != nil {
		return err
	}
	var err error
	s.Value, err = strconv.ParseFloat(value, 64)
	return err
}

// result is what became of a query.
type result struct {
	Series      []series
	Annotations []string // warnings and infos
}

// hasData reports whether there is a sample that can be shown: NaN can't.
func (r result) hasData() bool {
	for _, s := range r.Series {
		if s.Histogram != nil || len(s.Histograms) > 0 || s.Value != nil && !math.IsNaN(s.Value.Value) {
			return true
		}
		for _, v := range s.Values {
			if !math.IsNaN(v.Value) {
				return true
			}
		}
	}
	return false
}

// one returns the value of a result that must have exactly one.
func (r result) one() (float64, error) {
	if len(r.Series) != 1 || r.Series[0].Value == nil {
		return 0, fmt.Errorf("%d series, want one with a value", len(r.Series))
	}
	return r.Series[0].Value.Value, nil
}

// query evaluates an expression at a moment.
func (p *prometheus) query(expr string, at time.Time) (result, error) {
	return p.ask("query", url.Values{"query": {expr}, "time": {seconds(at)}})
}

// now evaluates an expression at this moment.
func (p *prometheus) now(expr string) (result, error) { return p.query(expr, time.Now()) }

// queryRange evaluates an expression at each step of a time.
func (p *prometheus) queryRange(expr string, from, to time.Time, step time.Duration) (result, error) {
	return p.ask("query_range", url.Values{
		"query": {expr}, "start": {seconds(from)}, "end": {seconds(to)}, "step": {strconv.FormatFloat(step.Seconds(), 'f', -1, 64)},
	})
}

func seconds(t time.Time) string { return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64) }

func (p *prometheus) ask(endpoint string, parameters url.Values) (result, error) {
	var data struct {
		Type   string          `json:"resultType"`
		Result json.RawMessage `json:"result"`
	}
	annotations, err := p.call(endpoint, parameters, &data)
	if err != nil {
		return result{}, fmt.Errorf("%w: %s", err, parameters.Get("query"))
	}
	r := result{Annotations: annotations}
	if data.Type == "scalar" {
		r.Series = []series{{Value: new(sample)}}
		return r, json.Unmarshal(data.Result, r.Series[0].Value)
	}
	return r, json.Unmarshal(data.Result, &r.Series)
}

// call asks the API and stores the data of its answer. It returns warnings and infos that came with it.
func (p *prometheus) call(endpoint string, parameters url.Values, data any) (annotations []string, err error) {
	const path = "/api/v1/"
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url+path+endpoint, strings.NewReader(parameters.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if !strings.HasPrefix(endpoint, "query") { // queries are too long for a URL; the others want one
		req.Method, req.Body, req.ContentLength = http.MethodGet, http.NoBody, 0
		req.URL.RawQuery = parameters.Encode()
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Status   string          `json:"status"`
		Error    string          `json:"error"`
		Data     json.RawMessage `json:"data"`
		Warnings []string        `json:"warnings"`
		Infos    []string        `json:"infos"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("%s answers %s: %w", endpoint, resp.Status, err)
	}
	if answer.Status != "success" {
		return nil, errors.New(answer.Error)
	}
	return append(answer.Warnings, answer.Infos...), json.Unmarshal(answer.Data, data)
}

// target is a target of a Prometheus.
type target struct {
	Labels map[string]string `json:"labels"`
	Health string            `json:"health"`
	Error  string            `json:"lastError"`
}

// targets returns the active targets of a job.
func (p *prometheus) targets(job string) ([]target, error) {
	var data struct {
		Active []target `json:"activeTargets"`
	}
	if _, err := p.call("targets", url.Values{"state": {"active"}, "scrapePool": {job}}, &data); err != nil {
		return nil, err
	}
	return data.Active, nil
}

// awaitUp waits until a job has this many targets, all of them up.
func (p *prometheus) awaitUp(job string, want int) {
	p.t.Helper()
	await(p.t, "targets of "+job, func() error {
		targets, err := p.targets(job)
		if err != nil {
			return err
		}
		if len(targets) != want {
			return fmt.Errorf("%d targets, want %d", len(targets), want)
		}
		for _, target := range targets {
			if target.Health != "up" {
				return fmt.Errorf("%v is %s: %s", target.Labels, target.Health, target.Error)
			}
		}
		return nil
	})
}
