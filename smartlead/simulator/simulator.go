// Package simulator is a stand-in of the Smartlead HTTP API, for tests and for demonstrations. A [Simulator] is an
// [http.Handler] that answers the campaign list, a single campaign, its statistics, steps and analytics, the account's
// mailboxes and categories with the parameters, response shapes, error bodies and rate limits of the real API, and that
// misbehaves on request: see [Simulator.Inject]. What the real API does and nobody knows is a [Behaviour].
//
// Its files show two halves and what joins them. world_*.go is what lives: campaigns and their e-mails, from a
// [Source]: fixed rows, any number of generated rows, or a [Model] of a campaign that lives, in which leads are written
// to on working days, open after minutes and reply after hours. Everything is determined by seeds and by a clock, so
// two runs are equal. fault_*.go is what goes wrong on the way to the client, whatever lives there. api_*.go answers
// from the world as the API would, one file for each endpoint.
//
// [Transport] connects an [http.Client] to a Simulator without a network.
package simulator

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// DefaultPrefix is where the API lives unless Options say otherwise.
const DefaultPrefix = "/api/v1"

// Options configure a Simulator. The zero value is an API without campaigns that accepts any key and limits nobody.
type Options struct {
	// Prefix is the path in front of /campaigns. The default is DefaultPrefix.
	Prefix string

	// Keys are the API keys that are accepted. If there are none, every key is accepted that is not empty and not
	// expired.
	Keys []string

	// ExpiredKeys are refused because their plan has expired.
	ExpiredKeys []string

	// Campaigns are there from the start. They are copied.
	Campaigns []Campaign

	// Mailboxes are the account's e-mail accounts. They are copied.
	Mailboxes []Mailbox

	// Behaviour is what the API does where nobody knows what it does.
	Behaviour Behaviour

	// Limits are the rate limits of each key. The zero value is none.
	Limits Limits

	// Clock tells the time in which the campaigns live. The default is time.Now. It may run faster than real time and
	// it may go back; delays, rate limits and recorded requests don't follow it.
	Clock func() time.Time
}

// Simulator answers requests like the Smartlead API. All its methods may be called concurrently. The lock is held for
// computations only, never while an answer is written or a fault waits.
type Simulator struct {
	prefix  string
	keys    map[string]keyState
	anyKey  bool
	clock   func() time.Time
	limiter *limiter

	mu        sync.Mutex
	behaviour Behaviour
	campaigns map[int64]*entry
	mailboxes []Mailbox
	faults    []*injected
	requests  []*Request
}

type keyState int

const (
	keyUnknown keyState = iota
	keyAccepted
	keyExpired
)

// New returns a Simulator, or an error if a campaign can't be simulated or two of them share an id.
func New(opts Options) (*Simulator, error) {
	s := &Simulator{
		prefix:    cmp.Or(opts.Prefix, DefaultPrefix),
		keys:      make(map[string]keyState),
		anyKey:    len(opts.Keys) == 0,
		clock:     opts.Clock,
		behaviour: opts.Behaviour,
		limiter:   newLimiter(opts.Limits),
		campaigns: make(map[int64]*entry),
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	for _, key := range opts.Keys {
		s.keys[key] = keyAccepted
	}
	for _, key := range opts.ExpiredKeys {
		s.keys[key] = keyExpired
	}
	if err := s.SetMailboxes(opts.Mailboxes...); err != nil {
		return nil, err
	}
	for _, c := range opts.Campaigns {
		if _, taken := s.campaigns[c.ID]; taken {
			return nil, fmt.Errorf("campaign %d is there twice", c.ID)
		}
		if err := s.SetCampaign(c); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// ServeHTTP answers one request: it is recorded, counted against the limits of its key, passed through the faults that
// match, and only then looked at.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t := s.parseTarget(r.URL.Path)
	key := r.URL.Query().Get("api_key")
	req := s.record(newRequest(r, t, key, s.limiter.clock()))
	w = &statusRecorder{ResponseWriter: w, record: func(status int) { s.recordStatus(req, status) }}

	if !s.limiter.admit(w, req.KeyHash) {
		return
	}

	handler := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.answer(w, r, t, key)
	}))
	for _, effect := range slices.Backward(s.effects(*req)) {
		handler = effect(handler)
	}
	p := &plan{sim: s, campaignID: t.campaignID}
	handler.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), planKey{}, p)))
}

// answer is what the API does when nothing goes wrong.
func (s *Simulator) answer(w http.ResponseWriter, r *http.Request, t target, key string) {
	if t.endpoint == EndpointUnknown || s.currentBehaviour().gone(t.endpoint) {
		writeNoRoute(w, r)
		return
	}
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		writeAnswer(w, jsonAnswer(http.StatusMethodNotAllowed, `{"error":"Method not allowed"}`))
		return
	}
	switch {
	case key == "":
		writeAnswer(w, answerNoKey)
		return
	case s.keys[key] == keyExpired:
		writeAnswer(w, answerExpired)
		return
	case s.keys[key] == keyUnknown && !s.anyKey:
		writeAnswer(w, answerBadKey)
		return
	}

	switch t.endpoint {
	case EndpointCampaigns:
		s.serveCampaigns(w, r)
	case EndpointOverallStats:
		s.serveOverallStats(w, r)
	case EndpointEmailAccounts:
		s.serveEmailAccounts(w, r)
	case EndpointCategories:
		s.serveCategories(w, r)
	default:
		s.answerOfCampaign(w, r, t)
	}
}

// answerOfCampaign is answer for what is asked of one campaign.
func (s *Simulator) answerOfCampaign(w http.ResponseWriter, r *http.Request, t target) {
	if !t.validID {
		writeAnswer(w, answerBadRequest("params", "campaign_id", "must be a number"))
		return
	}
	e, ok := s.entry(t.campaignID)
	if !ok && t.endpoint == EndpointCampaignAnalytics {
		writeAnswer(w, answerNothing)
		return
	}
	if !ok {
		writeAnswer(w, answerNoCampaign)
		return
	}
	switch t.endpoint {
	case EndpointCampaign:
		s.serveCampaign(w, r, e)
	case EndpointSequences:
		s.serveSequences(w, r, e)
	case EndpointSequenceAnalytics:
		s.serveSequenceAnalytics(w, r, e)
	case EndpointCampaignAnalytics:
		s.serveCampaignAnalytics(w, r, e)
	default:
		s.serveStatistics(w, r, e)
	}
}

// hashKey returns the first half of the key's SHA-256 in hexadecimal digits, and nothing for no key.
func hashKey(key string) string {
	if key == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16])
}
