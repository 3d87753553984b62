package config

import (
	"slices"
	"strings"
)

// synonyms are what people call settings, and what these are called here.
var synonyms = map[string]string{
	"api_url":             "base_url",
	"campaign_id":         "id",
	"endpoint":            "base_url",
	"exclude":             "exclude_name",
	"headers":             "http_headers",
	"hour":                "per_hour",
	"key":                 "api_key",
	"key_file":            "api_key_file",
	"limit":               "max_campaigns",
	"minute":              "per_minute",
	"requests_per_hour":   "per_hour",
	"requests_per_minute": "per_minute",
	"since":               "sent_after",
	"steps":               "sequence_numbers",
	"timeout":             "request_timeout",
	"token":               "api_key",
	"until":               "sent_before",
	"url":                 "base_url",
}

// nearest returns the one of known that a person who wrote s most likely meant, or "" if none is near. At most a third
// of the letters may be wrong.
func nearest(s string, known []string) string {
	s = strings.ReplaceAll(strings.ToLower(s), "-", "_")
	if meant := synonyms[s]; slices.Contains(known, meant) {
		return meant
	}
	best, fewest := "", len(s)/3+1
	for _, word := range known {
		if d := typos(s, strings.ToLower(word)); d < fewest {
			best, fewest = word, d
		}
	}
	return best
}

// typos returns the number of letters left out, added, changed or swapped with their neighbour that make b of a (the
// optimal string alignment distance).
func typos(a, b string) int {
	// One letter of length takes at least one typo, so nothing longer is near; a key of a megabyte is not compared
	// letter by letter.
	if len(a) > 2*len(b)+2 {
		return len(a)
	}
	var before []int // The row of a[:i-2].
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
