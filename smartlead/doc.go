// Package smartlead is a client of the Smartlead HTTP API, for programs that read the statistics of e-mail campaigns
// for a long time, unattended, and against a quota they share with others.
//
// A [Client] belongs to one API key. Its methods ask for one thing and come back when that thing is had whole, or with
// an [Error] that says why it can't be: a page that is cut off, an answer of 200 that holds a failure and a list that
// ends early are errors, never smaller numbers. What may be asked, and when, is decided by a [Budgets], which keeps the
// quota of each key, obeys the server's pauses and outlives a Client, so that a program can change its configuration
// without forgetting what it has already spent.
//
// The key stands in the query of every request, because the API wants it there. It is in no error and in nothing that
// a [Trace] is told.
//
// The package knows nothing of caches, metrics or configuration files. The path of its module has no dot, so that no proxy
// has it: a program that imports the package is in this repository, or its go.mod says by replace where a clone is, as
// examples/report does.
package smartlead
