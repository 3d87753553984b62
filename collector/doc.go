// Package collector keeps the statistics of campaigns and shows them to Prometheus.
//
// A [Store] holds the newest good values of each campaign and decides which campaigns to fetch again; it does so when
// a scrape asks for them, and only then. [New] makes a prometheus.Collector of a store for one scrape, whose context says
// how long to wait for refreshes. [Metrics] are what the exporter counts of its own work. Which families there are, and
// what they mean, is in metrics.go, all of it.
//
// The package fetches through an interface and knows neither URLs nor encodings.
package collector
