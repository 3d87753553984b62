// Package reliability holds no code, only tests: of the client, the store and the program together, under every fault
// the simulated API knows, over weeks of simulated time, and under load. What they show is told in docs/reliability.md.
package reliability
