package smartlead

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// rowField is how a field of a row is taken in, and which count it is about.
type rowField struct {
	take  func(*statisticsRow, Count, jsontext.Value)
	count Count
}

// rowFields are the fields of rows that mean something. That an e-mail was opened, clicked or answered is told by a time,
// by a count, by a flag, or by several of these, of which one is enough.
var rowFields = map[string]rowField{
	"sequence_number": {take: (*statisticsRow).takeStep},

	"sent":         {(*statisticsRow).takeCount, CountSent},
	"opened":       {(*statisticsRow).takeCount, CountOpened},
	"clicked":      {(*statisticsRow).takeCount, CountClicked},
	"replied":      {(*statisticsRow).takeCount, CountReplied},
	"unsubscribed": {(*statisticsRow).takeCount, CountUnsubscribed},
	"bounced":      {(*statisticsRow).takeCount, CountBounced},

	"stats_id":        {take: (*statisticsRow).takeStatsID},
	"lead_email":      {take: (*statisticsRow).takeAddress},
	"sent_time":       {(*statisticsRow).takeMoment, CountSent},
	"open_time":       {(*statisticsRow).takeMoment, CountOpened},
	"click_time":      {(*statisticsRow).takeMoment, CountClicked},
	"reply_time":      {(*statisticsRow).takeMoment, CountReplied},
	"open_count":      {(*statisticsRow).takeOccurrences, CountOpened},
	"click_count":     {(*statisticsRow).takeOccurrences, CountClicked},
	"is_opened":       {(*statisticsRow).takeFlag, CountOpened},
	"is_clicked":      {(*statisticsRow).takeFlag, CountClicked},
	"is_replied":      {(*statisticsRow).takeFlag, CountReplied},
	"is_unsubscribed": {(*statisticsRow).takeFlag, CountUnsubscribed},
	"is_bounced":      {(*statisticsRow).takeFlag, CountBounced},

	"lead_category":         {take: (*statisticsRow).takeCategory},
	"email_campaign_seq_id": {take: func(r *statisticsRow, _ Count, v jsontext.Value) { r.sequenceID, _, _ = parseCount(v) }},
	"seq_variant_id":        {take: func(r *statisticsRow, _ Count, v jsontext.Value) { r.variantID, _, _ = parseCount(v) }},
}

func (r *statisticsRow) takeStep(_ Count, v jsontext.Value) {
	if isMissing(v) {
		return
	}
	n, known, err := parseCount(v)
	switch {
	case err != nil:
		r.noStep = fmt.Errorf("sequence_number: %w", err)
	case known && n > MaxSequenceNumber:
		r.noStep = fmt.Errorf("sequence_number is not between 0 and %d", MaxSequenceNumber)
	case known && r.step >= 0 && r.step != int(n):
		r.step, r.noStep = -1, errors.New("sequence_number comes twice")
	case known:
		r.step, r.noStep = int(n), nil
	}
}

// takeCount takes a count of the aggregated shape; null is 0.
func (r *statisticsRow) takeCount(c Count, v jsontext.Value) {
	n, known, err := parseCount(v)
	if err == nil && r.ofStep.named.Has(c) && n != r.ofStep.counts[c] {
		err = errors.New("comes twice")
	}
	r.ofStep.counts[c], r.ofStep.named = n, r.ofStep.named.with(c)
	if known {
		r.ofStep.known = r.ofStep.known.with(c)
	}
	if flag, isFlag := parseFlag(v); n > 0 || isFlag && flag {
		r.ofStep.occurred = r.ofStep.occurred.with(c)
	}
	if err != nil && r.ofStep.wrong == nil {
		r.ofStep.wrong = fmt.Errorf("%s: %w", r.name, err)
	}
}

// happen notes whether something happened to an e-mail, by one of the fields that tell.
func (r *statisticsRow) happen(c Count, happened bool, err error) {
	if happened {
		r.ofEmail.happened = r.ofEmail.happened.with(c)
	}
	if err != nil && r.ofEmail.wrong == nil {
		r.ofEmail.wrong = fmt.Errorf("%s: %w", r.name, err)
	}
}

// takeOccurrences takes how often something happened to an e-mail, of which matters whether it did.
func (r *statisticsRow) takeOccurrences(c Count, v jsontext.Value) {
	r.ofEmail.named = r.ofEmail.named.with(c)
	if isMissing(v) {
		return
	}
	if kind := v.Kind(); kind == jsontext.KindTrue || kind == jsontext.KindFalse {
		r.happen(c, kind == jsontext.KindTrue, nil)
		return
	}
	n, _, err := parseCount(v)
	r.happen(c, n > 0, err)
}

func (r *statisticsRow) takeFlag(c Count, v jsontext.Value) {
	r.ofEmail.named = r.ofEmail.named.with(c)
	if isMissing(v) {
		return
	}
	flag, known := parseFlag(v)
	var err error
	if !known {
		err = errNotFlag
	}
	r.happen(c, flag, err)
}

// takeMoment takes when something happened to an e-mail. The text of sent_time is a part of the row's identity.
func (r *statisticsRow) takeMoment(c Count, v jsontext.Value) {
	r.ofEmail.named = r.ofEmail.named.with(c)
	at, happened, err := parseMoment(v)
	r.happen(c, happened, err)
	switch {
	case !happened:
	case c == CountSent:
		r.sentAt, r.sentTime = at, append(r.sentTime[:0], v...)
	case c == CountOpened:
		r.openedAt = at
	case c == CountClicked:
		r.clickedAt = at
	case c == CountReplied:
		r.repliedAt = at
	}
}

func (r *statisticsRow) takeStatsID(_ Count, v jsontext.Value)  { takeText(&r.statsID, v) }
func (r *statisticsRow) takeAddress(_ Count, v jsontext.Value)  { takeText(&r.address, v) }
func (r *statisticsRow) takeCategory(_ Count, v jsontext.Value) { takeText(&r.category, v) }

// takeText keeps a string, or a number's text, unless it says that there is none. Anything else counts as missing.
func takeText(keep *[]byte, v jsontext.Value) {
	switch v.Kind() {
	case jsontext.KindString:
		unquote(keep, v)
	case jsontext.KindNumber:
		*keep = append((*keep)[:0], v...)
	default:
		*keep = (*keep)[:0]
	}
	if saysNothing(bytes.TrimSpace(*keep)) {
		*keep = (*keep)[:0]
	}
}
