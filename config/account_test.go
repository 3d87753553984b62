package config_test

import (
	"strings"
	"testing"
)

func TestRefusedAccounts(t *testing.T) {
	check(t, []refusal{
		{
			"empty", "accounts:\n  -\n",
			"config.yml:2: an empty item in accounts: write an account, such as - campaigns: [12345], or leave it out",
		},
		{
			"a text", "accounts:\n  - default\n",
			"config.yml:2: an account is not a mapping: write key: value, such as campaigns: [12345]",
		},
		{
			"an unknown key", inAccount("campaigns: [1]", "ratelimit: {}"),
			`config.yml:3: unknown key "ratelimit" in an account: did you mean rate_limit?`,
		},
		{
			"an unknown key near to none", inAccount("campaigns: [1]", "organisation: me"),
			`config.yml:3: unknown key "organisation" in an account: write one of api_key, api_key_env, api_key_file, base_url, campaigns, collect, counting, discovery, http_config, mailbox_addresses, metadata_interval, name, rate_limit, request_timeout`,
		},
		{
			"a way of counting that isn't known", inAccount("counting: fast", "campaigns: [1]"),
			`config.yml:2: counting is "fast": write auto, or rows to count every row, always`,
		},
		{
			"a name with a space", inAccount("name: my account", "campaigns: [1]"),
			`config.yml:2: name is "my account": write letters, digits, and _ . - only, such as agency-1`,
		},
		{
			"an empty name", inAccount(`name: ""`, "campaigns: [1]"),
			`config.yml:2: name is "": write letters, digits, and _ . - only, such as agency-1`,
		},
		{
			"a long name that is none", inAccount("name: "+strings.Repeat("ab ", 100), "campaigns: [1]"),
			`config.yml:2: name is "ab ab ab ab ab ab ab ab ab ab ab ab ab a…": write letters, digits, and _ . - only, such as agency-1`,
		},
		{
			"two accounts of one name", "accounts:\n  - name: a\n    campaigns: [1]\n  - campaigns: [2]\n    name: a\n",
			`config.yml:5: a second account named "a", after that of line 2: write a name: of its own in each`,
		},
		{
			"two accounts without names", "accounts:\n  - campaigns: [1]\n  - campaigns: [2]\n",
			`config.yml:3: a second account named "default", after that of line 2: write a name: of its own in each`,
		},
		{
			"no campaigns", inAccount("name: a"),
			`config.yml:2: account "a" has neither campaigns nor discovery: write campaigns: and below it a list of ids, such as - 12345, or discovery: {} for every campaign`,
		},
		{
			"an empty list of campaigns", inAccount("name: a", "campaigns: []"),
			`config.yml:3: account "a" has neither campaigns nor discovery: write campaigns: and below it a list of ids, such as - 12345, or discovery: {} for every campaign`,
		},
		{
			"null campaigns", inAccount("name: a", "campaigns:"),
			`config.yml:2: account "a" has neither campaigns nor discovery: write campaigns: and below it a list of ids, such as - 12345, or discovery: {} for every campaign`,
		},
		{
			"campaigns that are no list", inAccount("name: a", "campaigns: 12345"),
			"config.yml:3: campaigns is not a list: write each item on a line of its own, such as - 12345",
		},
		{
			"plain http", inAccount("base_url: http://smartlead.example/api/v1", "campaigns: [1]"),
			"config.yml:2: base_url is plain http, which sends the key in the clear: write https:// (http:// is for localhost only)",
		},
		{
			"plain http to a private address", inAccount("base_url: http://10.0.0.1", "campaigns: [1]"),
			"config.yml:2: base_url is plain http, which sends the key in the clear: write https:// (http:// is for localhost only)",
		},
		{
			"plain http to a name like localhost", inAccount("base_url: http://localhost.example", "campaigns: [1]"),
			"config.yml:2: base_url is plain http, which sends the key in the clear: write https:// (http:// is for localhost only)",
		},
		{
			"another scheme", inAccount("base_url: ftp://smartlead.example", "campaigns: [1]"),
			"config.yml:2: base_url is not an http URL: write https, a host and a path, such as https://server.smartlead.ai/api/v1",
		},
		{
			"no scheme", inAccount("base_url: server.smartlead.ai/api/v1", "campaigns: [1]"),
			"config.yml:2: base_url is not an http URL: write https, a host and a path, such as https://server.smartlead.ai/api/v1",
		},
		{
			"no host", inAccount("base_url: https:///api/v1", "campaigns: [1]"),
			"config.yml:2: base_url is not an http URL: write https, a host and a path, such as https://server.smartlead.ai/api/v1",
		},
		{
			"an empty URL", inAccount(`base_url: ""`, "campaigns: [1]"),
			"config.yml:2: base_url is not an http URL: write https, a host and a path, such as https://server.smartlead.ai/api/v1",
		},
		{
			"a URL with a password", inAccount("base_url: https://a:b@smartlead.example", "campaigns: [1]"),
			"config.yml:2: base_url has a user name or password: write https, a host and a path, such as https://server.smartlead.ai/api/v1; basic_auth belongs in http_config",
		},
		{
			"a URL with a query", inAccount("base_url: https://smartlead.example?api_key=x", "campaigns: [1]"),
			"config.yml:2: base_url has a query: write https, a host and a path, such as https://server.smartlead.ai/api/v1; the key belongs in api_key_file or api_key_env",
		},
		{
			"a URL with an empty query", inAccount("base_url: https://smartlead.example?", "campaigns: [1]"),
			"config.yml:2: base_url has a query: write https, a host and a path, such as https://server.smartlead.ai/api/v1; the key belongs in api_key_file or api_key_env",
		},
		{
			"a URL with a fragment", inAccount("base_url: https://smartlead.example/#x", "campaigns: [1]"),
			"config.yml:2: base_url has a fragment: write https, a host and a path, such as https://server.smartlead.ai/api/v1",
		},
		{
			"a URL with a port too high", inAccount("base_url: https://smartlead.example:65536", "campaigns: [1]"),
			"config.yml:2: base_url has a port that is not from 1 to 65535: write https, a host and a path, such as https://server.smartlead.ai/api/v1",
		},
		{
			"no request_timeout", inAccount("request_timeout: 0s", "campaigns: [1]"),
			"config.yml:2: request_timeout is 0s: write a time above 0s, at most 10m",
		},
		{
			"a long request_timeout", inAccount("request_timeout: 11m", "campaigns: [1]"),
			"config.yml:2: request_timeout is 11m: write a time above 0s, at most 10m",
		},
		{
			"rate limits of 0", inAccount("campaigns: [1]", "rate_limit:", "  per_minute: 0", "  per_hour: 0", "  concurrency: 0"),
			`config.yml:4: per_minute is "0": write a whole number from 1 to 1000000` + "\n" +
				`config.yml:5: per_hour is "0": write a whole number from 1 to 1000000` + "\n" +
				`config.yml:6: concurrency is "0": write a whole number from 1 to 64`,
		},
		{
			"a rate limit that is no number", inAccount("campaigns: [1]", "rate_limit: {per_minute: 1.5, per_hour: many}"),
			`config.yml:3: per_minute is "1.5": write a whole number from 1 to 1000000` + "\n" +
				`config.yml:3: per_hour is "many": write a whole number from 1 to 1000000`,
		},
		{
			"a high concurrency", inAccount("campaigns: [1]", "rate_limit: {concurrency: 65}"),
			`config.yml:3: concurrency is "65": write a whole number from 1 to 64`,
		},
		{
			"an unknown rate limit", inAccount("campaigns: [1]", "rate_limit: {per_second: 10}"),
			`config.yml:3: unknown key "per_second" in rate_limit: write one of concurrency, per_hour, per_minute`,
		},
	})
}
