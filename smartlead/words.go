package smartlead

import "strings"

// vocabulary is what APIs, gateways and databases say when something goes wrong, in lower case, and the names of
// parameters. No word of it is a name, or one that subjects of e-mails live on.
var vocabulary = wordSet(`
a about above abort aborted accept acceptable accepted access account accounts action active activity add added
address addresses after again against ai all allowed already an analytics and another any api apikey app application
archived are argument array as ask asked at attempt attempts attention auth authenticate authentication authorization
authorize authorized available aws away back backend bad balancer banned basic be bearer because been before began
begin being below between blacklisted block blocked body boolean both bounced bounces broken browser buffer but by
byte bytes cache call calls campaign campaigns can can't cancel canceled canceling cancelled cannot categories category
certificate challenge change changed check clicked clicks client clients closed cloudflare cloudfront code column
command completed configuration configured conflict connect connected connecting connection connections constraint
contain contained contains content cookies cors corrupt could couldn't count crash created credential credentials
credits current currently cursor data database date dates deadline deadlock decode default delete deleted denied
deny deprecated detected did didn't different digits disabled disconnected dispatch dns do document does doesn't domain
don't done down downstream drafted due duplicate duplicated duration each eaccess econnrefused econnreset edge eof
element email emails empty enable enabled encoding encountered end endpoint endpoints ends enotfound enter entity enum
environment equal error errors etimedout exceed exceeded exceeds exception execute execution exist existing exists
expected expire expired expires failed failure fatal feature fetch file filter filters for forbid forbidden foreign
format found from function gateway get given go gone greater gzip half handle handler handshake has have header headers
heroku host hour hourly hours html http https id identifier ids if illegal in inactive incoming incorrect index
inet information initialize input instance insufficient integer internal into invalid ip is isn't issue it item items its
java javascript join json jwt keepalive key keys known latency lead leads least length less level lifetime limit limited
limiter limits line list load loading local lock login longer lookup lost lower made mailbox mailboxes maintenance
malformed many match matching maximum media member memory message messages method milliseconds minimum minute minutes
missing mode module moment moved ms multiple must mysql name names negative network new next nginx no node none not
nothing null number numbers object of off offline offset ok on once one online only open opened opens operation optional
options or order origin other out outside over overloaded owner pages param parameter parameters params parse parsing
password patch path paused payload payment pending per period permission permissions permitted phone plan please point
policy pool port positive possible post postgres present pretty previous primary private problem process processing
production property protected protocol provide provided proxy public put query queue quota range rate ray reach reached
read reason received recipient record records recovery redirect redis redirected reference refresh refused region
rejected relation replied replies request requested requests require required requires reset resolve resource resources
respond response restart restricted result results retries retry retrying return returned returns role route row rows
same schema scope second seconds secret security see send sender sent sequence sequences serialize server servers
service session set should shutdown signature size slow smartlead smtp some something sort soon source sql ssl start
started starting state statement statements statistics stats status step steps stop stopped storage stream string
subject subscription such suspended switch syntax system table tag tags target temporarily temporary terminated
terminating than that the their them then there these they this thread throttled time timed timeout timestamp
timezone tls to token tokens too total traffic transaction trial try type unable unauthenticated unauthorized unavailable
undefined under understood unexpected unexpectedly unhandled unique unit unknown unprocessable unreachable unsubscribed
unsupported until up updated upgrade upstream uri url us usage use used user users using utc utf8 v1 v2 valid validation
value values version via violates violation wait waiting wants warning was we web webhook were when where which while
with within without workspace write writing wrong xml year you your zero zone cors ddos waf http2 goaway

api_key apikeys campaign_id campaignid client_id clientid lead_id leadid email_sequence_number email_status
sent_time_start_date sent_time_end_date start_date end_date time_zone include_tags full_data campaign_ids
lead_category_id emailstatus email_account_id email_campaign_seq_id sequence_number seq_number seq_id stats_id total_stats
seq_variant_id sent_time open_time click_time reply_time retry_after rate_limit_exceeded retry_later parent_campaign_id
user_id account_id statuscode bad_request not_found internal_server_error x ratelimit redacted

cannot unprocessed resolved answer answers backed bind bounce contact support team later immediately shortly momentarily
unlimited tier standard upgraded renew renewed revoked rotated inactive unverified verified deactivated frozen
locked overdue unpaid quotas window per_minute per_hour burst concurrent concurrency parallel simultaneous
select insert update where relation does duplicate syntax near position character encoding sequence
unix socket pipe hang abort reset peer refused route unreachable certificate signed authority hostname handshake alert
occurred restrict trying disconnect reason context simulated transport idle gave awaiting awaited written wrote chunk oauth2 lookup dial tcp udp ipv4 ipv6 eof i o malformed trailer chunked transfer length compressed decompress
sleeping hibernating deploying deployment building update release moment just moments checking javascript cookies
verify verifying humans human robot bot bots automated agent accepts
`)

// namesakes are names of people as well, or begin what people write. They are words where they are in small letters.
var namesakes = wordSet(`
page max min may will mark long field fields day days week month good hello hi dear grant case open price art hope
`)

func wordSet(list string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(list) {
		set[word] = true
	}
	return set
}
