package main

// What the tests of the health check ask directly.
var (
	CheckHealth = checkHealth
	HealthURL   = healthURL
)

// MaxHealthAnswer is maxHealthAnswer.
const MaxHealthAnswer = maxHealthAnswer
