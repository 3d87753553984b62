package testkit

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Journal takes in what is logged: a log.Logger whose lines can be read again. The zero value is ready for use, by several
// goroutines at once.
type Journal struct {
	mu    sync.Mutex
	lines []Line
}

// Line is a line of a log, by its keys.
type Line = map[string]string

// Log implements log.Logger.
func (j *Journal) Log(keyvals ...any) error {
	line := Line{}
	for i := 0; i+1 < len(keyvals); i += 2 {
		line[fmt.Sprint(keyvals[i])] = fmt.Sprint(keyvals[i+1])
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
	return nil
}

// Take returns the lines since it was last called.
func (j *Journal) Take() []Line {
	j.mu.Lock()
	defer j.mu.Unlock()
	lines := j.lines
	j.lines = nil
	return lines
}

// String returns the lines that weren't taken yet as Text does.
func (j *Journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return Text(j.lines)
}

// Text returns lines of a log as text, their keys in order, for CountLines and for failures of tests.
func Text(lines []Line) string {
	var text strings.Builder
	for _, line := range lines {
		var words []string
		for key, value := range line {
			words = append(words, key+"="+strings.ReplaceAll(value, "\n", `\n`))
		}
		slices.Sort(words)
		text.WriteString(strings.Join(words, " ") + "\n")
	}
	return text.String()
}

// Count returns how many lines that weren't taken yet hold a text.
func (j *Journal) Count(part string) int { return CountLines(j.String(), part) }

// CountLines returns how many lines of a text hold another one.
func CountLines(text, part string) (n int) {
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			n++
		}
	}
	return n
}
