package smartlead_test

import (
	"net/http"
	"testing"
	"time"

	"smartlead_exporter/smartlead"
)

// retryAfterNow is the moment of the answers whose Retry-After is read here.
var retryAfterNow = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

var retryAfterValues = []struct {
	value string
	want  time.Duration
	ok    bool
}{
	{"0", 0, true},
	{"30", 30 * time.Second, true},
	{" 30 ", 30 * time.Second, true},
	{"1.5", 1500 * time.Millisecond, true},
	{"-5", 0, true},
	{"3599", 3599 * time.Second, true},
	{"3600", time.Hour, true},
	{"3600.5", time.Minute, true}, // another unit, or a mistake
	{"30000", time.Minute, true},
	{"900000", time.Minute, true},
	{"1e300", time.Minute, true},
	{"Inf", time.Minute, true},
	{"-Inf", 0, true},
	{"Mon, 02 Mar 2026 09:00:30 GMT", 30 * time.Second, true},
	{"Monday, 02-Mar-26 09:00:30 GMT", 30 * time.Second, true},
	{"Mon Mar  2 09:00:30 2026", 30 * time.Second, true},
	{"Mon, 02 Mar 2026 08:00:00 GMT", 0, true},
	{"Sat, 02 Mar 2126 09:00:00 GMT", time.Minute, true},
	{"Fri, 31 Dec 9999 23:59:59 GMT", time.Minute, true},
	{"Sat, 01 Jan 0000 00:00:00 GMT", 0, true},
	{"", 0, false},
	{"soon", 0, false},
	{"30s", 0, false},
	{"NaN", 0, false},
	{"2026-03-02T09:00:30Z", 0, false},
}

func TestRetryAfter(t *testing.T) {
	for _, tt := range retryAfterValues {
		t.Run(tt.value, func(t *testing.T) {
			got, ok := smartlead.ParseRetryAfter(tt.value, retryAfterNow)
			if got != tt.want || ok != tt.ok {
				t.Errorf("got %s, %t, want %s, %t", got, ok, tt.want, tt.ok)
			}
		})
	}
}

// A server can't make the client wait for more than an hour, nor go back in time, and a date is a date by any clock.
func FuzzRetryAfter(f *testing.F) {
	for _, tt := range retryAfterValues {
		f.Add(tt.value, retryAfterNow.Unix())
	}
	f.Fuzz(func(t *testing.T, value string, now int64) {
		at := time.Unix(now, 0)
		got, ok := smartlead.ParseRetryAfter(value, at)
		if got < 0 || got > time.Hour || !ok && got != 0 {
			t.Fatalf("%q: got %s, %t", value, got, ok)
		}
		if date, err := http.ParseTime(value); err == nil && !ok {
			t.Fatalf("%q is %s and wasn't read", value, date)
		}
	})
}
