package config

import "strings"

// keyUse is where a key is used first.
type keyUse struct {
	account *Account
	line    int
}

// shareKey notes which accounts have one key, and so one quota. Limits that are written down are parts of it and add
// up; where none are, the accounts share the default. A part beside no part is neither, and is refused.
func (r *reader) shareKey(a *Account, key string, line int) {
	if key == "" {
		return // Told, or not known.
	}
	id := a.BaseURL + " " + key
	first, ok := r.keys[id]
	if !ok {
		r.keys[id] = keyUse{a, line}
		return
	}
	a.SharesKeyWith = first.account.Name
	limits, other := a.RateLimit, first.account.RateLimit
	var uneven []string
	if limits.PerMinuteGiven != other.PerMinuteGiven {
		uneven = append(uneven, "per_minute")
	}
	if limits.PerHourGiven != other.PerHourGiven {
		uneven = append(uneven, "per_hour")
	}
	if len(uneven) > 0 {
		r.problemf(line, "account %s has the API key of account %s (line %d), and only one of them has %s: write it in both, as parts of what the key allows, or in neither", quote(a.Name), quote(first.account.Name), first.line, strings.Join(uneven, " and "))
		return
	}
	if !limits.PerMinuteGiven && !limits.PerHourGiven {
		r.warnf(line, "account %s has the API key of account %s (line %d), so that both share %d requests an hour: if that is meant, write in each its part as rate_limit; else correct one of the keys", quote(a.Name), quote(first.account.Name), first.line, limits.PerHour)
	}
}
