package web

import (
	"io/fs"
	"net/http"
	"strings"
)

// docsPage is a page of the documentation.
type docsPage struct{ File, Title string }

// docs serves a list of the documentation's pages.
func (s *scraper) docs(w http.ResponseWriter, r *http.Request) {
	files, err := fs.Glob(s.Docs, "*.md")
	if err != nil { // which is one of the pattern
		answer(w, http.StatusInternalServerError, err.Error())
		return
	}
	list := []docsPage{}
	for _, file := range files {
		text, _ := fs.ReadFile(s.Docs, file) // it has just been there
		title, _, _ := strings.Cut(string(text), "\n")
		list = append(list, docsPage{file, strings.TrimSpace(strings.TrimLeft(title, "#"))})
	}
	s.page(w, r, "docs", list, map[string]any{"Pages": list})
}

// doc serves a page of the documentation as it is written.
func (s *scraper) doc(w http.ResponseWriter, r *http.Request) {
	text, err := fs.ReadFile(s.Docs, r.PathValue("file"))
	if err != nil {
		answer(w, http.StatusNotFound, "no such page; /docs/ lists those that there are")
		return
	}
	answer(w, http.StatusOK, strings.TrimSuffix(string(text), "\n"))
}
