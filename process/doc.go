// Package process tests the exporter as its users run it: one process with its flags, its configuration, its environment,
// signals and exit status, against a simulated API on loopback. The tests build the program themselves and need nothing but
// Go; those that need a real Prometheus are in e2e. The benchmarks of the whole program are here as well.
package process
