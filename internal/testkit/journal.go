package testkit

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
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

// BubbleJournal is a Journal of a test in a bubble of testing/synctest. What is logged behind what the test waits for, as
// the collector does, is in it for sure: it is read when all goroutines of the bubble wait for something.
type BubbleJournal struct{ Journal }

// Take is [Journal.Take].
func (j *BubbleJournal) Take() []Line {
	synctest.Wait()
	return j.Journal.Take()
}

// String is [Journal.String].
func (j *BubbleJournal) String() string {
	synctest.Wait()
	return j.Journal.String()
}

// Count is [Journal.Count].
func (j *BubbleJournal) Count(part string) int { return CountLines(j.String(), part) }

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
