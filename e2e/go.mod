// The exporter between a real Prometheus and a real Alertmanager. A module of its own, so that its dependencies are
// nobody else's. The programs themselves are built by make, from tools/.
module smartlead_exporter/e2e

go 1.26.0

replace smartlead_exporter => ../

require (
	go.uber.org/goleak v1.3.0
	go.yaml.in/yaml/v3 v3.0.6
	smartlead_exporter v0.0.0-00010101000000-000000000000
)

require github.com/go-json-experiment/json v1.27.2 // indirect
