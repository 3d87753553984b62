// Package simulator is a stand-in of the Smartlead HTTP API, for tests and for
// demonstrations. A [Simulator] is an [http.Handler] that answers the campaign
// list, a single campaign, its statistics, steps and their analytics with the
// parameters, response shapes, error bodies and rate limits of the real API, and
// that misbehaves on request: see [Simulator.Inject]. What the real API does and
// nobody knows is a [Behaviour].
//
// Its files show two halves and what joins them. world_*.go is what lives:
// campaigns and their e-mails, from a [Source]: fixed rows, any number of
// generated rows, or a [Model] of a campaign that lives, in which leads are
// written to on working days, open after minutes and reply after hours.
// Everything is determined by seeds and by a clock, so two runs are equal.
// fault_*.go is what goes wrong on the way to the client, whatever lives there.
// api_*.go answers from the world as the API would, one file for each endpoint.
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

// Options configure a Simulator. The zero value is an API without campaigns
// that accepts any key and limits nobody.
type Options struct {
	// Prefix is the path in front of /campaigns. The default is DefaultPrefix.
	Prefix string

	// Keys are the API keys that are accepted. If there are none, every key is
	// accepted that is not empty and not expired.
	Keys []string

	// ExpiredKeys are refused because their plan has expired.
	ExpiredKeys []string

	// Campaigns are there from the start. They are copied.
	Campaigns []Campaign

	// Behaviour is what the API does where nobody knows what it does.
	Behaviour Behaviour

	// Limits are the rate limits of each key. The zero value is none.
	Limits Limits

	// Clock tells the time in which the campaigns live. The default is
	// time.Now. It may run faster than real time and it may go back; delays,
	// rate limits and recorded requests don't follow it.
	Clock func() time.Time
}

// Simulator answers requests like the Smartlead API. All its methods may be
// called concurrently. The lock is held for computations only, never while an
// answer is written or a fault waits.
type Simulator struct {
	prefix  string
	keys    map[string]keyState
	anyKey  bool
	clock   func() time.Time
	limiter *limiter

	mu        sync.Mutex
	behaviour Behaviour
	campaigns map[int64]*entry
	faults    []*injected
	requests  []*Request
}

type keyState int

const (
	keyUnknown keyState = iota
	keyAccepted
	keyExpired
)

// New returns a Simulator, or an error if a campaign can't be simulated or two
// of them share an id.
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

// SetCampaign adds a campaign, or replaces the one with the same id, together
// with everything that was added to it or deleted from it. It returns an error
// if the campaign can't be simulated.
func (s *Simulator) SetCampaign(c Campaign) error {
	if err := c.validate(); err != nil {
		return fmt.Errorf("campaign %d: %w", c.ID, err)
	}
	c.Tags = slices.Clone(c.Tags)
	c.TrackSettings = slices.Clone(c.TrackSettings)

	s.mu.Lock()
	defer s.mu.Unlock()
	s.campaigns[c.ID] = &entry{campaign: c}
	return nil
}

// RemoveCampaign deletes a campaign. From then on it is not found.
func (s *Simulator) RemoveCampaign(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.campaigns, id)
}

// AddEmails makes rows arrive in a campaign whose Source holds e-mails. They
// count as newer than all rows of the Source. Empty ids, names and addresses
// are made up. It reports whether the campaign exists.
func (s *Simulator) AddEmails(id int64, emails ...Email) bool {
	now := s.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.campaigns[id]
	if !ok {
		return false
	}
	e.add(emails, now)
	return true
}

// ChangeEmails makes something happen to e-mails of a campaign, such as an open,
// or a reply that is taken back. The function is called with each e-mail each
// time that it is read from now on, also concurrently, and returns what became
// of it, the same each time. It reports whether the campaign exists. Sources
// without e-mails are left alone.
func (s *Simulator) ChangeEmails(id int64, happen func(Email) Email) bool {
	now := s.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.campaigns[id]
	if ok {
		e.changes = append(e.changes, change{now, happen})
	}
	return ok
}

// DeleteRows makes the first n rows of a campaign vanish, in the order in which
// they are served. It reports whether the campaign exists.
func (s *Simulator) DeleteRows(id int64, n int) bool {
	now := s.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.campaigns[id]
	if !ok {
		return false
	}
	e.deleteFirst(n, now)
	return true
}

// Counts returns what a complete and unfiltered read of a campaign adds up to
// at this moment, one element for each step in ascending order. It reports
// false if there is no such campaign. A campaign with a Raw source has none.
func (s *Simulator) Counts(id int64) ([]StepCounts, bool) {
	e, ok := s.entry(id)
	if !ok {
		return nil, false
	}
	return e.content(s.clock(), s.currentBehaviour().RowsLate).counts(query{}), true
}

// ServeHTTP answers one request: it is recorded, counted against the limits of
// its key, passed through the faults that match, and only then looked at.
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

	if t.endpoint == EndpointCampaigns {
		s.serveCampaigns(w, r)
		return
	}
	if !t.validID {
		writeAnswer(w, answerBadRequest("params", "campaign_id", "must be a number"))
		return
	}
	e, ok := s.entry(t.campaignID)
	switch {
	case !ok:
		writeAnswer(w, answerNoCampaign)
	case t.endpoint == EndpointCampaign:
		s.serveCampaign(w, r, e)
	case t.endpoint == EndpointSequences:
		s.serveSequences(w, r, e)
	case t.endpoint == EndpointSequenceAnalytics:
		s.serveSequenceAnalytics(w, r, e)
	default:
		s.serveStatistics(w, r, e)
	}
}

// entry returns a copy of a campaign's entry, which stays as it is when the
// campaign is changed.
func (s *Simulator) entry(id int64) (entry, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.campaigns[id]
	if !ok {
		return entry{}, false
	}
	return *e, true
}

// hashKey returns the first half of the key's SHA-256 in hexadecimal digits,
// and nothing for no key.
func hashKey(key string) string {
	if key == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16])
}
