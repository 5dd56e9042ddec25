# Ấn Tín: what can be done here. `make help` lists it.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON := .venv/bin/python

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

.PHONY: run
run: install ## install what is missing, make a token and demo data, start everything
	@$(PYTHON) docker/development/start.py

.PHONY: test
test: install-test check ## install what the tests need and run everything
	$(PYTHON) -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: check
check: lint types imports ## every static check

.PHONY: lint
lint: ## ruff: style and faults
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

.PHONY: types
types: ## mypy, strict
	.venv/bin/mypy

.PHONY: imports
imports: ## import-linter: one way down
	.venv/bin/lint-imports

.PHONY: format
format: ## let ruff format and fix
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

.PHONY: bench
bench: install-test ## measure; prints one table of ratios
	$(PYTHON) tests/bench/run.py

.PHONY: proto
proto: ## generate the trust line's code from hsm/api/hsm.proto
	$(PYTHON) -m grpc_tools.protoc -I. --python_out=. --pyi_out=. --grpc_python_out=. hsm/api/hsm.proto

.PHONY: lock
lock: ## pin every dependency with its hashes
	.venv/bin/uv pip compile --quiet --no-header --generate-hashes --python-version 3.11 --group dev \
		pyproject.toml clients/sdk/pyproject.toml clients/devca/pyproject.toml \
		clients/witness/pyproject.toml clients/upstreams/pyproject.toml clients/desk/pyproject.toml \
		clients/verify/pyproject.toml -o requirements.lock
	.venv/bin/uv pip compile --quiet --no-header --generate-hashes --python-version 3.11 \
		tests/conformance/csc-dummy.in -o tests/conformance/csc-dummy.lock
	@docker/lock.sh

.PHONY: images
images: ## build the container images without an engine (buildah)
	docker/build-without-engine.sh

.PHONY: try-images
try-images: ## start the built images and sign a document
	$(PYTHON) docker/run_without_engine.py

.PHONY: install
install: ## what running needs
	@docker/install.sh run

.PHONY: install-test
install-test: ## what testing needs
	@docker/install.sh run test
	@$(PYTHON) -c "from tests.interop.resident import build; build('dss'); build('verapdf')"
	@$(PYTHON) -c "from tests.interop.npm_packages import install; install()"

.PHONY: clean
clean: ## forget the development data (token, keys, documents)
	rm -rf run
