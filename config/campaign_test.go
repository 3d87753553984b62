package config_test

import (
	"strings"
	"testing"
)

func TestRefusedCampaigns(t *testing.T) {
	check(t, []refusal{
		{
			"empty", inCampaign(""),
			"config.yml:3: an empty item in campaigns: write a campaign's id, such as - 12345",
		},
		{
			"a list", inCampaign("[1, 2]"),
			"config.yml:3: a campaign is not a mapping: write key: value, such as id: 12345",
		},
		{
			"an id of 0", inCampaign("0"),
			`config.yml:3: campaign id is "0": write its number, such as 12345`,
		},
		{
			"a negative id", inCampaign("id: -1"),
			`config.yml:3: campaign id is "-1": write its number, such as 12345`,
		},
		{
			"an id that is a text", inCampaign("id: q4"),
			`config.yml:3: campaign id is "q4": write its number, such as 12345`,
		},
		{
			"a fractional id", inCampaign("1.5"),
			`config.yml:3: campaign id is "1.5": write its number, such as 12345`,
		},
		{
			"an id above int64", inCampaign("id: 9223372036854775808"),
			`config.yml:3: campaign id is "9223372036854775808": write its number, such as 12345`,
		},
		{
			"no id", inCampaign("name: Q4"),
			"config.yml:3: a campaign without an id: write id: 12345",
		},
		{
			"an unknown key", inCampaign("id: 1", "sequences: [1]"),
			`config.yml:4: unknown key "sequences" in a campaign: write one of id, name, sent_after, sent_before, sent_within, sequence_numbers`,
		},
		{
			"a long name", inCampaign("id: 1", "name: "+strings.Repeat("é", 257)),
			"config.yml:4: name has 257 characters: write at most 256",
		},
		{
			"step 0", inCampaign("id: 1", "sequence_numbers: [0]"),
			`config.yml:4: a sequence number is "0": write a whole number from 1 to 20`,
		},
		{
			"step 21", inCampaign("id: 1", "sequence_numbers:", "  - 1", "  - 21"),
			`config.yml:6: a sequence number is "21": write a whole number from 1 to 20`,
		},
		{
			"a step twice", inCampaign("id: 1", "sequence_numbers:", "  - 1", "  - 2", "  - 1"),
			"config.yml:7: sequence number 1 is listed twice: keep one of the two",
		},
		{
			"a step that is no list", inCampaign("id: 1", "sequence_numbers: 1"),
			"config.yml:4: sequence_numbers is not a list: write each item on a line of its own, such as - 1",
		},
		{
			"no steps", inCampaign("id: 1", "sequence_numbers: []"),
			"config.yml:4: sequence_numbers is empty: write the steps to export, such as [1, 2], or leave it out for all",
		},
		{
			"a window and a date", inCampaign("id: 1", "sent_after: 2026-01-01", "sent_within: 30d"),
			"config.yml:5: sent_within excludes sent_after and sent_before: keep the window that moves, or the dates",
		},
		{
			"a window and another date", inCampaign("id: 1", "sent_within: 30d", "sent_before: 2026-01-01"),
			"config.yml:4: sent_within excludes sent_after and sent_before: keep the window that moves, or the dates",
		},
		{
			"an empty window", inCampaign("id: 1", "sent_within: 0s"),
			"config.yml:4: sent_within is 0: write how far back to look, such as 30d, or leave it out for all time",
		},
		{
			"dates in the wrong order", inCampaign("id: 1", "sent_after: 2026-02-01", "sent_before: 2026-01-01"),
			"config.yml:5: sent_before is not later than sent_after: exchange the two, or leave one out",
		},
		{
			"the same time twice", inCampaign("id: 1", "sent_after: 2026-01-01", "sent_before: 2026-01-01T01:00:00+01:00"),
			"config.yml:5: sent_before is not later than sent_after: exchange the two, or leave one out",
		},
		{
			"a date that is none", inCampaign("id: 1", "sent_after: 2026-02-30"),
			`config.yml:4: sent_after is "2026-02-30", which is no time: write 2026-01-31, or 2026-01-31T09:00:00Z with Z or an offset`,
		},
		{
			"a time without a zone", inCampaign("id: 1", "sent_before: 2026-01-01T00:00:00"),
			`config.yml:4: sent_before is "2026-01-01T00:00:00", which is no time: write 2026-01-31, or 2026-01-31T09:00:00Z with Z or an offset`,
		},
		{
			"a campaign twice", "accounts:\n  - campaigns:\n    - 1\n    - 2\n    - id: 1\n",
			"config.yml:5: campaign 1 is listed twice, first at config.yml:3: keep one of the two",
		},
		{
			"a campaign in two accounts", "accounts:\n  - name: a\n    campaigns: [7]\n  - name: b\n    campaigns:\n    - name: seven\n      id: 7\n",
			"config.yml:7: campaign 7 is listed twice, first at config.yml:3: keep one of the two",
		},
		{
			"an unsupported tag", inCampaign("!env ID"),
			"config.yml:3: id has a tag that is not supported: write the value alone, in quotes if it starts with !",
		},
	})
}
