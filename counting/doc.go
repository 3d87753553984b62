// Package counting has a campaign's counts with the fewest requests.
//
// Every number comes from rows of the statistics endpoint, or from their totals. To count all rows costs a request for each
// 1,000 e-mails; but from one time to the next little changes. So a [Counter] counts a campaign by all rows once. From then
// on a detector, which costs one request or six, tells which counts moved, and only these are fetched. What the detector
// says is compared with what it said the last time, and is never shown: its numbers may mean something else than rows do.
//
// What the Counter needs to know for the next time is a [State], which goes with the counts it belongs to and is fit to be
// kept over a restart: it holds nothing of a lead.
package counting
