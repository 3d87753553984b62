# Development tools, built from source at the versions that the go.mod files below tools/ pin. A tool whose
# dependencies disagree with another's has a module of its own. To pin another version:
#
#	go get -C tools -tool github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0 && go mod tidy -C tools
#
# The programs come into $(TOOLS_DIR)/bin. A folder outside of the checkout works too and can be shared by several.

TOOLS_DIR ?= .tools
tools_dir := $(abspath $(TOOLS_DIR))
tools_bin := $(tools_dir)/bin

# $(call tool,PROGRAM,MODULE'S FOLDER,PACKAGE,BUILD FLAGS) makes $(tools_bin)/PROGRAM a target. It is built when it is
# missing and when its pin changed, so that a change of version never leaves yesterday's program in place.
define tool
$(tools_bin)/$(1): $(tools_dir)/pins/$(subst /,-,$(2))
	@echo "building $(1), pinned in $(2)/go.mod; the first time takes minutes"
	@CGO_ENABLED=0 $(GO) build -C $(2) -trimpath -buildvcs=false -ldflags='-s -w' $(4) -o $$@ $(3) || { \
		echo "couldn't build $(1): see above. Sources that are not in the module cache yet come from GOPROXY" \
			"($$$$($(GO) env GOPROXY)), which has to be reachable then" >&2; \
		exit 1; \
	}
endef

development_tools := golangci-lint govulncheck licenses actionlint benchstat prometheus promtool alertmanager amtool
release_tools     := goreleaser syft

# Without this tag Prometheus brings the client library of every cloud it can discover targets in.
prometheus_flags := -tags=remove_all_sd

$(eval $(call tool,golangci-lint,tools,github.com/golangci/golangci-lint/v2/cmd/golangci-lint))
$(eval $(call tool,actionlint,tools/actionlint,github.com/rhysd/actionlint/cmd/actionlint))
$(eval $(call tool,benchstat,tools,golang.org/x/perf/cmd/benchstat))
$(eval $(call tool,prometheus,tools/prometheus,github.com/prometheus/prometheus/cmd/prometheus,$(prometheus_flags)))
$(eval $(call tool,promtool,tools/prometheus,github.com/prometheus/prometheus/cmd/promtool,$(prometheus_flags)))
$(eval $(call tool,alertmanager,tools/alertmanager,github.com/prometheus/alertmanager/cmd/alertmanager))
$(eval $(call tool,amtool,tools/alertmanager,github.com/prometheus/alertmanager/cmd/amtool))
$(eval $(call tool,govulncheck,tools/dependencies,golang.org/x/vuln/cmd/govulncheck))
$(eval $(call tool,licenses,tools/dependencies,.))
$(eval $(call tool,goreleaser,tools/goreleaser,github.com/goreleaser/goreleaser/v2))
$(eval $(call tool,syft,tools/syft,github.com/anchore/syft/cmd/syft))

# A module's pin is a checksum of what decides on its programs. The file is written only when the checksum differs: its
# time, not that of go.mod, tells make what is out of date, and a fresh clone does not count as a change.
$(tools_dir)/pins/%: FORCE
	@mkdir -p $(@D)
	@{ $(GO) env GOVERSION && cat $(subst -,/,$*)/go.mod $(subst -,/,$*)/go.sum tools/tools.mk; } | cksum > $@.new
	@if cmp -s $@.new $@; then rm -f $@.new; else mv -f $@.new $@; fi

FORCE:
.PHONY: FORCE
