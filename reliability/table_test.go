package reliability_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/internal/testkit"
	"smartlead_exporter/smartlead/simulator"
)

const (
	document   = "../docs/reliability.md"
	tableBegin = "<!-- the fault matrix: go test ./reliability -run TestFaultMatrix -update writes it -->\n"
	tableEnd   = "<!-- the end of the fault matrix -->\n"
)

// table holds what the cells of the matrix came to.
type table struct{ rows []*tableRow }

// tableRow is a fault, or several of one kind that come to the same.
type tableRow struct {
	kind   string
	names  []string
	shapes []simulator.Shape
	cells  []string // by moment
}

// add returns a new row.
func (b *table) add(f *fault, shape simulator.Shape) *tableRow {
	row := &tableRow{kind: f.kind, names: []string{f.name}, shapes: []simulator.Shape{shape}, cells: make([]string, len(moments))}
	b.rows = append(b.rows, row)
	return row
}

// complete reports whether all cells were run: go test -run can choose some.
func (b *table) complete() bool {
	return !slices.ContainsFunc(b.rows, func(row *tableRow) bool { return slices.Contains(row.cells, "") })
}

// String returns the table as Markdown.
func (b *table) String() string {
	var s strings.Builder
	s.WriteString("| fault | shape |")
	for _, m := range moments {
		fmt.Fprintf(&s, " %s |", m)
	}
	s.WriteString("\n|---|---|" + strings.Repeat("---|", len(moments)) + "\n")
	for _, row := range merge(b.rows) {
		shape := "both"
		if len(row.shapes) == 1 {
			shape = shapeName(row.shapes[0])
		}
		label := strings.TrimSpace(row.kind + " " + strings.Join(row.names, "; "))
		fmt.Fprintf(&s, "| %s | %s | %s |\n", label, shape, strings.Join(row.cells, " | "))
	}
	return s.String()
}

// merge joins the two shapes of a fault, and then the faults of a kind, that come to the same.
func merge(rows []*tableRow) []*tableRow {
	join := func(into *tableRow, row *tableRow, same func(a, b *tableRow) bool) bool {
		return into.kind == row.kind && slices.Equal(into.cells, row.cells) && same(into, row)
	}
	var faults []*tableRow
	for _, row := range rows {
		if n := len(faults); n > 0 && join(faults[n-1], row, func(a, b *tableRow) bool { return slices.Equal(a.names, b.names) }) {
			faults[n-1].shapes = append(faults[n-1].shapes, row.shapes...)
			continue
		}
		copied := *row
		faults = append(faults, &copied)
	}
	var merged []*tableRow
	for _, row := range faults {
		sameShapes := func(a, b *tableRow) bool { return a.kind != "" && slices.Equal(a.shapes, b.shapes) }
		if i := slices.IndexFunc(merged, func(m *tableRow) bool { return join(m, row, sameShapes) }); i >= 0 {
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
	before, rest, begins := strings.Cut(string(text), tableBegin)
	shown, after, ends := strings.Cut(rest, tableEnd)
	if !begins || !ends {
		t.Fatalf("%s has no place for the table: %s and %s", document, tableBegin, tableEnd)
	}
	want := "\n" + b.String() + "\n"
	if testkit.Updating() {
		if err := os.WriteFile(document, []byte(before+tableBegin+want+tableEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.Split(shown, "\n"), strings.Split(want, "\n")); diff != "" {
		t.Errorf("the table in %s is another one (-document +test); if the new one is right, -update writes it:\n%s", document, diff)
	}
}
