package simulator

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// timeLayout is how the API writes times, always in UTC.
const timeLayout = "2006-01-02T15:04:05.000Z07:00"

// Email is a sent e-mail: a row of the per-e-mail shape. Zero times are sent as null, and so is an empty category.
type Email struct {
	StatsID      string
	LeadName     string
	LeadEmail    string
	LeadCategory string
	Subject      string
	Message      string

	// BodyBytes is the length of the message that is made up if Message is empty, in bytes before they are escaped.
	BodyBytes int

	Step       int
	SentTime   time.Time
	OpenTime   time.Time
	ClickTime  time.Time
	ReplyTime  time.Time
	OpenCount  int
	ClickCount int

	Unsubscribed bool
	Bounced      bool

	// IgnoreReply says that a reply was recategorised and is none any more. The row has the field only then.
	IgnoreReply bool

	// Variant is the text of the step that was sent, from 1 on; 0 is a step that has no variants.
	Variant int

	// number is unique in a campaign, and lead is the receiver's; what is made up comes from them. A lead of 0 is a
	// receiver of this e-mail only.
	number uint64
	lead   uint64

	gone bool // with its lead, who was deleted
}

func (e *Email) opened() bool  { return e.OpenCount > 0 || !e.OpenTime.IsZero() }
func (e *Email) clicked() bool { return e.ClickCount > 0 || !e.ClickTime.IsZero() }
func (e *Email) replied() bool { return !e.ReplyTime.IsZero() }

// id returns the stats_id, in the form of a UUID if it is made up.
func (e *Email) id(campaign int64) string {
	if e.StatsID != "" {
		return e.StatsID
	}
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:], mix(uint64(campaign)<<20^e.number))
	binary.BigEndian.PutUint64(raw[8:], uint64(campaign)<<44^e.number)
	digits := hex.EncodeToString(raw[:])
	return digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:]
}

// receiver returns the lead's name and address, on domains that can't exist.
func (e *Email) receiver(campaign int64) (name, address string) {
	lead := e.lead
	if lead == 0 {
		lead = e.number
	}
	r := mix(lead ^ uint64(campaign)<<32)
	first := firstNames[r%uint64(len(firstNames))]
	last := lastNames[r>>16%uint64(len(lastNames))]
	name = first + " " + last
	if e.LeadName != "" {
		name = e.LeadName
	}
	address = strings.ToLower(first) + "." + strings.ToLower(last) + strconv.FormatUint(lead, 10) +
		"@" + companies[r>>32%uint64(len(companies))] + ".example"
	if e.LeadEmail != "" {
		address = e.LeadEmail
	}
	return name, address
}

// receiverKey tells receivers apart.
func (e *Email) receiverKey() any {
	switch {
	case e.LeadEmail != "":
		return e.LeadEmail
	case e.lead != 0:
		return e.lead
	default:
		return [1]uint64{e.number}
	}
}

var (
	firstNames = []string{"Ada", "Alan", "Barbara", "Claude", "Donald", "Edsger", "Frances", "Grace", "Jean", "Ken", "Leslie", "Margaret", "Niklaus", "Radia", "Tony", "Wanda"}
	lastNames  = []string{"Archer", "Baker", "Carter", "Dyer", "Fisher", "Gardener", "Hunter", "Mason", "Miller", "Porter", "Sawyer", "Smith", "Tanner", "Turner", "Weaver", "Wright"}
	companies  = []string{"acme", "globex", "hooli", "initech", "soylent", "stark", "umbrella", "wayne"}
)

// mix scrambles a number so that neighbours have nothing in common (the finalizer of SplitMix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// appendJSON appends the row to dst.
func (e *Email) appendJSON(dst []byte, campaign int64) []byte {
	name, address := e.receiver(campaign)
	subject := cmp.Or(e.Subject, subject(e.Step))
	dst = append(dst, `{"lead_name":`...)
	dst = appendString(dst, name)
	dst = append(dst, `,"lead_email":`...)
	dst = appendString(dst, address)
	dst = append(dst, `,"lead_category":`...)
	if e.LeadCategory == "" {
		dst = append(dst, "null"...)
	} else {
		dst = appendString(dst, e.LeadCategory)
	}
	dst = append(dst, `,"sequence_number":`...)
	dst = strconv.AppendInt(dst, int64(e.Step), 10)
	dst = append(dst, `,"stats_id":`...)
	dst = appendString(dst, e.id(campaign))
	dst = append(dst, `,"email_campaign_seq_id":`...)
	dst = strconv.AppendInt(dst, sequenceID(campaign, e.Step), 10)
	dst = append(dst, `,"seq_variant_id":`...)
	if e.Variant == 0 {
		dst = append(dst, "null"...)
	} else {
		dst = strconv.AppendInt(dst, variantID(campaign, e.Step, e.Variant), 10)
	}
	dst = append(dst, `,"email_subject":`...)
	dst = appendString(dst, subject)
	dst = append(dst, `,"email_message":`...)
	if e.Message != "" {
		dst = appendString(dst, e.Message)
	} else {
		dst = appendFiller(dst, e.BodyBytes)
	}
	for _, t := range []struct {
		name string
		time time.Time
	}{{"sent_time", e.SentTime}, {"open_time", e.OpenTime}, {"click_time", e.ClickTime}, {"reply_time", e.ReplyTime}} {
		dst = append(dst, `,"`...)
		dst = append(dst, t.name...)
		dst = append(dst, `":`...)
		dst = appendTime(dst, t.time)
	}
	dst = append(dst, `,"open_count":`...)
	dst = strconv.AppendInt(dst, int64(e.OpenCount), 10)
	dst = append(dst, `,"click_count":`...)
	dst = strconv.AppendInt(dst, int64(e.ClickCount), 10)
	dst = append(dst, `,"is_unsubscribed":`...)
	dst = strconv.AppendBool(dst, e.Unsubscribed)
	dst = append(dst, `,"is_bounced":`...)
	dst = strconv.AppendBool(dst, e.Bounced)
	if e.IgnoreReply {
		dst = append(dst, `,"ignore_reply":true`...)
	}
	return append(dst, '}')
}

func appendString(dst []byte, s string) []byte {
	dst, _ = jsontext.AppendQuote(dst, s) // the error only says that invalid UTF-8 was replaced
	return dst
}

func appendTime(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(dst, "null"...)
	}
	dst = append(dst, '"')
	dst = t.UTC().AppendFormat(dst, timeLayout)
	return append(dst, '"')
}

// filler is a paragraph of a message; it has the quotes, line ends, tags and wide characters that real messages have.
// quotedFiller is the same within the quotes of a JSON string.
const filler = "<p class=\"mail\">Hello,\r\n\tI saw that your team is growing — congratulations! " +
	"Would a quarter of an hour next week be all right?<br/>\r\n\\o/ Thank you, {\"sender\": [1, 2, 3]}</p>\n"

var quotedFiller = func() string {
	quoted := appendString(nil, filler)
	return string(quoted[1 : len(quoted)-1])
}()

// appendFiller appends a JSON string that stands for n bytes.
func appendFiller(dst []byte, n int) []byte {
	dst = append(dst, '"')
	for ; n >= len(filler); n -= len(filler) {
		dst = append(dst, quotedFiller...)
	}
	for range n {
		dst = append(dst, '.')
	}
	return append(dst, '"')
}
