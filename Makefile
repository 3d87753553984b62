# What a developer, a packager or CI runs. `make` by itself lists it.

GO     ?= go
BINARY := smartlead_exporter

# TIMEOUT, of a package's tests, ends what hangs, not what is slow on a busy machine.
TIMEOUT   ?= 40m
FUZZTIME  ?= 10s
BENCH     ?= .
BENCHTIME ?= 1s
COUNT     ?= 1

# A build is a function of the commit and the Go version: nothing of the machine or the clock comes into the binary, so
# that anybody can build it again and compare. A package built without git sets these.
git                = $(shell git $(1) 2>/dev/null)
VERSION           ?= $(or $(patsubst v%,%,$(call git,describe --tags --always --dirty)),unknown)
REVISION          ?= $(or $(call git,rev-parse HEAD),unknown)
BRANCH            ?= $(or $(call git,rev-parse --abbrev-ref HEAD),unknown)
SOURCE_DATE_EPOCH ?= $(or $(call git,log -1 --format=%ct),0)

# GNU's date takes the time by -d, that of the BSDs and macOS by -r.
BUILD_DATE_FORMAT := +%Y%m%d-%H:%M:%S
BUILD_DATE        ?= $(shell date -u -d @$(SOURCE_DATE_EPOCH) $(BUILD_DATE_FORMAT) 2>/dev/null || \
                             date -u -r $(SOURCE_DATE_EPOCH) $(BUILD_DATE_FORMAT))

version_package := github.com/prometheus/common/version
LDFLAGS := -s -w \
	-X $(version_package).Version=$(VERSION) \
	-X $(version_package).Revision=$(REVISION) \
	-X $(version_package).Branch=$(BRANCH) \
	-X $(version_package).BuildUser=$(BINARY) \
	-X $(version_package).BuildDate=$(BUILD_DATE)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

include tools/tools.mk

.PHONY: help
help: ## List the targets
	@echo "Usage: make TARGET [VARIABLE=value]"
	@echo
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' Makefile

.PHONY: build
build: ## Build the static binary, reproducibly
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o $(BINARY)$(shell $(GO) env GOEXE) .

.PHONY: demo
demo: ## Run the exporter against simulated campaigns; needs no key and no network
	$(GO) run . --demo

.PHONY: test
test: ## Run the tests; needs Go and nothing else
	$(GO) test -timeout=$(TIMEOUT) ./...

.PHONY: race
race: ## Run the tests under the race detector; needs a C compiler
	CGO_ENABLED=1 $(GO) test -race -timeout=$(TIMEOUT) ./...

WEEKS ?= 26

.PHONY: weeks
weeks: ## Run simulated WEEKS (26) in which everything goes wrong now and then
	$(GO) test ./reliability -run TestWeeks -weeks $(WEEKS) -seed 0 -v -count=1 -timeout=1h

.PHONY: matrix
matrix: ## Run the tests with every fault at every moment; other runs do a sixth of them
	$(GO) test -timeout=$(TIMEOUT) ./reliability -run 'FaultMatrix|FaultsOfSubjects' -count=1

.PHONY: load
load: ## Run the load tests at full size; takes two minutes and all of the machine
	$(GO) test ./reliability -run 'TestStorm|TestTooManyScrapes|TestSlowReaders' -load -v -count=1 -timeout=15m

.PHONY: e2e
e2e: $(addprefix $(tools_bin)/,prometheus promtool alertmanager amtool) ## Run the exporter against a real Prometheus and Alertmanager
	cd e2e && TOOLS_DIR='$(tools_dir)' $(GO) test -count=1 -parallel=8 -timeout=$(TIMEOUT) ./... # they wait, mostly

.PHONY: stack
stack: build $(addprefix $(tools_bin)/,prometheus promtool alertmanager) ## Run exporter (demo), Prometheus and Alertmanager until Ctrl-C
	@cd e2e && $(GO) build -o '$(tools_dir)/stack' ./stack
	@exec '$(tools_dir)/stack' -repository '$(CURDIR)' -tools '$(tools_dir)' -exporter '$(CURDIR)/$(BINARY)'

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (10s)
	@GO='$(GO)' bash .ci/fuzz $(FUZZTIME)

.PHONY: bench
bench: ## Run the benchmarks BENCH (.) for BENCHTIME (1s), COUNT (1) times
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchtime $(BENCHTIME) -count $(COUNT) -benchmem ./...

.PHONY: fmt
fmt: $(tools_bin)/golangci-lint ## Format the Go files
	$< fmt ./...

.PHONY: lint
lint: lint-format lint-vet lint-modules lint-go lint-e2e lint-actions lint-licenses lint-vulnerabilities ## Check formatting, modules, Go code, workflows, licences and vulnerabilities

.PHONY: lint-format
lint-format:
	@unformatted=$$($$($(GO) env GOROOT)/bin/gofmt -l .) && \
		if [ -n "$$unformatted" ]; then printf 'not formatted; run make fmt:\n%s\n' "$$unformatted" >&2; exit 1; fi

.PHONY: lint-vet
lint-vet:
	$(GO) vet ./...

.PHONY: lint-modules
lint-modules:
	$(GO) mod tidy -diff
	$(GO) mod verify

.PHONY: lint-go
lint-go: $(tools_bin)/golangci-lint
	$< run ./...

.PHONY: lint-e2e
lint-e2e: $(tools_bin)/golangci-lint
	cd e2e && $(GO) mod tidy -diff && $< run ./...

.PHONY: lint-licenses
lint-licenses: $(tools_bin)/licenses
	$< .

.PHONY: lint-vulnerabilities
lint-vulnerabilities: $(tools_bin)/govulncheck
	.ci/vulnerabilities $<

# actionlint looks for workflows by itself and takes a repository without any for a mistake.
.PHONY: lint-actions
lint-actions: $(if $(wildcard .github/workflows/*),$(tools_bin)/actionlint)
	$(if $^,$^)

.PHONY: lint-scripts
lint-scripts: ## Check shell scripts and YAML; needs shellcheck and yamllint
	shellcheck .ci/* deploy/packages/*.sh deploy/prometheus/*.sh
	yamllint .

.PHONY: check-rules
check-rules: $(tools_bin)/promtool $(tools_bin)/amtool ## Check and test alert rules, Alertmanager's example, documented queries
	bash .ci/check-rules $(tools_bin)

.PHONY: tools
tools: $(addprefix $(tools_bin)/,$(development_tools)) ## Build the pinned development tools into TOOLS_DIR (.tools)

.PHONY: tools-release
tools-release: $(addprefix $(tools_bin)/,$(release_tools)) ## Build the pinned tools that a release needs

# What `docker build` is told beyond the Dockerfile. Labels want a date as RFC 3339 has it.
CONTAINER_ENGINE ?= docker
IMAGE            ?= $(BINARY)
IMAGE_CONTEXT    ?= .
IMAGE_DATE        = $(shell date -u -d @$(SOURCE_DATE_EPOCH) +%Y-%m-%dT%H:%M:%SZ 2>/dev/null || \
                            date -u -r $(SOURCE_DATE_EPOCH) +%Y-%m-%dT%H:%M:%SZ)

.PHONY: image
image: ## Build the container image IMAGE with CONTAINER_ENGINE (docker)
	$(CONTAINER_ENGINE) build --tag $(IMAGE) --file Dockerfile --build-arg VERSION=$(VERSION) \
		--build-arg REVISION=$(REVISION) --build-arg BUILD_DATE=$(IMAGE_DATE) $(IMAGE_FLAGS) $(IMAGE_CONTEXT)

.PHONY: image-test
image-test: ## Build the image by buildah and try it; needs root, but no container engine and no registry
	bash .ci/image-test

.PHONY: check-systemd
check-systemd: ## Check the systemd units; needs systemd-analyze
	bash .ci/check-systemd

# Kubernetes' types are in a module of their own.
.PHONY: check-kubernetes
check-kubernetes: ## Build the Kubernetes manifests and the Helm chart, and check what they say
	$(GO) test -C deploy/kubernetes/test ./...

.PHONY: manifests
manifests: ## Make the PrometheusRule in deploy/kubernetes of the rules in alerts
	$(GO) test -C deploy/kubernetes/test -run PrometheusRule -update ./...

.PHONY: check-reproducible
check-reproducible: ## Build twice, differently, and compare the bytes
	bash .ci/check-reproducible

.PHONY: check-release
check-release: $(tools_bin)/goreleaser ## Check the configuration of releases
	$< check

# goreleaser calls syft by its name, and links as `make build` does.
goreleaser = PATH="$(tools_bin):$$PATH" LDFLAGS='$(LDFLAGS)' goreleaser release --clean

.PHONY: snapshot
snapshot: $(addprefix $(tools_bin)/,goreleaser syft) ## Make what a release consists of, but for images, in dist
	$(goreleaser) --snapshot --skip=docker

.PHONY: release
release: $(addprefix $(tools_bin)/,goreleaser syft) ## Publish a release of the tag that is checked out; needs GITHUB_TOKEN
	$(goreleaser)

.PHONY: package-test
package-test: ## Install the package of make snapshot on a Debian of its own and use it; needs root and debootstrap
	bash .ci/package-test

.PHONY: clean
clean: ## Remove what was built, but for the tools
	rm -rf $(BINARY) $(BINARY).exe completions dist coverage.out
