package config

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// reader walks the tree of a YAML document, fills in a [Config] and collects what is wrong with it.
//
// The tree is walked here instead of being decoded into structs because the library's own errors stop at the first
// value that refuses itself, name Go types, and quote values, which may be keys.
type reader struct {
	file string // What problems are named after.
	dir  string // What relative paths start from.

	problems []Problem
	warnings []Problem
	// failures counts the problems as often as they were met.
	failures int

	// The lines on which each campaign's id and each account's name stands.
	campaigns map[int64]int
	accounts  map[string]int
	// keys are the accounts that first use a key.
	keys map[string]keyUse

	reserved []Reserved
	// used are the files that the configuration names, but for the cache's.
	used []usedFile
	// httpPaths are those of the http_config that is being read, as written.
	httpPaths []usedFile
	// misplaced are keys that were met where they don't belong.
	misplaced map[string]bool
	// idle are the problems of accounts that export nothing, which are told unless a misplaced key is the reason.
	idle []Problem

	// visits is how many more nodes are read, an anchor's as often as it is used.
	visits int
	// stopped is set once there is no point in reading on.
	stopped bool
}

func newReader(file string) *reader {
	return &reader{
		file:      file,
		dir:       filepath.Dir(file),
		campaigns: make(map[int64]int),
		accounts:  make(map[string]int),
		keys:      make(map[string]keyUse),
		misplaced: make(map[string]bool),
	}
}

// aliasAllowance is how many nodes the aliases of a small file may stand for. A large one may have as many nodes as it
// has bytes, which is more than twice what it can have without aliases.
const aliasAllowance = 100_000

// visit counts a node and reports whether to read it.
func (r *reader) visit(n *yaml.Node) bool {
	if r.stopped {
		return false
	}
	r.visits--
	if r.visits < 0 {
		r.problemf(n.Line, "aliases multiply to too many values: use fewer, or write their values out")
		r.stopped = true
		return false
	}
	return true
}

// document returns the root of the only document in data.
func (r *reader) document(data []byte) (*yaml.Node, error) {
	if isUTF16(data) {
		return nil, fileError(r.file, nil, "is encoded as UTF-16, which Windows calls Unicode: save it as UTF-8")
	}
	if line, ok := invalidUTF8(data); ok {
		if !mayBeOurs(data) {
			return nil, fileError(r.file, nil, notOurs)
		}
		r.problemf(line, "not UTF-8: save the file in that encoding")
		return nil, r.err()
	}
	r.visits = max(aliasAllowance, len(data))
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var root yaml.Node
	err := decoder.Decode(&root)
	if errors.Is(err, io.EOF) || err == nil && isNull(root.Content[0]) {
		return nil, fileError(r.file, nil, "is empty: write accounts: with at least one account, as in the example config.yml")
	}
	if err != nil && !mayBeOurs(data) {
		return nil, fileError(r.file, nil, notOurs)
	}
	if err != nil {
		r.problemf(syntaxErrorLine(data), "not valid YAML: %s", syntaxError(err))
		return nil, r.err()
	}

	if !isOurs(root.Content[0]) {
		return nil, fileError(r.file, nil, notOurs)
	}
	var second yaml.Node
	err = decoder.Decode(&second)
	if !errors.Is(err, io.EOF) && resolved(root.Content[0]).Kind != yaml.MappingNode {
		return nil, fileError(r.file, nil, notOurs)
	}
	if !errors.Is(err, io.EOF) {
		r.problemf(secondDocumentLine(data, &second), "a second YAML document: keep one, without --- or ... between its parts")
		return nil, r.err()
	}
	return root.Content[0], nil
}

func invalidUTF8(data []byte) (line int, invalid bool) {
	line = 1
	for text := range bytes.Lines(data) {
		if !utf8.Valid(text) {
			return line, true
		}
		line++
	}
	return 0, false
}

// syntaxError returns the library's reason without its line, which is that of the surrounding block, and without the
// one thing it quotes: in api_key: *x, the name of the unknown anchor is the rest of a key that wants quotes.
func syntaxError(err error) string {
	reason := strings.TrimPrefix(err.Error(), "yaml: ")
	if strings.HasPrefix(reason, "line ") {
		_, reason, _ = strings.Cut(reason, ": ")
	}
	switch {
	case strings.HasPrefix(reason, "unknown anchor"):
		return "* refers to an anchor that is not defined above: put a text that starts with * in quotes"
	case strings.Contains(reason, "cannot start any token"):
		return reason + ": indent by spaces, not tabs, and put a text that starts with @, ` or % in quotes"
	case strings.Contains(reason, "mapping values are not allowed"):
		return reason + ": check the indentation, write a space after the colon of the line above, and put a text that has a colon in it in quotes"
	case strings.Contains(reason, "control characters"):
		return reason + ": take out what can't be seen"
	case strings.Contains(reason, "could not find expected ':'"):
		return reason + ": write a space after the colon, as in key: value, and after the dash, as in - 12345"
	}
	return reason + ": check the indentation, quotes and brackets"
}

// syntaxErrorLine returns the line that follows the longest part of data that is
// still valid, which is where a person would look: the library names the start
// of the surrounding block, or nothing at all. It gives up on files that would
// take long, and returns 1.
func syntaxErrorLine(data []byte) int {
	budget := 4 << 20
	data = bytes.TrimRight(data, "\r\n\t ")
	for end := bytes.LastIndexByte(data, '\n'); end >= 0; end = bytes.LastIndexByte(data[:end], '\n') {
		if budget -= end; budget < 0 {
			return 1
		}
		var part yaml.Node
		if err := yaml.Unmarshal(data[:end+1], &part); err == nil {
			return 2 + bytes.Count(data[:end], []byte{'\n'})
		}
	}
	return 1
}

// secondDocumentLine returns where the marker between two documents is: a line
// of --- or ..., or, if they are told apart by neither, the second's first.
func secondDocumentLine(data []byte, second *yaml.Node) int {
	line, content := 0, false
	for text := range bytes.Lines(data) {
		line++
		text = bytes.TrimRight(text, "\r\n\t ")
		marker := bytes.HasPrefix(text, []byte("---")) || bytes.HasPrefix(text, []byte("..."))
		if marker && content {
			return line
		}
		content = content || len(text) > 0 && text[0] != '#' && text[0] != '%' && !marker
	}
	return max(second.Line, 1)
}
