package simulator

import "net/http"

// plan is what page effects change about an answer. There is one for each request.
type plan struct {
	sim        *Simulator
	campaignID int64

	maxRows     int  // more are not handed out, whatever the request asks for; 0 is no bound
	tellMaxRows bool // the answer's limit says so
	empty       bool
	totalOfAll  bool // total_stats ignores the filters
}

type planKey struct{}

// planOf returns the plan of a request that a Simulator passes on.
func planOf(r *http.Request) *plan {
	return r.Context().Value(planKey{}).(*plan)
}

func onPage(change func(*plan)) Effect {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			change(planOf(r))
			next.ServeHTTP(w, r)
		})
	}
}

// ShrinkPages hands out at most n rows, with a limit that says so.
func ShrinkPages(n int) Effect {
	return onPage(func(p *plan) { p.maxRows, p.tellMaxRows = n, true })
}

// ShrinkPagesSilently hands out at most n rows, with the limit that was asked for.
func ShrinkPagesSilently(n int) Effect {
	return onPage(func(p *plan) { p.maxRows, p.tellMaxRows = n, false })
}

// EmptyPage hands out no rows, as if the set ended there. The total stays what it is.
func EmptyPage() Effect {
	return onPage(func(p *plan) { p.empty = true })
}

// UnfilteredTotal makes total_stats count all rows, whatever the filters are.
func UnfilteredTotal() Effect {
	return onPage(func(p *plan) { p.totalOfAll = true })
}

// Arrive adds n rows to the campaign before the request is answered, e-mails of step 1 that were sent just then. They
// stay. Sources without e-mails are left alone.
func Arrive(n int) Effect {
	return onPage(func(p *plan) {
		emails := make([]Email, n)
		for i := range emails {
			emails[i] = Email{Step: 1, SentTime: p.sim.clock()}
		}
		p.sim.AddEmails(p.campaignID, emails...)
	})
}

// Vanish deletes the first n rows of the campaign, in the order in which they are served, before the request is
// answered. Later rows move up, so that the next page skips some. Sources without e-mails are left alone.
func Vanish(n int) Effect {
	return onPage(func(p *plan) { p.sim.DeleteRows(p.campaignID, n) })
}
