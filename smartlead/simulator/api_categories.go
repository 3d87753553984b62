package simulator

import "net/http"

// serveCategories answers with a bare array of the categories.
func (s *Simulator) serveCategories(w http.ResponseWriter, r *http.Request) {
	q := parameters{values: r.URL.Query()}
	q.allow()
	if q.refused != nil {
		writeAnswer(w, *q.refused)
		return
	}
	writeJSON(w, categories)
}
