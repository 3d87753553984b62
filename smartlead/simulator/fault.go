package simulator

import (
	"net/http"
	"slices"
)

// Fault makes requests go wrong. Those that match pass through its effects.
type Fault struct {
	// Match holds the conditions that a request must all meet. None is any request.
	Match []Matcher

	// Skip is how many matching requests go well before the first goes wrong, and Times is how many go wrong before the
	// fault is over. A Times of 0 is for ever. The third page alone is Skip 2 and Times 1.
	Skip  int
	Times int

	// Effects are what goes wrong. The first one is nearest to the client: it sees the answer that the later ones have
	// left.
	Effects []Effect
}

// Matcher reports whether a fault is meant for a request, which has no Status yet. It is called under the Simulator's
// lock and may not call its methods.
type Matcher func(Request) bool

// Effect changes the answer to a request. It is a middleware like any other one, so a test can write its own; next may
// be called once or not at all.
type Effect func(next http.Handler) http.Handler

// ForCampaign matches the requests that name one of the campaigns.
func ForCampaign(ids ...int64) Matcher {
	ids = slices.Clone(ids)
	return func(r Request) bool { return slices.Contains(ids, r.CampaignID) }
}

// ForEndpoint matches the requests to an endpoint.
func ForEndpoint(endpoint Endpoint) Matcher {
	return func(r Request) bool { return r.Endpoint == endpoint }
}

// AtOffset matches the requests for the statistics page that starts at an offset.
func AtOffset(offset int) Matcher {
	return func(r Request) bool { return r.Endpoint == EndpointStatistics && r.Offset() == offset }
}

// injected is a fault in use.
type injected struct {
	fault   Fault
	matched int
}

// Inject switches a fault on until it is over or remove is called, which may be called more than once. Faults that
// match the same request all have their effects; those of the fault that was injected first are nearest to the client.
func (s *Simulator) Inject(f Fault) (remove func()) {
	f.Match = slices.Clone(f.Match)
	f.Effects = slices.Clone(f.Effects)
	in := &injected{fault: f}

	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, in)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.faults = slices.DeleteFunc(s.faults, func(other *injected) bool { return other == in })
	}
}

// effects returns the effects on a request, the outermost first, and counts the request as matched by their faults.
func (s *Simulator) effects(r Request) []Effect {
	s.mu.Lock()
	defer s.mu.Unlock()
	var effects []Effect
	for _, in := range s.faults {
		if in.applies(r) {
			effects = append(effects, in.fault.Effects...)
		}
	}
	return effects
}

func (in *injected) applies(r Request) bool {
	for _, matches := range in.fault.Match {
		if !matches(r) {
			return false
		}
	}
	in.matched++
	wrong := in.matched - in.fault.Skip
	return wrong > 0 && (in.fault.Times == 0 || wrong <= in.fault.Times)
}
