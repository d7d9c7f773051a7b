# AnomalyR1. `make help` lists the targets.

SWIFT ?= swift
CONFIGURATION := release
SOURCES := Package.swift Sources Tests cli Benchmarks
AR1 := .build/$(CONFIGURATION)/ar1
TESTS := .build-tests
COMPUTING := ^(SchedulingTests|DeviceChecksTests)[.]
TRAINING := ^SystemTests[.](Asynchronous|CompactTraining|GivingWay|GroupSupply|Survival|Training)Tests
BUILT_TESTS := $(TESTS)/$(CONFIGURATION)/AnomalyR1PackageTests.xctest --testing-library swift-testing --no-parallel

.PHONY: help packages build test demo bench format format-check clean

help: ## Lists the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

packages: ## Installs the system packages (Debian, Ubuntu)
	@deploy/install-packages.sh

build: packages ## Builds .build/release/ar1: one binary that holds the Swift runtime and every resource
	$(SWIFT) build -c $(CONFIGURATION) --static-swift-stdlib --product ar1

demo: build ## Generates data, starts everything, evaluates, trains, evaluates, scores; ends with a table
	@$(AR1) demo --folder .demo

# The tests run in release, as the numeric code would take minutes in debug. They cannot be linked with the static
# runtime, and changing that flag rebuilds everything, so they have a build folder and an ar1 of their own. The only C++
# that is not of the tests is the TLS library's, which takes twice as long to optimise as to compile.
# Three processes share the processor. Systems that train, whose processes are killed, mostly wait, so other tests run
# meanwhile; what only computes, on one thread, takes what both leave. What the two wrote follows the others' output.
test: export AR1_BINARY := $(CURDIR)/$(TESTS)/$(CONFIGURATION)/ar1
test: packages ## Builds and runs every test; a private PostgreSQL is started for those that need one
	$(SWIFT) build -c $(CONFIGURATION) --scratch-path $(TESTS) --build-tests -Xcxx -O0 -Xcxx -g0
	@nice $(BUILT_TESTS) --filter '$(COMPUTING)' > $(TESTS)/computing.log 2>&1 & computing=$$!; \
	$(BUILT_TESTS) --filter '$(TRAINING)' > $(TESTS)/training.log 2>&1 & training=$$!; \
	trap 'kill $$computing $$training' INT TERM; \
	$(SWIFT) test -c $(CONFIGURATION) --scratch-path $(TESTS) --skip-build --no-parallel \
	  --skip '$(COMPUTING)' --skip '$(TRAINING)'; status=$$?; \
	wait $$training || status=1; wait $$computing || status=1; \
	cat $(TESTS)/training.log $(TESTS)/computing.log; exit $$status

BENCH ?=

bench: packages ## Measures against the machine and other programs (BENCH="…", see Benchmarks/bench.py); writes docs/benchmarks.md
	$(SWIFT) build -c $(CONFIGURATION) --static-swift-stdlib
	python3 Benchmarks/bench.py $(BENCH)

format: ## Formats every Swift file
	$(SWIFT) format -i -r --configuration .swift-format $(SOURCES)

format-check: ## Fails where a file is not as `make format` leaves it
	$(SWIFT) format lint --strict -r --configuration .swift-format $(SOURCES)

clean: ## Removes what was built
	rm -rf .build $(TESTS) .demo
