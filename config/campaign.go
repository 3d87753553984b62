package config

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

const (
	maxNameLength     = 256
	maxSequenceNumber = 20
	// minSentWithin is the shortest window that somebody may mean.
	minSentWithin = model.Duration(10 * time.Minute)
)

// campaign reads one campaign, in the short form, its id alone, or in the long one.
func (r *reader) campaign(n *yaml.Node) Campaign {
	var c Campaign
	item := resolved(n)
	if isNull(item) {
		r.problemf(n.Line, "an empty item in campaigns: write a campaign's id, such as - 12345")
		return c
	}
	readID := func(_ string, value *yaml.Node, line int) { r.campaignID(&c, value, line) }
	if item.Kind == yaml.ScalarNode {
		readID("", item, n.Line)
		return c
	}

	at := r.mapping(n, "a campaign", "id: 12345", fields{
		"id":               readID,
		"name":             r.text(&c.Name),
		"sequence_numbers": r.sequenceNumbers(&c),
		"sent_after":       r.instant(&c.SentAfter),
		"sent_before":      r.instant(&c.SentBefore),
		"sent_within":      r.duration(&c.SentWithin),
	})
	if c.SentWithin > 0 && c.SentWithin < minSentWithin {
		r.warnf(at.of("sent_within"), "sent_within is %v, in which hardly an e-mail is sent: is the unit right?", c.SentWithin)
	}
	if line := at.of("id"); c.ID == 0 && !r.toldAt(line) {
		r.problemf(line, "a campaign without an id: write id: 12345")
	}
	if looksLikeKey(c.Name) {
		r.problemf(at.of("name"), "name looks like an API key, and would be shown in a metric: write the campaign's name; the key belongs in api_key_file or api_key_env")
	}
	if length := utf8.RuneCountInString(c.Name); length > maxNameLength {
		r.problemf(at.of("name"), "name has %d characters: write at most %d", length, maxNameLength)
	}
	r.window(c, at)
	return c
}

func (r *reader) campaignID(c *Campaign, value *yaml.Node, line int) {
	s, ok := r.scalar("id", value, line)
	if !ok {
		return
	}
	id, err := strconv.ParseInt(s, 10, 64)
	if meant, ok := idIn(s); (err != nil || id <= 0) && ok {
		r.problemf(line, "campaign id is not a number alone: write %s", meant)
		return
	}
	if err != nil || id <= 0 {
		r.problemf(line, "campaign id is %s: write its number, such as 12345", quote(s))
		return
	}
	c.ID = id
	if first, ok := r.campaigns[id]; ok {
		r.problemf(line, "campaign %d is listed twice, first at %s:%d: keep one of the two", id, r.file, first)
		return
	}
	r.campaigns[id] = line
}

func (r *reader) sequenceNumbers(c *Campaign) func(string, *yaml.Node, int) {
	return r.filled(r.list("1", func(item *yaml.Node) {
		var number int
		r.integer(&number, maxSequenceNumber)("a sequence number", item, item.Line)
		if number != 0 && slices.Contains(c.SequenceNumbers, number) {
			r.problemf(item.Line, "sequence number %d is listed twice: keep one of the two", number)
			return
		}
		c.SequenceNumbers = append(c.SequenceNumbers, number)
	}), "write the steps to export, such as [1, 2], or leave it out for all")
}

// window checks which sending times count.
func (r *reader) window(c Campaign, at lines) {
	_, within := at["sent_within"]
	_, after := at["sent_after"]
	_, before := at["sent_before"]
	switch {
	case within && (after || before):
		r.problemf(at.of("sent_within"), "sent_within excludes sent_after and sent_before: keep the window that moves, or the dates")
	case within && c.SentWithin == 0 && !r.toldAt(at.of("sent_within")):
		r.problemf(at.of("sent_within"), "sent_within is 0: write how far back to look, such as 30d, or leave it out for all time")
	case !c.SentAfter.IsZero() && !c.SentBefore.IsZero() && !c.SentAfter.Before(c.SentBefore):
		r.problemf(at.of("sent_before"), "sent_before is not later than sent_after: exchange the two, or leave one out")
	}
}

var (
	// inAddress is the id in the address of a campaign's page, or of one of its resources in the API.
	inAddress = regexp.MustCompile(`(?i)(?:campaigns?(?:-v[0-9]+)?/|[?&#](?:campaign_?)?id=)([0-9]{1,19})(?:[/?&#]|$)`)
	// withWords is an id and what people write before it.
	withWords = regexp.MustCompile(`(?i)^(?:campaign)?[ _]?(?:id|no\.?|nr\.?)?[ ]?[#:=]?[ ]?([0-9]{1,19})[.,;]?$`)
	// grouped is an id as a spreadsheet or a program writes large numbers.
	grouped = regexp.MustCompile(`^(\d{1,3}(?:[ ,_'’]\d{3})+|\d+)(?:\.0+)?$`)
)

// idIn returns the id in a text that has one and something else: an address, or a number with words or signs.
func idIn(s string) (id string, ok bool) {
	if looksLikeKey(s) && !strings.Contains(s, "://") {
		return "", false
	}
	for _, form := range []*regexp.Regexp{inAddress, withWords, grouped} {
		m := form.FindStringSubmatch(strings.TrimSpace(s))
		if m == nil {
			continue
		}
		digits := strings.Map(func(c rune) rune {
			if c < '0' || c > '9' {
				return -1
			}
			return c
		}, m[1])
		if n, err := strconv.ParseInt(digits, 10, 64); err == nil && n > 0 {
			return strconv.FormatInt(n, 10), true
		}
	}
	return "", false
}
