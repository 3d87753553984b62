package smartlead_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartlead_exporter/smartlead"
)

func TestRecentRowsInFiles(t *testing.T) {
	rows := []smartlead.RecentRow{
		{},
		{Identity: math.MaxUint64, SentTime: time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)},
		{Identity: 1, SentTime: time.Date(1960, 1, 2, 3, 4, 5, 0, time.UTC)},
	}
	file, err := json.Marshal(rows)
	if err != nil {
		t.Fatal(err)
	}
	var read []smartlead.RecentRow
	if err := json.Unmarshal(file, &read); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rows, read); diff != "" {
		t.Errorf("written and read again (-before +after):\n%s", diff)
	}
	for _, text := range []string{`[""]`, `["AAAA"]`, `["AAAAAAAAAAAAAAAAAAAAA="]`, `[1]`} {
		if err := json.Unmarshal([]byte(text), &read); err == nil {
			t.Errorf("%s passed for a row", text)
		}
	}
}
