package smartlead

// ParseRetryAfter is for tests.
var ParseRetryAfter = parseRetryAfter
