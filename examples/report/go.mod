// A program of its own that uses the client of this repository. Its path has no dot, so that no proxy has it: replace says
// where a clone is. The go command fills in the rest: go mod tidy.
module example.com/report

go 1.26.0

replace smartlead_exporter => ../..

require smartlead_exporter v0.0.0-00010101000000-000000000000
