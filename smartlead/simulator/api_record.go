package simulator

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxRequests is how many of the newest requests a Simulator remembers at least; it remembers at most twice as many.
const maxRequests = 100_000

// Endpoint names what a request asks for.
type Endpoint string

// The endpoints of the simulated API.
const (
	EndpointUnknown           Endpoint = ""
	EndpointCampaigns         Endpoint = "campaigns"
	EndpointCampaign          Endpoint = "campaign"
	EndpointStatistics        Endpoint = "statistics"
	EndpointSequences         Endpoint = "sequences"
	EndpointSequenceAnalytics Endpoint = "sequence-analytics"
	EndpointCampaignAnalytics Endpoint = "analytics"
	EndpointOverallStats      Endpoint = "overall-stats"
	EndpointEmailAccounts     Endpoint = "email-accounts"
	EndpointCategories        Endpoint = "fetch-categories"
)

// ofAccount are the endpoints of the whole account, by their path.
var ofAccount = map[string]Endpoint{
	"/campaigns":                        EndpointCampaigns,
	"/analytics/campaign/overall-stats": EndpointOverallStats,
	"/email-accounts":                   EndpointEmailAccounts,
	"/leads/fetch-categories":           EndpointCategories,
}

// ofCampaign are the endpoints of one campaign, by the last part of the path.
var ofCampaign = map[string]Endpoint{
	"statistics":         EndpointStatistics,
	"sequences":          EndpointSequences,
	"sequence-analytics": EndpointSequenceAnalytics,
	"analytics":          EndpointCampaignAnalytics,
}

// Request is what a Simulator remembers of a request.
type Request struct {
	Time       time.Time  // when it came, by the clock of the limits
	Method     string     // as it was sent
	Path       string     // with the prefix
	Query      url.Values // without the key; to be read only
	UserAgent  string
	KeyHash    string // tells keys apart without showing them; empty without a key
	Endpoint   Endpoint
	CampaignID int64 // 0 if the path names none
	Status     int   // of the answer; 0 until it starts, and for ever if it never does
}

// Offset returns the offset that the request asks for, 0 if it names none, and -1 if that is not a number.
func (r Request) Offset() int {
	if !r.Query.Has("offset") {
		return 0
	}
	n, err := strconv.Atoi(r.Query.Get("offset"))
	if err != nil {
		return -1
	}
	return n
}

// Requests returns the requests received so far, oldest first, including the refused ones. Of more than 100,000
// requests, the oldest may be missing.
func (s *Simulator) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Request, len(s.requests))
	for i, r := range s.requests {
		out[i] = *r
	}
	return out
}

// ForgetRequests empties the list that Requests returns.
func (s *Simulator) ForgetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// Busiest returns the largest number of requests that came within any sliding window of the given length, its end
// excluded. It proves that a budget held. The requests must be in the order in which they came.
func Busiest(requests []Request, window time.Duration) int {
	most, first := 0, 0
	for last := range requests {
		for requests[last].Time.Sub(requests[first].Time) >= window {
			first++
		}
		most = max(most, last-first+1)
	}
	return most
}

// target is what a path names.
type target struct {
	endpoint   Endpoint
	campaignID int64
	validID    bool
}

func (s *Simulator) parseTarget(path string) target {
	below, ok := strings.CutPrefix(path, s.prefix)
	if !ok {
		return target{}
	}
	if endpoint := ofAccount[strings.TrimSuffix(below, "/")]; endpoint != EndpointUnknown {
		return target{endpoint: endpoint}
	}
	rest, ok := strings.CutPrefix(below, "/campaigns")
	if !ok {
		return target{}
	}
	parts := strings.Split(strings.TrimSuffix(rest, "/"), "/")
	if parts[0] != "" { // such as /campaignsX
		return target{}
	}
	id, err := strconv.ParseInt(parts[1], 10, 64)
	t := target{campaignID: id, validID: err == nil}
	switch {
	case len(parts) == 2:
		t.endpoint = EndpointCampaign
	case len(parts) == 3 && ofCampaign[parts[2]] != EndpointUnknown:
		t.endpoint = ofCampaign[parts[2]]
	default:
		return target{}
	}
	return t
}

func newRequest(r *http.Request, t target, key string, now time.Time) Request {
	values := r.URL.Query()
	values.Del("api_key")
	return Request{
		Time: now, Method: r.Method, Path: r.URL.Path, Query: values, UserAgent: r.UserAgent(),
		KeyHash: hashKey(key), Endpoint: t.endpoint, CampaignID: t.campaignID,
	}
}

// record remembers a request. What it returns is shared with the list: only recordStatus may change it.
func (s *Simulator) record(r Request) *Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.requests) >= 2*maxRequests {
		s.requests = slices.Clone(s.requests[len(s.requests)-maxRequests:])
	}
	s.requests = append(s.requests, &r)
	return &r
}

func (s *Simulator) recordStatus(r *Request, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.Status = status
}

// statusRecorder reports the status of an answer when it starts.
type statusRecorder struct {
	http.ResponseWriter
	record  func(status int)
	started bool
}

func (w *statusRecorder) WriteHeader(status int) {
	if !w.started {
		w.started = true
		w.record(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusRecorder) Write(p []byte) (int, error) {
	if !w.started {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap lets an http.ResponseController flush.
func (w *statusRecorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
