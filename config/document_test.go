package config_test

import (
	"testing"
)

func TestRefusedDocuments(t *testing.T) {
	check(t, []refusal{
		{
			"nothing", "",
			"config.yml: is empty: write accounts: with at least one account, as in the example config.yml",
		},
		{
			"a comment alone", "# accounts:\n",
			"config.yml: is empty: write accounts: with at least one account, as in the example config.yml",
		},
		{
			"null", "---\n",
			"config.yml: is empty: write accounts: with at least one account, as in the example config.yml",
		},
		{
			"not UTF-8", "accounts:\n  - name: caf\xe9\n",
			"config.yml:2: not UTF-8: save the file in that encoding",
		},
		{
			"a control character", "accounts:\n  - name: \x01\n",
			"config.yml:2: not valid YAML: control characters are not allowed: take out what can't be seen",
		},
		{
			"a list", "- 12345\n",
			"config.yml:1: the configuration is not a mapping: write key: value, such as accounts: and a list below it",
		},
		{
			"a tab", "accounts:\n\t- campaigns: [1]\n",
			"config.yml:2: not valid YAML: found character that cannot start any token: indent by spaces, not tabs, and put a text that starts with @, ` or % in quotes",
		},
		{
			"an indentation that fits nothing", "accounts:\n  - campaigns: [1]\n cache:\n    ttl: 45s\n",
			"config.yml:3: not valid YAML: did not find expected key: check the indentation, quotes and brackets",
		},
		{
			"a colon in a text", "accounts:\n  - campaigns: [1]\n    name: a: b\n",
			"config.yml:3: not valid YAML: mapping values are not allowed in this context: check the indentation, write a space after the colon of the line above, and put a text that has a colon in it in quotes",
		},
		{
			"no space after a colon", "cache:\n  ttl:45s\n  max_stale: 1h\n",
			"config.yml:3: not valid YAML: mapping values are not allowed in this context: check the indentation, write a space after the colon of the line above, and put a text that has a colon in it in quotes",
		},
		{
			"a list that does not end", "cache: {}\naccounts:\n  - campaigns: [1\n    name: a\n",
			"config.yml:3: not valid YAML: did not find expected ',' or ']': check the indentation, quotes and brackets",
		},
		{
			"a text that does not end", "cache: {}\naccounts:\n  - name: \"a\n    campaigns: [1]\n",
			"config.yml:3: not valid YAML: found unexpected end of stream: check the indentation, quotes and brackets",
		},
		{
			"an unknown anchor", "accounts:\n  - campaigns: *ids\n",
			"config.yml:2: not valid YAML: * refers to an anchor that is not defined above: put a text that starts with * in quotes",
		},
		{
			"two documents", "accounts:\n  - campaigns: [1]\n---\naccounts:\n  - campaigns: [1]\n",
			"config.yml:3: a second YAML document: keep one, without --- or ... between its parts",
		},
		{
			"two documents after a marker", "# Mine.\n---\naccounts:\n  - campaigns: [1]\n---\n",
			"config.yml:5: a second YAML document: keep one, without --- or ... between its parts",
		},
		{
			"a document that goes on after its end", "accounts:\n  - campaigns: [1]\n...\ncache: {}\n",
			"config.yml:3: a second YAML document: keep one, without --- or ... between its parts",
		},
		{
			"an unknown key", "acounts:\n  - campaigns: [1]\n",
			`config.yml:1: unknown key "acounts" in the configuration: did you mean accounts?`,
		},
		{
			"a key of another section", "ttl: 45s\naccounts:\n  - campaigns: [1]\n",
			`config.yml:1: unknown key "ttl" in the configuration: write it below cache`,
		},
		{
			"a key in the wrong case", "Cache: {ttl: 45s}\naccounts:\n  - campaigns: [1]\n",
			`config.yml:1: unknown key "Cache" in the configuration: did you mean cache?`,
		},
		{
			"a list as key", "[a]: b\naccounts:\n  - campaigns: [1]\n",
			"config.yml:1: a key of the configuration is not a text: write one of accounts, cache",
		},
		{
			"a key twice", "cache: {}\naccounts:\n  - campaigns: [1]\ncache:\n  ttl: 5s\n",
			"config.yml:4: cache is given twice, first on line 1: keep one of the two",
		},
		{
			"no accounts", "cache: {}\n",
			"config.yml:1: no accounts: write accounts: and below it a list of at least one, such as - campaigns: [12345]",
		},
		{
			"null accounts", "cache: {}\naccounts:\n",
			"config.yml:1: no accounts: write accounts: and below it a list of at least one, such as - campaigns: [12345]",
		},
		{
			"an empty list of accounts", "cache: {}\naccounts: []\n",
			"config.yml:2: no accounts: write accounts: and below it a list of at least one, such as - campaigns: [12345]",
		},
		{
			"accounts by name", "accounts:\n  default: {campaigns: [1]}\n",
			"config.yml:1: accounts is not a list: write each item on a line of its own, such as - name: default",
		},
		{
			"everything at once, by line", "accounts:\n  - campaigns: [0]\n    name: a b\ncache: {ttl: 1}\n",
			`config.yml:2: campaign id is "0": write its number, such as 12345` + "\n" +
				`config.yml:3: name is "a b": write letters, digits, and _ . - only, such as agency-1` + "\n" +
				`config.yml:4: ttl is "1", which is no duration: write a number with a unit, such as 45s, 5m, 1h30m or 30d`,
		},
	})
}

func TestRefusedAliases(t *testing.T) {
	check(t, []refusal{
		{
			"a mapping that merges itself", "accounts:\n  - &a\n    <<: *a\n    campaigns: [1]\n",
			"config.yml:3: << can't merge this: write << with * and the name of a mapping's anchor, defined above",
		},
		{
			"a list that holds itself", "accounts: &a\n  - *a\n",
			"config.yml:2: an account is not a mapping: write key: value, such as campaigns: [12345]",
		},
		{
			"a merge of no mapping", "accounts:\n  - campaigns: &c [1]\n    <<: *c\n",
			"config.yml:3: << can't merge this: write << with * and the name of a mapping's anchor, defined above",
		},
		{
			"a merge of a list with no mapping", "accounts:\n  - campaigns: &c [1]\n    <<: [*c]\n",
			"config.yml:3: << can't merge this: write << with * and the name of a mapping's anchor, defined above",
		},
		{
			"campaigns by alias in two accounts", "accounts:\n  - name: a\n    campaigns: &c [1]\n  - name: b\n    campaigns: *c\n",
			"config.yml:3: campaign 1 is listed twice, first at config.yml:3: keep one of the two",
		},
		{
			"a wrong value merged twice is told once", "accounts:\n  - &a\n    name: a\n    request_timeout: 0s\n    campaigns: [1]\n  - <<: *a\n    name: b\n    campaigns: [2]\n",
			"config.yml:4: request_timeout is 0s: write a time above 0s, at most 10m",
		},
	})
}
