# `make run` serves Taskwire, `make test` checks it; the rest is for those who work on it.

SHELL := /usr/bin/env bash
.DEFAULT_GOAL := help
.PHONY: help run build package dev test bench sqlx openapi fmt

help: ## This list
	@sed -n 's/^\([a-z]*\):.*## /make \1 /p' Makefile | awk '{printf "%-6s%-9s", $$1, $$2; $$1 = $$2 = ""; print}'

run: build ## Install what is missing, build, and serve on http://127.0.0.1:3000 (settings: dist/taskwire --help)
	@exec dist/taskwire

build: ## The same without serving: dist/ is then complete and can be copied to another machine
	@scripts/setup run
	@$(MAKE) --no-print-directory dist/taskwire

# Folders count too: their time changes when a file in them comes or goes.
sources := $(shell find .cargo Cargo.toml Cargo.lock .sqlx agents app assets backend domain frontend migrations server style \
	scripts/build scripts/env -not -path '*/tests*')

dist/taskwire: $(sources)
	@scripts/build

package: ## Make the Debian package in dist/
	@scripts/setup package
	@$(MAKE) --no-print-directory dist/taskwire
	@scripts/package

dev: ## Serve a debug build and rebuild on every change
	@scripts/setup run
	@scripts/dev

test: ## Run every check
	@scripts/setup test
	@scripts/test

bench: ## Measure, for docs/performance.md
	@scripts/setup bench
	@scripts/bench

sqlx: ## Renew .sqlx, what the queries' types are checked against
	@scripts/setup run
	@scripts/with-postgres scripts/queries write

openapi: ## Renew docs/openapi.json, the description of the REST API
	@scripts/setup run
	@. scripts/env && cargo run --locked --quiet -p taskwire -- openapi > docs/openapi.json

fmt: ## Format the code
	@. scripts/env && cargo fmt --all
