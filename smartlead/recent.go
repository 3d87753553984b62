package smartlead

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"time"
)

// RecentSpan is how far Statistics.Recent reaches back from the newest e-mail.
const RecentSpan = 30 * time.Minute

// maxRecent bounds Statistics.Recent.
const maxRecent = 20_000

// RecentRow is an e-mail that was sent lately, by which a later set of rows is told from an earlier one.
type RecentRow struct {
	Identity uint64 // as in RowFacts
	SentTime time.Time
}

// MarshalText writes a row in 22 characters, since many of them are kept in files. Of the time it keeps milliseconds, which
// is as exact as the API is.
func (r RecentRow) MarshalText() ([]byte, error) {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], r.Identity)
	binary.BigEndian.PutUint64(b[8:], uint64(r.SentTime.UnixMilli()))
	return base64.RawStdEncoding.AppendEncode(nil, b[:]), nil
}

// UnmarshalText reads what MarshalText wrote.
func (r *RecentRow) UnmarshalText(text []byte) error {
	b, err := base64.RawStdEncoding.DecodeString(string(text))
	if err != nil || len(b) != 16 {
		return errors.New("no e-mail that was sent lately: 22 characters of base64 are wanted")
	}
	r.Identity = binary.BigEndian.Uint64(b[:8])
	r.SentTime = time.UnixMilli(int64(binary.BigEndian.Uint64(b[8:]))).UTC()
	return nil
}

// recentRows collects the e-mails of RecentSpan, in whatever order rows come.
type recentRows struct {
	rows   []RecentRow
	newest time.Time
	// unfit says that rows can't be known again, or are too many.
	unfit bool
}

// note takes in a row.
func (r *recentRows) note(row *statisticsRow, identified bool) {
	if r.unfit || row.sentAt.IsZero() || row.sentAt.Before(r.newest.Add(-RecentSpan)) {
		return
	}
	if !identified {
		r.unfit, r.rows = true, nil
		return
	}
	if row.sentAt.After(r.newest) {
		r.newest = row.sentAt
	}
	r.rows = append(r.rows, RecentRow{Identity: row.lastingIdentity(), SentTime: row.sentAt})
	if len(r.rows) >= 2*maxRecent {
		r.rows = r.list()
		r.unfit = len(r.rows) > maxRecent
	}
}

// list returns the rows within RecentSpan of the newest one, by their identity, or none if they are unfit.
func (r *recentRows) list() []RecentRow {
	if r.unfit {
		return nil
	}
	rows := slices.DeleteFunc(r.rows, func(row RecentRow) bool { return row.SentTime.Before(r.newest.Add(-RecentSpan)) })
	slices.SortFunc(rows, func(a, b RecentRow) int { return cmp.Compare(a.Identity, b.Identity) })
	rows = slices.CompactFunc(rows, func(a, b RecentRow) bool { return a.Identity == b.Identity }) // of a page that was read twice
	if len(rows) == 0 || len(rows) > maxRecent {
		return nil
	}
	return slices.Clip(rows)
}
