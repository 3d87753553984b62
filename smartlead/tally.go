package smartlead

import (
	"cmp"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"time"
)

// maxRows bounds a campaign's rows, so that a server whose pages never end doesn't take all memory there is.
const maxRows = 10_000_000

// tally counts the rows of a set of pages. A page takes effect when it is committed, so a page that broke off halfway
// can be asked for again.
type tally struct {
	shape Shape
	steps stepCounts
	seed  maphash.Seed
	seen  map[uint64]struct{} // identities of per-e-mail rows, in pages committed and under way
	rows  int                 // distinct rows committed
	odd   oddRows             // of these
	named CountSet            // counts that a per-e-mail row committed has a field for

	anonymous int                 // rows committed that can't be known again
	newest    time.Time           // the latest sent_time of the rows committed
	repeated  bool                // the newest page has the same rows, in the same order, as an earlier one
	looks     map[uint64]struct{} // what pages committed look like

	recent recentRows

	outside    func(*statisticsRow) bool // says of which rows nothing is counted; nil: of none
	fits       func(*statisticsRow) bool // what the filters let pass; nil: everything
	misfits    int                       // rows committed that don't fit
	keepsFacts bool
	facts      []RowFacts     // of the distinct per-e-mail rows committed, if it keeps them
	each       func(RowTimes) // is handed the distinct per-e-mail rows as they are committed; nil: nobody is
	sequences  []SequenceStep // distinct, as they came
	variants   variantTally
	replies    replyTally
	wants      func(step int) bool // whether replies of a step are counted; nil: all are

	page struct {
		steps stepCounts // those committed with this page's added
		shape Shape
		added []uint64 // identities first seen on this page
		rows  int      // of these and of rows without an identity
		odd   oddRows  // those committed with this page's added
		named CountSet // likewise

		anonymous int
		newest    time.Time
		look      maphash.Hash // of all rows

		misfits   int
		facts     []RowFacts
		times     []RowTimes     // if somebody is handed them
		sequences []SequenceStep // those committed with this page's added
		variants  variantTally   // likewise
		replies   replyTally     // likewise
	}
}

// oddRows are rows that are in no step.
type oddRows struct {
	withoutStep int
	impossible  int   // of these, those with a step that can't be
	noStep      error // why the first of them is in none
}

// stepCounts are indexed by step number, up to the highest one seen.
type stepCounts []stepCount

type stepCount struct {
	Step
	present bool
}

// at returns the counts of a step, which may be new.
func (s *stepCounts) at(step int) *stepCount {
	if missing := step + 1 - len(*s); missing > 0 {
		*s = append(*s, make(stepCounts, missing)...)
	}
	return &(*s)[step]
}

func newTally() *tally {
	t := &tally{seed: maphash.MakeSeed(), seen: map[uint64]struct{}{}, looks: map[uint64]struct{}{}}
	t.page.look.SetSeed(t.seed)
	return t
}

// begin starts a page, forgetting one that was begun and not committed.
func (t *tally) begin() {
	for _, id := range t.page.added {
		delete(t.seen, id)
	}
	t.page.added, t.page.rows = t.page.added[:0], 0
	t.page.steps, t.page.shape, t.page.odd = append(t.page.steps[:0], t.steps...), t.shape, t.odd
	t.page.named = t.named
	t.page.misfits, t.page.facts, t.page.times = 0, t.page.facts[:0], t.page.times[:0]
	t.page.anonymous, t.page.newest = 0, t.newest
	t.page.look.Reset()
	t.page.sequences = append(t.page.sequences[:0], t.sequences...)
	t.page.variants = append(t.page.variants[:0], t.variants...)
	t.page.replies.copyOf(&t.replies)
}

// add counts a row of the page under way. A per-e-mail row that was seen before isn't counted again; an aggregated one
// is an error, as there is no telling which of the two is true.
func (t *tally) add(row *statisticsRow) error {
	if t.page.shape != ShapeUnknown && t.page.shape != row.shape {
		return errTwoShapes
	}
	t.page.shape = row.shape
	if t.fits != nil && !t.fits(row) {
		t.page.misfits++
	}
	identified := false
	if row.shape == ShapePerEmail {
		t.page.named |= allCounts &^ row.unknown
		id, known := row.identity(t.seed)
		identified = known
		row.writeLook(&t.page.look, id)
		if row.sentAt.After(t.page.newest) {
			t.page.newest = row.sentAt
		}
		switch _, again := t.seen[id]; {
		case !known:
			t.page.anonymous++
		case again:
			return nil
		default:
			t.seen[id] = struct{}{}
			t.page.added = append(t.page.added, id)
		}
	}
	t.page.rows++
	if t.rows+t.page.rows > maxRows {
		return fmt.Errorf("the campaign has more than %d rows", maxRows)
	}
	if t.outside != nil && t.outside(row) {
		return nil
	}
	if row.step < 0 {
		t.page.odd.withoutStep++
		if !errors.Is(row.noStep, errNoStep) {
			t.page.odd.impossible++
		}
		if t.page.odd.noStep == nil {
			t.page.odd.noStep = row.noStep
		}
		return nil
	}
	step := t.page.steps.at(row.step)
	if row.shape == ShapeAggregated && step.present {
		return fmt.Errorf("sequence_number %d comes twice", row.step)
	}
	step.add(row)
	if row.shape == ShapePerEmail {
		t.recent.note(row, identified)
		t.note(row)
	}
	return nil
}

// note keeps what is to be known of a row beyond its counts.
func (t *tally) note(row *statisticsRow) {
	if t.keepsFacts {
		t.page.facts = append(t.page.facts, row.facts())
	}
	if t.each != nil {
		t.page.times = append(t.page.times, row.times())
	}
	t.page.variants.add(row)
	if t.wants == nil || t.wants(row.step) {
		t.page.replies.add(row)
	}
	pair := SequenceStep{SequenceID: row.sequenceID, SequenceNumber: row.step}
	if pair.SequenceID != 0 && len(t.page.sequences) < maxSequenceSteps && !slices.Contains(t.page.sequences, pair) {
		t.page.sequences = append(t.page.sequences, pair)
	}
}

func (s *stepCount) add(row *statisticsRow) {
	s.present = true
	s.SequenceNumber = row.step
	s.Sent += row.counts[CountSent]
	s.Opened += row.counts[CountOpened]
	s.Clicked += row.counts[CountClicked]
	s.Replied += row.counts[CountReplied]
	s.Unsubscribed += row.counts[CountUnsubscribed]
	s.Bounced += row.counts[CountBounced]
	if row.shape == ShapeAggregated {
		s.Unknown |= row.unknown
	}
	if row.sentAt.After(s.LastSent) {
		s.LastSent = row.sentAt
	}
}

// commit makes the page count and reports whether it brought rows that weren't seen before, or can't be known again.
func (t *tally) commit() (fresh bool) {
	fresh = t.page.rows > 0
	if look := t.page.look.Sum64(); fresh && t.page.shape == ShapePerEmail {
		_, t.repeated = t.looks[look]
		t.looks[look] = struct{}{}
	}
	t.steps, t.shape, t.odd = append(t.steps[:0], t.page.steps...), t.page.shape, t.page.odd
	t.named = t.page.named
	t.rows += t.page.rows
	t.anonymous += t.page.anonymous
	t.newest = t.page.newest
	t.misfits += t.page.misfits
	t.facts = append(t.facts, t.page.facts...)
	for _, times := range t.page.times {
		t.each(times)
	}
	t.sequences = append(t.sequences[:0], t.page.sequences...)
	t.variants = append(t.variants[:0], t.page.variants...)
	t.replies.copyOf(&t.page.replies)
	t.page.added, t.page.rows = t.page.added[:0], 0
	return fresh
}

// checkPage returns what is wrong with the page under way as a whole: none of its rows is in a step. Where that is since
// they name none, the last row of a campaign can happen to be alone on its page, and the total tells whether all have come;
// there is none for rows that are steps.
func (t *tally) checkPage() error {
	n := t.page.odd.withoutStep - t.odd.withoutStep
	if n == 0 || n < t.page.rows || t.page.shape == ShapePerEmail && t.page.odd.impossible == t.odd.impossible {
		return nil
	}
	return fmt.Errorf("none of %d rows is in a step: %w", n, t.page.odd.noStep)
}

// check returns what is wrong with all rows that were committed.
func (t *tally) check() error {
	if t.odd.withoutStep == 0 || t.odd.withoutStep < t.rows {
		return nil
	}
	return fmt.Errorf("none of %d rows is in a step: %w", t.rows, t.odd.noStep)
}

// manyEmails is from how many e-mails on a count is unknown for which none has a field. With fewer, and where nothing at all is
// told of what came of them, such a field is taken to be left out since nothing came of them.
const manyEmails = 100

// untold returns the counts that no e-mail has a field for.
func (t *tally) untold() CountSet {
	untold := allCounts &^ t.named
	if t.shape != ShapePerEmail || t.rows < manyEmails || t.named&^CountSet(0).with(CountSent) == 0 {
		return 0
	}
	return untold
}

// list returns the steps with rows, in ascending order, that wanted says yes to.
func (t *tally) list(wanted func(step int) bool) []Step {
	var steps []Step
	for i := range t.steps {
		if t.steps[i].present && wanted(i) {
			steps = append(steps, t.steps[i].Step)
			steps[len(steps)-1].Unknown |= t.untold()
		}
	}
	return steps
}

// sequenceSteps returns the pairs of id and number in ascending order, or none if there are more than can be.
func (t *tally) sequenceSteps() []SequenceStep {
	if len(t.sequences) == maxSequenceSteps {
		return nil
	}
	pairs := slices.Clone(t.sequences)
	slices.SortFunc(pairs, func(a, b SequenceStep) int {
		return cmp.Or(cmp.Compare(a.SequenceID, b.SequenceID), cmp.Compare(a.SequenceNumber, b.SequenceNumber))
	})
	return pairs
}
