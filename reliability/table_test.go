package reliability_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/internal/testkit"
)

const document = "../docs/reliability.md"

// table holds what the cells of a matrix came to.
type table struct {
	head       []string // of the columns
	begin, end string   // the lines of the document that it stands between
	rows       []*tableRow
}

// tableRow is a fault, or several of one kind that come to the same.
type tableRow struct {
	kind   string
	names  []string
	groups []string // the shapes in which it strikes; none where they don't matter
	cells  []string // by moment, or by what is struck
}

// add returns a new row.
func (b *table) add(kind, name string, groups ...string) *tableRow {
	row := &tableRow{kind: kind, names: []string{name}, groups: groups, cells: make([]string, len(b.head)-1-len(groups))}
	b.rows = append(b.rows, row)
	return row
}

// complete reports whether all cells were run: go test -run can choose some.
func (b *table) complete() bool {
	return !slices.ContainsFunc(b.rows, func(row *tableRow) bool { return slices.Contains(row.cells, "") })
}

// settle compares the table with the document's, if all of it was run and is right.
func (b *table) settle(t *testing.T) {
	t.Helper()
	switch {
	case t.Failed():
	case !b.complete():
		t.Log("only a part of the matrix was run: the document isn't looked at")
	default:
		b.compare(t)
	}
}

// String returns the table as Markdown.
func (b *table) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "| %s |\n%s|\n", strings.Join(b.head, " | "), strings.Repeat("|---", len(b.head)))
	for _, row := range merge(b.rows) {
		line := []string{strings.TrimSpace(row.kind + " " + strings.Join(row.names, "; "))}
		switch {
		case len(row.groups) == 2:
			line = append(line, "both")
		default:
			line = append(line, row.groups...)
		}
		fmt.Fprintf(&s, "| %s |\n", strings.Join(append(line, row.cells...), " | "))
	}
	return s.String()
}

// merge joins what is struck by a fault, and then the faults of a kind, that come to the same.
func merge(rows []*tableRow) []*tableRow {
	join := func(into *tableRow, row *tableRow, same func(a, b *tableRow) bool) bool {
		return into.kind == row.kind && slices.Equal(into.cells, row.cells) && same(into, row)
	}
	var faults []*tableRow
	for _, row := range rows {
		if n := len(faults); n > 0 && join(faults[n-1], row, func(a, b *tableRow) bool { return slices.Equal(a.names, b.names) }) {
			faults[n-1].groups = append(faults[n-1].groups, row.groups...)
			continue
		}
		copied := *row
		faults = append(faults, &copied)
	}
	var merged []*tableRow
	for _, row := range faults {
		sameGroups := func(a, b *tableRow) bool { return a.kind != "" && slices.Equal(a.groups, b.groups) }
		if i := slices.IndexFunc(merged, func(m *tableRow) bool { return join(m, row, sameGroups) }); i >= 0 {
			merged[i].names = append(merged[i].names, row.names...)
			continue
		}
		merged = append(merged, row)
	}
	return merged
}

// compare checks that the document shows this table.
func (b *table) compare(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), b.begin)
	shown, after, ends := strings.Cut(rest, b.end)
	if !begins || !ends {
		t.Fatalf("%s has no place for the table: %s and %s", document, b.begin, b.end)
	}
	want := "\n" + b.String() + "\n"
	if testkit.Updating() {
		if err := os.WriteFile(document, []byte(before+b.begin+want+b.end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.Split(shown, "\n"), strings.Split(want, "\n")); diff != "" {
		t.Errorf("the table in %s is another one (-document +test); if the new one is right, -update writes it:\n%s", document, diff)
	}
}
