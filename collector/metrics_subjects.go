package collector

// Families of how collecting subjects goes. They are there for each subject that is to be collected.
var (
	subjectUpFamily          = subjectFamily("up", "Whether collecting this subject succeeds: 1 or 0. 0 before the first success.")
	subjectLastSuccessFamily = subjectFamily("last_success_timestamp_seconds", "When this subject was last had whole, in Unix time: where each campaign is asked for by itself, when the oldest of what is shown was had. 0 before the first.")
	subjectDurationFamily    = subjectFamily("duration_seconds", "How long the newest finished fetch of this subject took, of one campaign where each is asked for by itself. 0 before the first.")
)

// Families of the subject mailboxes.
var (
	mailboxesFamily           = accountFamily("mailboxes", "Mailboxes in the account's list.")
	mailboxInfoFamily         = mailboxFamily("info", "What a mailbox is, for joins. Always 1. The address is empty unless mailbox_addresses is on.", "type", "client_id", "domain", "address")
	mailboxSMTPFamily         = mailboxFamily("smtp_up", "Whether Smartlead could send by this mailbox when it last tried: 1 or 0.")
	mailboxIMAPFamily         = mailboxFamily("imap_up", "Whether Smartlead could read this mailbox when it last tried: 1 or 0.")
	mailboxDailyLimitFamily   = mailboxFamily("daily_limit", "E-mails that may leave this mailbox on a day.")
	mailboxSentTodayFamily    = mailboxFamily("sent_today", "E-mails that left this mailbox on the present day, as Smartlead counts days.")
	mailboxCampaignsFamily    = mailboxFamily("campaigns", "Campaigns that send from this mailbox.")
	mailboxReputationFamily   = mailboxFamily("warmup_reputation_ratio", "Reputation of this mailbox by its warm-up, from 0 to 1.")
	mailboxWarmupSpamFamily   = mailboxFamily("warmup_spam", "E-mails of this mailbox's warm-up that were found among the spam.")
	mailboxWarmupSentFamily   = mailboxFamily("warmup_sent", "E-mails that this mailbox's warm-up sent.")
	mailboxWarmupStatusFamily = mailboxFamily("warmup_status", "1 for the status that the warm-up of this mailbox has.", "status")
)

// Families of the subjects leads and people.
var (
	leadsFamily           = campaignFamily("leads", "Leads of this campaign by where they are in the sequence.", "state")
	leadsRepliedFamily    = campaignFamily("leads_replied", "Leads of this campaign that replied, as Smartlead counts them.")
	leadsContactedFamily  = campaignFamily("leads_contacted", "Leads of this campaign that were written to, as Smartlead counts them.")
	positiveRepliesFamily = campaignFamily("positive_replies", "Leads of this campaign whose reply is a positive one, as Smartlead counts them.")
)

// Families of the subject replies.
var (
	repliesFamily       = campaignFamily("replies", "E-mails of this step that got a reply, by the category that the lead has now; empty if it has none.", "sequence_number", "category")
	replyCategoryFamily = newFamily("reply_category", "info", "What a category of leads stands for, for joins. Always 1.", "account", "category", "sentiment")
	replyDelayFamily    = histogramFamily(campaignFamily("reply_delay_seconds", "How long after an e-mail of this campaign was sent it got its reply, of all replies there are now. The counts can fall, so rate() over them means nothing."))
)

// Families of the subject variants.
var (
	variantSentFamily         = variantFamily("sent", "E-mails of this variant of a step that were sent, as of the campaign's newest count of all rows.")
	variantOpenedFamily       = variantFamily("opened", "E-mails of this variant that were opened at least once, as of then.")
	variantClickedFamily      = variantFamily("clicked", "E-mails of this variant in which a link was clicked at least once, as of then.")
	variantRepliedFamily      = variantFamily("replied", "E-mails of this variant that got a reply, as of then.")
	variantUnsubscribedFamily = variantFamily("unsubscribed", "E-mails of this variant whose recipient unsubscribed, as of then.")
	variantBouncedFamily      = variantFamily("bounced", "E-mails of this variant that bounced, as of then.")
	variantInfoFamily         = variantFamily("info", "What a variant is called, for joins. Always 1.", "label")
)

// subjectFamilies are all of the above.
var subjectFamilies = []*family{
	subjectUpFamily, subjectLastSuccessFamily, subjectDurationFamily,
	mailboxesFamily, mailboxInfoFamily, mailboxSMTPFamily, mailboxIMAPFamily, mailboxDailyLimitFamily, mailboxSentTodayFamily,
	mailboxCampaignsFamily, mailboxReputationFamily, mailboxWarmupSpamFamily, mailboxWarmupSentFamily, mailboxWarmupStatusFamily,
	leadsFamily, leadsRepliedFamily, leadsContactedFamily, positiveRepliesFamily,
	repliesFamily, replyCategoryFamily, replyDelayFamily,
	variantSentFamily, variantOpenedFamily, variantClickedFamily, variantRepliedFamily, variantUnsubscribedFamily,
	variantBouncedFamily, variantInfoFamily,
}

func subjectFamily(name, help string) *family {
	return newFamily(exporter, "subject_"+name, help, "account", "subject")
}

func variantFamily(name, help string, labels ...string) *family {
	return newFamily("variant", name, help, append([]string{"campaign_id", "sequence_number", "variant_id"}, labels...)...)
}

func mailboxFamily(name, help string, labels ...string) *family {
	return newFamily("mailbox", name, help, append([]string{"account", "mailbox_id"}, labels...)...)
}
