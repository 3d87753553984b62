package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"smartlead_exporter/config"
)

// mistake is what somebody got wrong in a configuration, and the one line that tells of it.
type mistake struct {
	name string
	yaml string
	at   string // the line, and "warning " before it if the file is accepted
	says string // what is wrong
	do   string // the remedy
}

// mistakes are told by one line each. None of it is about the key, of which TestKeysThatCannotBeRight has its own, nor
// about files; see files_test.go.
var mistakes = []mistake{
	// Where the API is.
	{"no path", inAccount("base_url: https://server.smartlead.ai", "campaigns: [1]"), "2", "doesn't end in /api/v1", "write https://server.smartlead.ai/api/v1"},
	{"a slash for a path", inAccount("base_url: https://server.smartlead.ai/", "campaigns: [1]"), "2", "doesn't end in /api/v1", "write https://server.smartlead.ai/api/v1"},
	{"half of the path", inAccount("campaigns: [1]", "base_url: https://server.smartlead.ai/api"), "3", "doesn't end in /api/v1", "write https://server.smartlead.ai/api/v1"},
	{"another version", inAccount("base_url: https://server.smartlead.ai/api/v2", "campaigns: [1]"), "2", "doesn't end in /api/v1", "write https://server.smartlead.ai/api/v1"},
	{"another case", inAccount("base_url: https://Server.Smartlead.AI/API/v1", "campaigns: [1]"), "2", "doesn't end in /api/v1", "write https://server.smartlead.ai/api/v1"},
	{"a prefix", inAccount("base_url: https://server.smartlead.ai/x/api/v1", "campaigns: [1]"), "2", "doesn't end in /api/v1", "write https://server.smartlead.ai/api/v1"},
	{"a port", inAccount("base_url: https://server.smartlead.ai:443/v1", "campaigns: [1]"), "2", "doesn't end in /api/v1", "write https://server.smartlead.ai/api/v1"},
	{"a final dot", inAccount("base_url: https://server.smartlead.ai./", "campaigns: [1]"), "2", "doesn't end in /api/v1", "write https://server.smartlead.ai/api/v1"},
	{"the list of campaigns", inAccount("base_url: https://server.smartlead.ai/api/v1/campaigns", "campaigns: [1]"), "2", "goes on after /api/v1", "write https://server.smartlead.ai/api/v1"},
	{"a campaign's statistics", inAccount("base_url: https://server.smartlead.ai/api/v1/campaigns/12345/statistics/", "campaigns: [1]"), "2", "goes on after /api/v1", "write https://server.smartlead.ai/api/v1"},
	{"the path twice", inAccount("base_url: https://server.smartlead.ai/api/v1/api/v1", "campaigns: [1]"), "2", "goes on after /api/v1", "write https://server.smartlead.ai/api/v1"},
	{"the pages", inAccount("base_url: https://app.smartlead.ai/api/v1", "campaigns: [1]"), "2", "where Smartlead's pages are", "write https://server.smartlead.ai/api/v1"},
	{"the pages of a campaign", inAccount("base_url: https://app.smartlead.ai/app/email-campaigns/all", "campaigns: [1]"), "2", "where Smartlead's pages are", "write https://server.smartlead.ai/api/v1"},
	{"the site", inAccount("base_url: https://www.smartlead.ai", "campaigns: [1]"), "2", "where Smartlead's pages are", "write https://server.smartlead.ai/api/v1"},
	{"the documentation", inAccount("base_url: https://api.smartlead.ai/reference", "campaigns: [1]"), "2", "where Smartlead's pages are", "write https://server.smartlead.ai/api/v1"},
	{"another host of Smartlead's", inAccount("base_url: https://eu.smartlead.ai/api/v1", "campaigns: [1]"), "warning 2", "another host of Smartlead's", "is it right?"},
	{"another host without a path", inAccount("base_url: https://api.example.com", "campaigns: [1]"), "warning 2", "doesn't end in /api/v1", "is it complete?"},
	{"another host with a path too long", inAccount("base_url: https://api.example.com/api/v1/campaigns", "campaigns: [1]"), "warning 2", "goes on after /api/v1", "should it end there?"},
	{"this host without a path", inAccount("base_url: http://127.0.0.1:8080", "campaigns: [1]"), "warning 2", "doesn't end in /api/v1", "is it complete?"},

	// Limits and times.
	{"per_hour below per_minute", inAccount("rate_limit:", "  per_minute: 60", "  per_hour: 30", "campaigns: [1]"), "4", "per_hour (30) is below per_minute (60)", "exchange the two, or leave per_minute out"},
	{"per_minute above the default of an hour", inAccount("rate_limit: {per_minute: 2000}", "campaigns: [1]"), "warning 2", "per_minute (2000) is above per_hour, which is 1000", "write per_hour as well"},
	{"a short metadata_interval", inAccount("metadata_interval: 59s", "campaigns: [1]"), "2", "metadata_interval is 59s", "write at least 1m"},
	{"a very short metadata_interval", inAccount("campaigns: [1]", "metadata_interval: 1ms"), "3", "metadata_interval is 1ms", "or 0s for never"},
	{"a short request_timeout", inAccount("campaigns: [1]", "request_timeout: 30ms"), "warning 3", "request_timeout is 30ms", "is the unit right?"},
	{"a short window", inCampaign("id: 1", "sent_within: 30s"), "warning 4", "sent_within is 30s", "is the unit right?"},
	{"a short interval of discovery", inDiscovery("interval: 1s"), "3", "interval is 1s", "write at least 1m"},

	{"two accounts with one key", "accounts:\n  - {name: a, campaigns: [1]}\n  - {name: b, campaigns: [2]}\n", "warning 3", `account "b" has the API key of account "a" (line 2), so that both share 1000 requests an hour`, "write in each its part as rate_limit; else correct one of the keys"},
	{"a part beside no part", "accounts:\n  - {name: a, campaigns: [1]}\n  - {name: b, rate_limit: {per_minute: 30, per_hour: 1000}, campaigns: [2]}\n  - {name: c, api_key: other, campaigns: [3]}\n", "3", "only one of them has per_minute and per_hour", "write it in both, as parts of what the key allows, or in neither"},

	// What to collect.
	{"a subject near to one", inAccount("collect: [mailbox]", "campaigns: [1]"), "2", `"mailbox" in collect is not known`, "did you mean mailboxes?"},
	{"no subject", inAccount("collect: [leads, everything]", "campaigns: [1]"), "2", `"everything" in collect is not known`, "write some of mailboxes, leads, replies, people, variants"},
	{"a subject twice", inAccount("collect:", "- leads", "- leads", "campaigns: [1]"), "4", "leads is in collect twice", "keep one of the two"},
	{"a subject alone", inAccount("collect: leads", "campaigns: [1]"), "2", "collect is not a list", "such as - mailboxes"},
	{"addresses by another word", inAccount("collect: [mailboxes]", "mailbox_addresses: show", "campaigns: [1]"), "3", `mailbox_addresses is "show"`, "write true or false"},
	{"addresses of nothing", inAccount("collect: [leads]", "mailbox_addresses: true", "campaigns: [1]"), "warning 3", "mailboxes aren't collected", "write collect: [mailboxes] as well"},

	// Lists of nothing.
	{"no statuses", inDiscovery("statuses: []"), "3", "statuses is empty", "such as [ACTIVE], or leave it out"},
	{"no tags", inDiscovery("interval: 5m", "tags: []"), "4", "tags is empty", "such as [outbound], or leave it out"},
	{"no client_ids", inDiscovery("client_ids:", "  []"), "3", "client_ids is empty", "such as [77, 78], or leave it out"},
	{"no sequence_numbers", inCampaign("id: 1", "sequence_numbers: []"), "4", "sequence_numbers is empty", "such as [1, 2], or leave it out"},
	{"no campaigns beside discovery", inAccount("discovery: {}", "campaigns: []"), "3", "campaigns is empty", "such as [12345], or leave it out"},
	{"no campaigns", inAccount("campaigns: []"), "2", "neither campaigns nor discovery", "or discovery: {}"},
	{"no accounts", "cache: {}\naccounts: []\n", "2", "no accounts", "such as - campaigns: [12345]"},
	{"no values of a header", inAccount("campaigns: [1]", "http_config:", "  http_headers: {X-A: {values: []}}"), "4", "values is empty", "or leave it out"},
	{"an empty expression", inDiscovery(`name: ""`), "warning 3", "name is empty", "or leave it out"},
	{"an empty expression to exclude", inDiscovery(`exclude_name: ""`), "warning 3", "exclude_name is empty", "or leave it out"},

	// One mistake, one line.
	{"campaign for campaigns", inAccount("name: a", "campaign: [1]"), "3", `unknown key "campaign" in an account`, "did you mean campaigns?"},
	{"campaigns in another case", inAccount("Campaigns: [1]"), "2", `unknown key "Campaigns" in an account`, "did you mean campaigns?"},
	{"discover for discovery", inAccount("discover: {}"), "2", `unknown key "discover" in an account`, "did you mean discovery?"},
	{"account for accounts", "cache: {}\naccount:\n  - campaigns: [1]\n", "2", `unknown key "account" in the configuration`, "did you mean accounts?"},
	{"ids for id", inCampaign("name: Q4", "ids: 5"), "4", `unknown key "ids" in a campaign`, "did you mean id?"},
	{"api_key_fil for api_key_file", inAccount("campaigns: [1]", "api_key_fil: key"), "3", `unknown key "api_key_fil" in an account`, "did you mean api_key_file?"},
	{"files for file", "accounts: [{campaigns: [1]}]\ncache:\n  fil: x\n", "3", `unknown key "fil" in cache`, "did you mean file?"},
	{"token for api_key", inAccount("campaigns: [1]", "token: x"), "3", `unknown key "token" in an account`, "did you mean api_key?"},
	{"url for base_url", inAccount("campaigns: [1]", "url: https://a.example"), "3", `unknown key "url" in an account`, "did you mean base_url?"},
	{"timeout for request_timeout", inAccount("campaigns: [1]", "timeout: 10s"), "3", `unknown key "timeout" in an account`, "did you mean request_timeout?"},
	{"steps for sequence_numbers", inCampaign("id: 1", "steps: [1]"), "4", `unknown key "steps" in a campaign`, "did you mean sequence_numbers?"},
	{"campaign_id for id", inCampaign("campaign_id: 1"), "3", `unknown key "campaign_id" in a campaign`, "did you mean id?"},
	{"an id as key", inCampaign("12345: Q4"), "3", `unknown key "12345" in a campaign`, "write id: 12345, and name: before what follows it"},
	{"a dash without a space", "accounts:\n  - campaigns:\n    -12345\n", "3", "not valid YAML", "and after the dash, as in - 12345"},
	{"campaigns at the top", "cache: {}\ncampaigns: [1]\n", "2", `unknown key "campaigns" in the configuration`, "write it below an item of accounts"},
	{"campaigns beside accounts", "accounts:\n  - name: a\ncampaigns: [1]\n", "3", `unknown key "campaigns" in the configuration`, "write it below an item of accounts"},
	{"discovery at the top", "discovery: {}\naccounts:\n  - name: a\n", "1", `unknown key "discovery" in the configuration`, "write it below an item of accounts"},
	{"ttl in an account", inAccount("campaigns: [1]", "ttl: 5m"), "3", `unknown key "ttl" in an account`, "write it below cache"},
	{"per_minute in an account", inAccount("campaigns: [1]", "per_minute: 5"), "3", `unknown key "per_minute" in an account`, "write it below rate_limit"},
	{"statuses in an account", inAccount("discovery: {}", "statuses: [ACTIVE]"), "3", `unknown key "statuses" in an account`, "write it below discovery"},
	{"proxy_url in an account", inAccount("campaigns: [1]", "proxy_url: http://proxy:3128"), "3", `unknown key "proxy_url" in an account`, "write it below http_config"},
	{"ca_file in http_config", inAccount("campaigns: [1]", "http_config: {ca_file: x}"), "3", `unknown key "ca_file" in http_config`, "write it below tls_config in http_config"},
	{"cache in an account", inAccount("campaigns: [1]", "cache: {ttl: 1m}"), "3", `unknown key "cache" in an account`, "write it below the top level"},

	{"a text for an account", "accounts:\n  - campaigns: [1]\n  - x\n", "3", "an account is not a mapping", "write key: value, such as campaigns: [12345]"},
	{"a text for the only account", "accounts:\n  - x\n", "2", "an account is not a mapping", "write key: value, such as campaigns: [12345]"},
	{"a list for an account", "accounts:\n  - [1]\n", "2", "an account is not a mapping", "write key: value, such as campaigns: [12345]"},
	{"a dash alone", "accounts:\n  - campaigns: [1]\n  -\n", "3", "an empty item in accounts", "write an account, such as - campaigns: [12345], or leave it out"},
	{"a colon without a space", "accounts:\n  - campaigns:[1]\n", "2", "an account is not a mapping", "write a space after the colon"},
	{"accounts as a mapping", "accounts:\n  campaigns: [1]\n", "1", "accounts is not a list", "write each item on a line of its own"},
	{"a key given twice", inAccount("campaigns: [1]", "campaigns: [2]"), "3", "campaigns is given twice, first on line 2", "keep one of the two"},
	{"tabs", "accounts:\n\t- campaigns: [1]\n", "2", "not valid YAML", "indent by spaces, not tabs"},
	{"an item less indented", "accounts:\n  - campaigns: [1]\n   discovery: {}\n", "3", "not valid YAML", "check the indentation"},
	{"a bracket left open", "accounts:\n  - campaigns: [1\n", "2", "not valid YAML", "brackets"},
	{"two documents", inAccount("campaigns: [1]") + "---\naccounts: []\n", "3", "a second YAML document", "keep one"},
	{"a list of campaigns alone", "- campaigns: [1]\n", "1", "the configuration is not a mapping", "such as accounts: and a list below it"},
	{"two accounts without names", "accounts:\n  - {api_key: a1, campaigns: [1]}\n  - {api_key: a2, campaigns: [2]}\n", "3", `a second account named "default"`, "write a name: of its own in each"},
	{"campaigns in a line", inAccount("campaigns: 12345, 67890"), "2", "campaigns is not a list", "write each item on a line of its own, such as - 12345"},
	{"all campaigns", inAccount("campaigns: all"), "2", "campaigns is not a list", "write each item on a line of its own, such as - 12345"},
	{"discovery switched on", inAccount("discovery: true"), "2", "discovery is not a mapping", "such as interval: 10m"},
	{"discovery without a value", inAccount("discovery:"), "2", "discovery has no value", "write discovery: {} for every campaign"},

	// Sources of the key without a value, by which another one would be taken.
	{"no key", inAccount("campaigns: [1]", "api_key:"), "3", "api_key has no value", "or leave it out"},
	{"no key file", inAccount("campaigns: [1]", "api_key_file: ~"), "3", "api_key_file has no value", "write the path of a file that holds the key"},
	{"no variable", inAccount("api_key_env:", "campaigns: [1]"), "2", "api_key_env has no value", "write a variable's name"},

	// Durations and numbers.
	{"a duration without a unit", "cache: {ttl: 45}\n" + inAccount("campaigns: [1]"), "1", `ttl is "45", which is no duration`, "write a number with a unit, such as 45s"},
	{"a duration with a space", "cache: {ttl: 1 h}\n" + inAccount("campaigns: [1]"), "1", `ttl is "1 h", which is no duration`, "write a number with a unit"},
	{"a duration below 0", "cache: {ttl: -5m}\n" + inAccount("campaigns: [1]"), "1", `ttl is "-5m", which is no duration`, "write a number with a unit"},
	{"a duration with a fraction", "cache: {ttl: 1.5h}\n" + inAccount("campaigns: [1]"), "1", `ttl is "1.5h", which is no duration`, "such as 45s, 5m, 1h30m or 30d"},
	{"a duration in words", "cache:\n  max_stale: 5 minutes\n" + inAccount("campaigns: [1]"), "2", `max_stale is "5 minutes", which is no duration`, "write a number with a unit"},
	{"a ttl of 0", "cache: {ttl: 0s}\n" + inAccount("campaigns: [1]"), "1", "ttl is 0", "write a little less than the scrape interval"},
	{"max_stale below ttl", "cache: {ttl: 5h, max_stale: 1h}\n" + inAccount("campaigns: [1]"), "1", "max_stale (1h) is shorter than ttl (5h)", "write at least the ttl"},
	{"no request a minute", inAccount("rate_limit: {per_minute: 0}", "campaigns: [1]"), "2", `per_minute is "0"`, "write a whole number from 1"},
	{"requests with a unit", inAccount("rate_limit:", "  per_minute: 60/min", "campaigns: [1]"), "3", `per_minute is "60/min"`, "write a whole number from 1"},
	{"a limit alone", inAccount("rate_limit: 60", "campaigns: [1]"), "2", "rate_limit is not a mapping", "such as per_minute: 60"},
	{"no request at a time", inAccount("rate_limit: {concurrency: 0}", "campaigns: [1]"), "2", `concurrency is "0"`, "write a whole number from 1 to 64"},
	{"no campaign at the most", inDiscovery("max_campaigns: 0"), "3", `max_campaigns is "0"`, "write a whole number from 1"},
	{"a step 0", inCampaign("id: 1", "sequence_numbers: [0]"), "4", `a sequence number is "0"`, "write a whole number from 1 to 20"},
	{"a date as in America", inCampaign("id: 1", "sent_after: 01/31/2026"), "4", "which is no time", "write 2026-01-31"},
	{"a window that ends before it begins", inCampaign("id: 1", "sent_after: 2026-02-01", "sent_before: 2026-01-01"), "5", "sent_before is not later than sent_after", "exchange the two"},
	{"two windows", inCampaign("id: 1", "sent_within: 7d", "sent_after: 2026-01-01"), "4", "sent_within excludes sent_after", "keep the window that moves, or the dates"},
	{"a shard of none", inDiscovery("shard: 4/3"), "3", "no part 4 among 3", "write 1/3, 2/3 or 3/3"},
	{"an expression with a look ahead", inDiscovery("name: '(?!x)'"), "3", "no regular expression", "write RE2 syntax"},

	// One thing twice.
	{"a campaign twice", inAccount("campaigns:", "- 1", "- 1"), "4", "campaign 1 is listed twice, first at config.yml:3", "keep one of the two"},
	{"a step twice", inCampaign("id: 1", "sequence_numbers: [1, 1]"), "4", "sequence number 1 is listed twice", "keep one of the two"},
	{"a status twice", inDiscovery("statuses: [ACTIVE, active]"), "warning 3", `"ACTIVE" is in statuses twice`, "keep one of the two"},
	{"a tag twice", inDiscovery("tags: [a, b, a]"), "warning 3", `"a" is in tags twice`, "keep one of the two"},
	{"a client twice", inDiscovery("client_ids: [77, '77']"), "warning 3", `"77" is in client_ids twice`, "keep one of the two"},
	{"an empty tag", inDiscovery("tags: ['']"), "3", "an empty item in tags", "write a value, or leave it out"},

	// How the API is asked.
	{"plain http", inAccount("base_url: http://server.smartlead.ai/api/v1", "campaigns: [1]"), "2", "base_url is plain http, which sends the key in the clear", "write https://"},
	{"no scheme", inAccount("base_url: server.smartlead.ai/api/v1", "campaigns: [1]"), "2", "base_url is not an http URL", "such as https://server.smartlead.ai/api/v1"},
	{"a query", inAccount("base_url: https://server.smartlead.ai/api/v1?api_key="+canary, "campaigns: [1]"), "2", "base_url has a query", "the key belongs in api_key_file"},
	{"a password", inAccount("base_url: https://u:p4ssw0rd@server.smartlead.ai/api/v1", "campaigns: [1]"), "2", "base_url has a user name or password", "basic_auth belongs in http_config"},
	{"a proxy without a scheme", inAccount("campaigns: [1]", "http_config: {proxy_url: 'proxy:3128'}"), "3", "proxy_url is not a URL", "write http://host:port"},
	{"a method of counting", inAccount("counting: row", "campaigns: [1]"), "2", `counting is "row"`, "write auto, or rows"},
	{"yes for true", inAccount("collect: [mailboxes]", "mailbox_addresses: yes", "campaigns: [1]"), "3", `mailbox_addresses is "yes"`, "write true or false"},

	// A campaign's address for its id.
	{"an address", inCampaign("https://app.smartlead.ai/app/email-campaign/12345/analytics"), "3", "campaign id is not a number alone", "write 12345"},
	{"an address with a key", inCampaign("id: https://server.smartlead.ai/api/v1/campaigns/12345/statistics?api_key=" + canary), "3", "campaign id is not a number alone", "write 12345"},
	{"an address that ends in the id", inCampaign("id: https://app.smartlead.ai/app/email-campaign/67890"), "3", "campaign id is not a number alone", "write 67890"},
	{"an address with a query", inCampaign(`"https://app.smartlead.ai/app/email-campaign/67890?tab=leads&page=2"`), "3", "campaign id is not a number alone", "write 67890"},
	{"an address with a fragment", inCampaign(`"https://app.smartlead.ai/app/email-campaigns-v2/67890/leads#7"`), "3", "campaign id is not a number alone", "write 67890"},
	{"an address of another host", inCampaign("https://mail.agency.example/app/email-campaign/12/overview"), "3", "campaign id is not a number alone", "write 12"},
	{"an address without a scheme", inCampaign("app.smartlead.ai/app/email-campaign/12345/analytics"), "3", "campaign id is not a number alone", "write 12345"},
	{"a path", inCampaign("/campaigns/12345"), "3", "campaign id is not a number alone", "write 12345"},
	{"an id in a query", inCampaign(`"https://app.smartlead.ai/report?client=7&campaign_id=12345"`), "3", "campaign id is not a number alone", "write 12345"},
	{"an id with a number sign", inCampaign(`"#12345"`), "3", "campaign id is not a number alone", "write 12345"},
	{"an id with a word", inCampaign("campaign 12345"), "3", "campaign id is not a number alone", "write 12345"},
	{"an id with its key", inCampaign(`"id: 12345"`), "3", "campaign id is not a number alone", "write 12345"},
	{"an id in groups", inCampaign(`"12,345"`), "3", "campaign id is not a number alone", "write 12345"},
	{"an id with a fraction of 0", inCampaign("12345.0"), "3", "campaign id is not a number alone", "write 12345"},
	{"an address without an id", inCampaign("https://app.smartlead.ai/app/email-campaigns/all"), "3", "campaign id is", "write its number, such as 12345"},
	{"a mapping that is an address", inCampaign("name: x", "id: https://app.smartlead.ai/app/email-campaign/12345/analytics"), "4", "campaign id is not a number alone", "write 12345"},

	// A key in the wrong place is not repeated.
	{"a key as account name", inAccount("name: "+smartleadKey, "campaigns: [1]"), "2", "name looks like an API key", "the key belongs in api_key_file"},
	{"the key as account name", inAccount("name: the-account-key", "campaigns: [1]"), "2", "name looks like an API key", "the key belongs in api_key_file"},
	{"a key as campaign name", inCampaign("id: 1", "name: "+smartleadKey), "4", "name looks like an API key", "the key belongs in api_key_file"},
	{"a key as campaign id", inCampaign("id: " + smartleadKey), "3", "campaign id is (not shown", "write its number"},
	{"a key as step", inCampaign("id: 1", "sequence_numbers: ["+smartleadKey+"]"), "4", "not shown", "write a whole number"},
	{"a key as time", inCampaign("id: 1", "sent_after: "+smartleadKey), "4", "not shown", "write 2026-01-31"},
	{"a key as duration", inAccount("request_timeout: "+smartleadKey, "campaigns: [1]"), "2", "not shown", "write a number with a unit"},
	{"a key as number", inAccount("rate_limit: {per_minute: "+smartleadKey+"}", "campaigns: [1]"), "2", "not shown", "write a whole number"},
	{"a key as status", inDiscovery("statuses: [" + smartleadKey + "]"), "warning 3", "not shown", "the known ones are"},
	{"a key as expression", inDiscovery("name: '(" + smartleadKey + "'"), "3", "not shown", "write RE2 syntax"},
	{"a key as shard", inDiscovery("shard: " + smartleadKey), "3", "not shown", "write 1/3"},
	{"a key as key", inAccount("campaigns: [1]", smartleadKey+": x"), "3", "unknown key in an account", "write one of"},
	{"a key as variable", inAccount("campaigns: [1]", "api_key_env: "+smartleadKey), "3", "api_key_env is not a variable's name", "a key itself belongs into a file"},
	{"a key as path", inAccount("campaigns: [1]", "api_key_file: "+smartleadKey), "3", "the key file can't be read", "write the path of a file"},
	{"a key in base_url", inAccount("base_url: https://api.example.com/the-account-key/api/v1", "campaigns: [1]"), "2", "base_url has the API key in it", "the key belongs in api_key_file"},
	{"a hexadecimal secret as campaign id", inCampaign("0f1e2d3c4b5a69788796"), "3", "campaign id is (not shown", "write its number"},
	{"a secret in base 64 as campaign id", inCampaign("aGVsbG8gd29ybGQgMTIzNDU2Nzg5MA=="), "3", "campaign id is (not shown", "write its number"},
}

// smartleadKey has the form of Smartlead's keys.
const smartleadKey = "8f2c1b6e-1234-4c3a-9f10-0123456789ab_x1y2z3a"

func TestMistakes(t *testing.T) {
	t.Setenv("SMARTLEAD_API_KEY", "the-account-key")
	for _, tc := range mistakes {
		t.Run(tc.name, func(t *testing.T) {
			got := told(t, tc.yaml)
			want := "config.yml:" + tc.at + ": "
			if line, ok := strings.CutPrefix(tc.at, "warning "); ok {
				want = "warning config.yml:" + line + ": "
			}
			if !strings.HasPrefix(got, want) || !strings.Contains(got, tc.says) || !strings.Contains(got, tc.do) || strings.Contains(got, "\n") {
				t.Errorf("got  %s\nwant %s… %s … %s, in one line", got, want, tc.says, tc.do)
			}
			for _, secret := range []string{canary, smartleadKey, smartleadKey[:8], "x1y2z3a", "the-account-key", "0f1e2d", "aGVsbG8"} {
				if strings.Contains(got, secret) {
					t.Errorf("shows %s: %s", secret, got)
				}
			}
		})
	}
}

// told returns what is said of a configuration: problems, or else warnings.
func told(t *testing.T, text string) string {
	t.Helper()
	cfg, err := config.Parse("config.yml", []byte(text))
	if err != nil {
		return message(t, err)
	}
	lines := make([]string, len(cfg.Warnings))
	for i, warning := range cfg.Warnings {
		lines[i] = "warning " + warning.String()
	}
	return strings.Join(lines, "\n")
}

// TestNamesThatAreNoKeys holds what looksLikeKey must let pass, since names that look like a key are refused.
func TestNamesThatAreNoKeys(t *testing.T) {
	t.Setenv("SMARTLEAD_API_KEY", "key")
	for _, name := range []string{
		"agency-1", "customer20260101production", "eu-central-1.prod.account-0042", "MyAgencyNorthAmericaOutreach",
		"2026-q4-outbound-wave-2-follow-up-1", "acme_corp_sales_development_team_emea", "1234567890123456", "deadbeef",
	} {
		if got := told(t, inAccount("name: "+name, "campaigns: [{id: 1, name: "+name+"}]")); got != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
	for _, name := range []string{
		"Q4 2026: decision makers, DACH (wave 2, 1,000-5,000 employees)", "[A/B] 2026-01-15 Webinar → Follow-up #3",
		"Re-engagement2026Q1EnterpriseAccountsEMEA",
	} {
		if got := told(t, inCampaign("id: 1", "name: '"+name+"'")); got != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestFilesThatAreNoConfiguration names, as --config.file, what else lies about.
func TestFilesThatAreNoConfiguration(t *testing.T) {
	t.Setenv("SMARTLEAD_API_KEY", "key")
	cert, key := certificate(t)
	const notOurs = "is not a configuration of this exporter: name one by --config.file"
	for name, tc := range map[string]struct{ content, want string }{
		"shadow":                {"root:*:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\nsecretuser:$y$j9T$abcdef:19000:0:99999:7:::\n", notOurs},
		"passwd":                {"root:x:0:0:root:/root:/bin/bash\nsecretuser:x:1000:1000:Jane:/home/jane:/bin/zsh\n", notOurs},
		"group":                 {"root:x:0:\nsecretuser:x:1000:jane,joe\n", notOurs},
		"a key":                 {smartleadKey + "\n", notOurs},
		"variables":             {"SMARTLEAD_API_KEY=" + smartleadKey + "\nOTHER='secretuser: x'\n", notOurs},
		"a certificate":         {cert, notOurs},
		"a private key":         {key, notOurs},
		"an encrypted key":      {"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0F1E2D\n\nsecretuser\n-----END RSA PRIVATE KEY-----\n", notOurs},
		"a log":                 {"ts=2026-01-01T00:00:00Z level=info msg=\"started: secretuser\" account: x\n\tat: y\n", notOurs},
		"a log of JSON":         {`{"ts":"2026-01-01","msg":"secretuser"}` + "\n" + `{"ts":"2026-01-01","msg":"secretuser"}` + "\n", notOurs},
		"a binary":              {"\x7fELF\x02\x01\x01\x00\x00secretuser\x00\xff\xfe", notOurs},
		"an archive":            {"\x1f\x8b\x08\x00\xff\xfesecretuser", notOurs},
		"NULs":                  {"accounts:\x00secretuser", notOurs},
		"HTML":                  {"<!DOCTYPE html>\n<html><body class=\"a: b\">secretuser</body></html>\n", notOurs},
		"text":                  {"Dear secretuser,\n\nthanks for all: see below.\n", notOurs},
		"INI":                   {"[section]\nuser = secretuser\n", notOurs},
		"TOML":                  {"title = \"secretuser\"\n[a.b]\nc = 1\n", notOurs},
		"hosts":                 {"127.0.0.1 localhost\n::1 secretuser\n", notOurs},
		"a script":              {"#!/bin/sh\nset -eu\necho \"secretuser: $1\" | grep -v '^x: y'\n", notOurs},
		"Prometheus' own":       {"global: {scrape_interval: 1m}\nscrape_configs:\n  - job_name: secretuser\n", notOurs},
		"a stack":               {"name: secretuser\nservices:\n  a: {image: b}\n", notOurs},
		"a secret of a cluster": {"apiVersion: v1\nkind: Secret\nmetadata: {name: secretuser}\ndata: {api_key: c2VjcmV0}\n", notOurs},
		"UTF-16":                {"\xff\xfea\x00c\x00c\x00o\x00u\x00n\x00t\x00s\x00:\x00", "is encoded as UTF-16"},
		"another encoding":      {"accounts:\n  - name: caf\xe9 secretuser\n", "config.yml:2: not UTF-8"},
		"ours that is broken":   {"accounts:\n  - name: [secretuser\n", "config.yml:2: not valid YAML"},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, "config.yml", tc.content)
			_, err := config.Load(path)
			got := message(t, err)
			if !strings.Contains(got, tc.want) || strings.Contains(got, "\n") {
				t.Errorf("got  %s\nwant %s, in one line", got, tc.want)
			}
			for _, content := range []string{"secretuser", "root", smartleadKey, smartleadKey[:8], "MII", "BEGIN", "0F1E2D", "echo", "c2VjcmV0", "Dear"} {
				if strings.Contains(strings.TrimPrefix(got, path), content) {
					t.Errorf("shows %q of what is in it: %s", content, got)
				}
			}
		})
	}
}

// unfit are texts that stand where a key belongs, with a word of what is said of each.
var unfit = map[string]struct{ text, says string }{
	"a byte order mark":        {"\ufeff" + smartleadKey, "byte order mark"},
	"UTF-16":                   {"\xff\xfe8\x00f\x002\x00c\x00", "UTF-16"},
	"UTF-16 without a mark":    {"8\x00f\x002\x00c\x00", "UTF-16"},
	"bytes":                    {smartleadKey + "\xe9", "no text"},
	"quotes":                   {`"` + smartleadKey + `"`, "quotes"},
	"single quotes":            {"'" + smartleadKey + "'", "quotes"},
	"typographic quotes":       {"“" + smartleadKey + "”", "quotes"},
	"backquotes":               {"`" + smartleadKey + "`", "quotes"},
	"one quote":                {smartleadKey + `"`, "quotes"},
	"a variable's assignment":  {"SMARTLEAD_API_KEY=" + smartleadKey, "name before the key"},
	"an export":                {"export SMARTLEAD_API_KEY=" + smartleadKey, "name before the key"},
	"an export of any name":    {"export K=" + smartleadKey, "name before the key"},
	"an export in quotes":      {`export SMARTLEAD_API_KEY="` + smartleadKey + `"`, "name before the key"},
	"PowerShell":               {`$env:SMARTLEAD_API_KEY = "` + smartleadKey + `"`, "name before the key"},
	"cmd.exe":                  {"set SMARTLEAD_API_KEY=" + smartleadKey, "name before the key"},
	"a small name":             {"api_key=" + smartleadKey, "name before the key"},
	"YAML":                     {"api_key: " + smartleadKey, "name before the key"},
	"JSON":                     {`{"api_key": "` + smartleadKey + `"}`, "name before the key"},
	"a query":                  {"?api_key=" + smartleadKey, "api_key="},
	"a header":                 {"Authorization: Bearer " + smartleadKey, "name before the key"},
	"a scheme":                 {"Bearer " + smartleadKey, "Bearer"},
	"another scheme":           {"bearer\t" + smartleadKey, "Bearer"},
	"a URL":                    {"https://server.smartlead.ai/api/v1/campaigns?api_key=" + smartleadKey, "URL"},
	"a path with a query":      {"/api/v1/campaigns?limit=1&api_key=" + smartleadKey, "URL"},
	"a URL of a file":          {"file:///run/secrets/key", "URL"},
	"a path":                   {"/run/secrets/api_key", "path"},
	"a relative path":          {"./key", "path"},
	"a path from home":         {"~/key.txt", "path"},
	"a path on Windows":        {`C:\key.txt`, "path"},
	"a zero-width space":       {smartleadKey[:20] + "\u200b" + smartleadKey[20:], "can't be seen"},
	"a zero-width joiner":      {smartleadKey + "\u200d", "can't be seen"},
	"a mark within":            {smartleadKey[:20] + "\ufeff" + smartleadKey[20:], "can't be seen"},
	"a soft hyphen":            {smartleadKey[:8] + "\u00ad" + smartleadKey[8:], "can't be seen"},
	"a space that can't break": {smartleadKey[:8] + "\u00a0" + smartleadKey[8:], "can't be seen"},
	"a direction":              {"\u202a" + smartleadKey + "\u202c", "can't be seen"},
	"a dash":                   {strings.ReplaceAll(smartleadKey, "-", "–"), "ASCII"},
	"a Cyrillic letter":        {"8f2с1b6e-1234", "ASCII"},
	"a placeholder":            {"YOUR_API_KEY", "placeholder"},
	"a small placeholder":      {"your-api-key-here", "placeholder"},
	"one with the name":        {"your_smartlead_api_key", "placeholder"},
	"one in brackets":          {"<your key>", "placeholder"},
	"another in brackets":      {"<secret>", "placeholder"},
	"square brackets":          {"[API KEY]", "placeholder"},
	"an ellipsis":              {"…", "masked"},
	"three dots":               {"...", "masked"},
	"a shortened key":          {"8f2c1b6e…x1y2z3a", "masked"},
	"a shortened key in ASCII": {"8f2c1b6e...", "masked"},
	"a masked key":             {"••••••••3a", "masked"},
	"a masked key in ASCII":    {"********3a", "masked"},
	"x":                        {"xxx", "placeholder"},
	"many x":                   {"XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX_XXXXXXX", "placeholder"},
	"changeme":                 {"changeme", "placeholder"},
	"CHANGE_ME":                {"CHANGE_ME", "placeholder"},
	"replace me":               {"replace-me", "placeholder"},
	"the example's key":        {"00000000-0000-0000-0000-000000000000_example", "placeholder"},
	"null":                     {"null", "placeholder"},
	"undefined":                {"undefined", "placeholder"},
	"a variable of a template": {"{{ .Values.apiKey }}", "variable"},
	"a variable on Windows":    {"%SMARTLEAD_API_KEY%", "variable"},
	"a variable's name":        {"SMARTLEAD_API_KEY", "variable"},
	"a comma":                  {smartleadKey + ",", "comma"},
	"a semicolon":              {smartleadKey + ";", "semicolon"},
	"a comment":                {"# production\n" + smartleadKey, "more than one word"},
	"two keys":                 {smartleadKey + "\n" + smartleadKey, "more than one word"},
	"a control character":      {smartleadKey[:8] + "\x07" + smartleadKey[8:], "control characters"},
}

// TestKeysThatCannotBeRight has each of them in a file, in a variable and in the configuration, where it is said once,
// with line and remedy, and nothing of the text is; and in a file that changes later, where it is an error then.
func TestKeysThatCannotBeRight(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	put := func(text string) {
		t.Helper()
		if err := os.WriteFile("key", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(smartleadKey)
	account := parse(t, inAccount("campaigns: [1]", "api_key_file: key")).Accounts[0]
	for name, tc := range unfit {
		t.Run(name, func(t *testing.T) {
			put(tc.text + "\n")
			said := map[string]string{"file": told(t, inAccount("campaigns: [1]", "api_key_file: key"))}
			if !strings.ContainsRune(tc.text, 0) { // no variable has one, nor a configuration
				t.Setenv("UNFIT_KEY", tc.text)
				said["variable"] = told(t, inAccount("campaigns: [1]", "api_key_env: UNFIT_KEY"))
			}
			if utf8.ValidString(tc.text) && !strings.ContainsAny(tc.text, "\x00\x07\n") && !strings.HasPrefix(tc.text, "$") {
				said["configuration"] = told(t, inAccount("campaigns: [1]", "api_key: '"+strings.ReplaceAll(tc.text, "'", "''")+"'"))
			}
			for source, got := range said {
				if !strings.HasPrefix(got, "config.yml:3: ") || !strings.Contains(got, tc.says) || strings.Contains(got, "\n") {
					t.Errorf("in a %s: got %s\nwant config.yml:3: … %s, in one line", source, got, tc.says)
				}
				if !strings.Contains(got, ": write the API key") && !strings.Contains(got, ": set it to the API key") {
					t.Errorf("in a %s: no remedy: %s", source, got)
				}
			}
			key, err := account.Key()
			if key != "" || err == nil || !strings.HasPrefix(err.Error(), `account "default": api_key_file: `) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("when it is used: got %q, %v", key, err)
			}
			said["use"] = fmt.Sprint(err)
			for source, got := range said {
				for _, part := range []string{smartleadKey[:8], "x1y2z3a", "secrets", "Values", "production"} {
					if strings.Contains(got, part) {
						t.Errorf("in a %s: shows %s of the text: %s", source, part, got)
					}
				}
			}
		})
	}
}

// TestKeysThatCanBeRight holds what is no business of ours: keys of other forms, as simulators and proxies have.
func TestKeysThatCanBeRight(t *testing.T) {
	for _, key := range []string{
		smartleadKey, strings.ToUpper(smartleadKey), "key", "x", "demo", "the-key", "a/+&=b", canary, "abc==", "MyKey", "yourselves",
		"k=v", "a:b", "$5&7", "abc%20def", "eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG_HACGpVUMN_a9IV7pAx_Zmeo",
	} {
		path := write(t, "key", key+"\r\n")
		cfg, err := config.Parse(filepath.Join(filepath.Dir(path), "config.yml"), []byte(inAccount("campaigns: [1]", "api_key_file: key")))
		if err != nil {
			t.Errorf("%s: %v", key, err)
			continue
		}
		if got, err := cfg.Accounts[0].Key(); got != key || err != nil {
			t.Errorf("%s: got %q, %v", key, got, err)
		}
	}
}
