// Package testkit is what the tests of several packages share: a fake of the API's client, a simulated API on loopback, a
// reader of exposition text, a journal that takes in what is logged, golden files, and the exporter's binary.
package testkit
