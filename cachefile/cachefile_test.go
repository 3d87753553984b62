package cachefile_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"smartlead_exporter/cachefile"
	"smartlead_exporter/collector"
	"smartlead_exporter/counting"
	"smartlead_exporter/smartlead"
)

// saveForever makes the test binary save to the file it names until it is killed.
const saveForever = "SMARTLEAD_EXPORTER_TEST_SAVE_FOREVER"

func TestMain(m *testing.M) {
	if path := os.Getenv(saveForever); path != "" {
		for i := 0; ; i++ {
			if err := cachefile.Save(path, cachefile.Memory{Accounts: memory(1 + i%2*200)}); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			if i == 2 {
				fmt.Println("saving") // the file is there, and being replaced
			}
		}
	}
	goleak.VerifyTestMain(m)
}

// memory is what is known of n campaigns.
func memory(n int) []collector.AccountSnapshot {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678, time.UTC)
	a := collector.AccountSnapshot{Name: "a", Origin: "https://api.test/v1", KeySource: "variable KEY", ListLastSuccess: at, List: []smartlead.Campaign{
		{ID: 1, Name: "“quoted”\n", Status: "ACTIVE", CreatedAt: at, ClientID: "7", ParentID: 2, OpenTracking: true, MaxLeadsPerDay: -1, Tags: []string{"x"}},
	}}
	for id := range int64(n) {
		a.Campaigns = append(a.Campaigns, collector.Snapshot{
			Account: "a", Query: smartlead.StatisticsQuery{CampaignID: id + 1, SequenceNumbers: []int{1, 2}, SentAfter: at},
			Statistics:  &smartlead.Statistics{Steps: []smartlead.Step{{SequenceNumber: 1, Sent: 1<<62 + id, Unknown: 1 << smartlead.CountOpened, LastSent: at}}, RowsWithoutStep: 2, Requests: 3},
			LastSuccess: at, Up: id%2 == 0, Reason: smartlead.ErrTimeout, FailingSince: at, Duration: time.Second, Requests: 3,
			Rate: collector.Rate{Changes: 1.5, Seconds: 600},
			Counting: &counting.State{
				RowsCost: 12, Cost: 3.5, Rows: 11_500, Newest: at, Recent: []smartlead.RecentRow{{Identity: 5, SentTime: at.Truncate(time.Millisecond)}},
				Detected: &counting.Reading{Method: counting.MethodAnalytics, Steps: []counting.StepReading{{SequenceID: 7, Counts: [6]int64{1, 2, 3, 4, -1, 0}}}},
				Misses:   1, RowsUntil: at,
			},
			Replies: &smartlead.Replies{
				Categories: []smartlead.CategoryReplies{{SequenceNumber: 1, Category: "“Out” Of Office", Replied: 3}},
				Delays:     smartlead.ReplyDelays{Counts: [9]int64{0, 2, 0, 0, 1}, Sum: 20 * time.Hour},
			},
			RepliesAt:  at,
			Variants:   []smartlead.VariantCounts{{SequenceNumber: 1, VariantID: 2535, Sent: 5, Opened: 4, Clicked: 3, Replied: 2, Unsubscribed: 1, Bounced: 1}},
			VariantsAt: at,
		})
	}
	return []collector.AccountSnapshot{a}
}

// campaigns counts the campaigns that are known.
func campaigns(accounts []collector.AccountSnapshot) (n int) {
	for _, a := range accounts {
		n += len(a.Campaigns)
	}
	return n
}

// keys is what is known of so many keys.
func keys(n int) []smartlead.BudgetMemory {
	var list []smartlead.BudgetMemory
	for i := range n {
		at := time.Date(2026, 3, 2, 9, 0, i, 0, time.UTC)
		list = append(list, smartlead.BudgetMemory{
			BaseURL: "https://api.test", KeyHash: fmt.Sprintf("%064x", i), At: at, MinuteLeft: 1.5, HourLeft: 20,
			PausedUntil: at.Add(time.Minute), Throttled: i, ThrottledUntil: at, RefusedUntil: at, RefusedStep: time.Minute,
		})
	}
	return list
}

func TestSaveAndLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	for _, n := range []int{0, 3, 1000, 1} {
		want := cachefile.Memory{Accounts: memory(n), Keys: keys(n), Clean: n == 3}
		if err := cachefile.Save(path, want); err != nil {
			t.Fatal(err)
		}
		got, err := cachefile.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d campaigns (-saved +loaded):\n%s", n, diff)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		t.Errorf("others may read the file: mode %o", mode)
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("something is left beside the file: %v", entries)
	}
}

func TestLoadWithoutFile(t *testing.T) {
	m, err := cachefile.Load(filepath.Join(t.TempDir(), "none"))
	if err != nil || len(m.Accounts) != 0 || len(m.Keys) != 0 || m.Clean {
		t.Errorf("got %v, %v", m, err)
	}
}

func saved(t testing.TB, n int) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cache")
	if err := cachefile.Save(path, cachefile.Memory{Accounts: memory(n)}); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// framed is content under a header that fits it, but for what change does to the header.
func framed(content, saved, change string) []byte {
	sum := sha256.Sum256([]byte(content))
	header := fmt.Sprintf(`{"format":"smartlead_exporter cache","version":2,"saved":%q,"sha256":%q}`, saved, hex.EncodeToString(sum[:]))
	if old, replacement, ok := strings.Cut(change, "=>"); ok {
		header = strings.Replace(header, old, replacement, 1)
	}
	return []byte(header + "\n" + content)
}

func TestLoadRefuses(t *testing.T) {
	good := saved(t, 3)
	flipped := bytes.Clone(good)
	flipped[len(flipped)/2] ^= 1
	const past = "2026-01-01T00:00:00Z"
	for _, tt := range []struct {
		name    string
		content []byte
		want    string
	}{
		{"empty", nil, "isn't a cache file"},
		{"foreign", []byte("root:x:0:0:root:/root:/bin/sh\n"), "isn't a cache file"},
		{"foreign JSON", []byte(`{"accounts":[]}`), "isn't a cache file"},
		{"another format", framed("{}", past, "exporter cache=>exporter notes"), "isn't a cache file"},
		{"of an earlier version", framed("{}", past, `"version":2=>"version":1`), "of version 1"},
		{"of a later version", framed("{}", past, `"version":2=>"version":3`), "of version 3"},
		{"cut off in the header", good[:20], "isn't a cache file"},
		{"cut off", good[:len(good)-1], "damaged or cut off"},
		{"the header alone", good[:bytes.IndexByte(good, '\n')+1], "damaged or cut off"},
		{"with something behind", append(bytes.Clone(good), '\n'), "damaged or cut off"},
		{"a bit flipped", flipped, "damaged or cut off"},
		{"a field by another name", framed(`{"Accounts":[{"Name":"a","Campaign":[]}]}`, past, ""), "can't be decoded"},
		{"well kept nonsense", framed("[1]", past, ""), "can't be decoded"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "cache")
			if err := os.WriteFile(path, tt.content, 0o600); err != nil {
				t.Fatal(err)
			}
			m, err := cachefile.Load(path)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v, want one with %q and the path", err, tt.want)
			}
			if len(m.Accounts) != 0 || len(m.Keys) != 0 {
				t.Errorf("something of it was believed: %v", m)
			}
		})
	}
}

func TestLoadRefusesWhatIsNoFile(t *testing.T) {
	if _, err := cachefile.Load(t.TempDir()); err == nil {
		t.Error("a directory passed for a cache file")
	}
}

func TestCheck(t *testing.T) {
	const half = `{"format":"smartlead_exporter cache","version":2,"sa`
	dir := t.TempDir()
	path := filepath.Join(dir, "cache")
	if err := cachefile.Check(path); err != nil {
		t.Errorf("a file that can be made: %v", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("the check left something behind: %v", entries)
	}
	if err := os.WriteFile(path+".new", []byte(half), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := cachefile.Check(path); err != nil {
		t.Errorf("a file that is being written: %v", err)
	}
	if got, err := os.ReadFile(path + ".new"); string(got) != half {
		t.Errorf("the check took what another process was about to save: %q, %v", got, err)
	}
	if err := cachefile.Check(filepath.Join(dir, "missing", "cache")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("in a directory that isn't there: %v", err)
	}
	if err := cachefile.Check(dir); err == nil {
		t.Error("a directory passed for a cache file")
	}
}

func TestSaveFailing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "cache")
	if err := cachefile.Save(path, cachefile.Memory{Accounts: memory(1)}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v, want that of a directory that isn't there", err)
	}
	// A directory in the way fails the rename; what stands there stays, and nothing is left beside it.
	path = filepath.Join(t.TempDir(), "cache")
	if err := os.MkdirAll(filepath.Join(path, "inside"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := cachefile.Save(path, cachefile.Memory{Accounts: memory(1)}); err == nil {
		t.Error("a directory was replaced")
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("something is left beside it: %v", entries)
	}
}

// Killed at any moment, it leaves the old file or the new one.
func TestSaveKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	for round := range 8 {
		process := exec.CommandContext(t.Context(), os.Args[0])
		process.Env = append(os.Environ(), saveForever+"="+path)
		out, err := process.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := process.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		for range round * 40 { // so that the kill falls at another moment in each round
			if _, err := os.Stat(path); err != nil {
				t.Errorf("the file is gone for a moment: %v", err)
			}
		}
		if err := process.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = process.Wait() // killed, so it says
		m, err := cachefile.Load(path)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if n := campaigns(m.Accounts); n != 1 && n != 201 {
			t.Fatalf("round %d: %d campaigns, want those of one save or the other", round, n)
		}
	}
}

// FuzzDecode reads any bytes as a file's content: an error, or a memory that is the same when it was saved and loaded.
func FuzzDecode(f *testing.F) {
	f.Add(saved(f, 1))
	f.Add([]byte("{}"))
	f.Add([]byte(`{"Accounts":[{"Name":"a","Campaigns":[{"Steps":[{"Sent":1}]}],"List":[{"ID":1}]}]}`))
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, content []byte) {
		// The checksum would keep the fuzzer from the content behind it.
		for _, content := range [][]byte{content, framed(string(content), "2026-01-01T00:00:00Z", "")} {
			m, err := cachefile.Decode(content)
			if err != nil {
				continue
			}
			again, err := cachefile.Encode(m, now)
			if err != nil {
				continue // a moment that JSON can't hold; Save would say so
			}
			got, err := cachefile.Decode(again)
			if err != nil {
				t.Fatalf("what was encoded can't be decoded: %v", err)
			}
			if diff := cmp.Diff(m, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("decoded again it differs (-first +again):\n%s", diff)
			}
		}
	})
}
