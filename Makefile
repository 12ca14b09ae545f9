# Everything this repository does, by name. Needs Python 3.12 or newer, make, and once the package registry.
#
#   make                      this list
#   make PYTHON=/path/to/python3.13 run
#                             with an interpreter of your choice

V := .venv
BIN := $(V)/bin
PACKAGES := $(patsubst %/pyproject.toml,%,$(wildcard libs/*/pyproject.toml services/*/pyproject.toml) \
            gateway/pyproject.toml embedded/pyproject.toml)
CODE := libs services gateway embedded tests tools bench deploy conftest.py
SOURCES := $(wildcard libs/*/src services/*/src) gateway/src embedded/src
# `make test S=ledger`: a service, a library, gateway, embedded, a folder of tests/, or any path.
WHERE = $(if $(S),$(or $(firstword $(wildcard services/$(S) libs/$(S) $(S) tests/$(S))),\
        $(error there is no service, library or folder called $(S))))

export UV_SYSTEM_CERTS ?= true
export UV_PYTHON_DOWNLOADS := never

# The interpreters to try, in this order; one that is too old or cannot make environments is passed over.
CANDIDATES := python3.13 python3.12 python3.14 \
  $$HOME/.pyenv/versions/3.13.*/bin/python $$HOME/.pyenv/versions/3.12.*/bin/python python3 python
FIT := import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 12))
PYTHON = $(shell for p in $(CANDIDATES); do $$p -c '$(FIT)' >/dev/null 2>&1 && echo $$p && break; done)

define NO_PYTHON
PFMS needs Python 3.12 or newer with its module venv. None was found among:
  python3.13 python3.12 python3.14, those of pyenv, python3, python
Install one (Debian and Ubuntu: python3.13 and python3.13-venv; macOS: brew install python@3.13),
or name yours: make PYTHON=/path/to/python
endef
export NO_PYTHON

.DEFAULT_GOAL := help
.PHONY: help setup run demo import run-split test samples e2e e2e-split chaos chaos-smoke bench check fmt lint types imports unit laws \
        contracts lock migrate service adr psql clean

help:  # each target is described behind ##, each group behind ##@
	@awk -F ':.*## ' '/^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z0-9-]+:.*## / {printf "  %-11s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

##@ Use it

run: $(V)/.stamp  ## start everything in one process; PFMS_HOME (.pfms), PFMS_PORT (8080)
	@exec env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pfms_embedded run

demo: $(V)/.stamp  ## fill a running PFMS with a household to look at
	@$(BIN)/python -m pfms_embedded demo

import: $(V)/.stamp  ## F=march.csv ACCOUNT=Checking: a bank's file into a running PFMS; A=--help says more
	@$(BIN)/python -m pfms_embedded import $(if $(F),"$(F)") $(if $(ACCOUNT),--account "$(ACCOUNT)") $(A)

run-split: $(V)/.stamp  ## the same as separate processes on PostgreSQL, RabbitMQ and Redis that are there
	@exec env -u PYTHONDONTWRITEBYTECODE $(BIN)/python deploy/split.py

##@ Test it

# A file's tests stay together: they share what the file sets up.
test: $(V)/.stamp  ## every test; S=ledger narrows, A="-k refund" goes to pytest
	$(BIN)/python -m pytest -q $(if $(S),,-n auto --maxprocesses 4 --dist loadfile) $(WHERE) $(A)

samples: $(V)/.stamp  ## real bank files and worked cases of the folder PFMS_SAMPLES; right of tried
	@test -d "$(PFMS_SAMPLES)" || { echo "set PFMS_SAMPLES to the folder that holds cases/ and data/"; exit 1; }
	$(BIN)/python -m pytest -q -m samples $(WHERE) $(A)

e2e: $(V)/.stamp  ## clients' walks through the gateway; PFMS_BASE_URL: on that one, else on one started for it
	$(BIN)/python -m pytest -q tests/e2e $(A)

e2e-split: $(V)/.stamp  ## the same on a split run of its own; needs RabbitMQ and Redis
	$(BIN)/python -m tools.split_e2e $(A)

chaos-smoke: $(V)/.stamp  ## each process and server of a split product of its own killed once; needs rabbitmq-server
	$(BIN)/python -m pytest -q -m chaos tests/chaos $(A)

chaos: $(V)/.stamp  ## one fault after the other for SECONDS=600; SEED=7 plays a run's faults again
	PFMS_CHAOS_SECONDS=$(or $(SECONDS),600) PFMS_CHAOS_SEED=$(SEED) \
	  $(BIN)/python -m pytest -q -s -m chaos tests/chaos/test_long.py $(A)

bench: $(V)/.stamp  ## how fast, as ratios to floors measured in the same run
	$(BIN)/python -m bench $(A)

##@ Change it

check: fmt-check lint imports types unit  ## what every commit passes: format, lint, imports, types, unit tests

fmt: $(V)/.stamp  ## format, and mend what can be mended
	$(BIN)/ruff check -q --fix-only $(CODE)
	$(BIN)/ruff format -q $(CODE)

fmt-check: $(V)/.stamp
	$(BIN)/ruff format -q --check $(CODE)

lint: $(V)/.stamp  ## ruff, and the laws of this house (tools/laws.py)
	$(BIN)/ruff check -q $(CODE)
	$(BIN)/python -m tools.laws

imports: $(V)/.stamp  ## which room may know which
	$(BIN)/lint-imports --no-logo --show-timings

types: $(V)/.stamp  ## mypy --strict
	$(BIN)/mypy $(SOURCES) tools deploy bench

unit: $(V)/.stamp  ## the tests that need no server
	$(BIN)/python -m pytest -q $(wildcard libs/*/tests/unit services/*/tests/unit */tests/unit) $(A)

contracts: $(V)/.stamp  ## write contracts/ from the code; review the difference
	$(BIN)/python -m pfms_embedded contracts

lock: $(BIN)/uv  ## requirements.lock from the pyproject files: versions stay where they fit; U=1 takes the newest
	$(BIN)/uv pip compile -q pyproject.toml --group dev --universal --python-version 3.12 --generate-hashes \
	  --no-header --no-annotate $(if $(U),--upgrade) --python $(BIN)/python -o requirements.lock
	@sed -i.old '/^-e /d' requirements.lock && rm requirements.lock.old

service: $(V)/.stamp  ## NAME=goals: a new service that passes every check
	@test -n "$(NAME)" || { echo "name it: make service NAME=goals"; exit 1; }
	@$(BIN)/python -m tools.service $(NAME)
	@$(MAKE) --no-print-directory setup fmt contracts

migrate: $(V)/.stamp  ## S=ledger M="add a note": a new migration from the difference between models and database
	@test -n "$(S)" -a -n "$(M)" || { echo 'say where and what: make migrate S=ledger M="add a note"'; exit 1; }
	@$(BIN)/python -m tools.migration $(S) "$(M)"

adr: $(V)/.stamp  ## T="Title": a new page for a decision in docs/adr
	@test -n "$(T)" || { echo 'give it a title: make adr T="Ids are made in Python"'; exit 1; }
	@$(BIN)/python -m tools.adr "$(T)"

##@ Look inside

setup: $(V)/.stamp  ## install only, with hashes; run and test do it by themselves

psql: $(V)/.stamp  ## S=ledger: a prompt on the running embedded database of a service
	@test -n "$(S)" || { echo "say whose: make psql S=ledger"; exit 1; }
	@exec $(BIN)/python -m tools.psql $(S)

clean:  ## remove what was installed and cached; data in PFMS_HOME stays
	rm -rf $(V) .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

# The one tool that pip fetches is uv, at the version and hashes of the lock; uv installs the rest.
$(BIN)/uv:
	@test -n "$(PYTHON)" || { echo "$$NO_PYTHON"; exit 1; }
	@$(PYTHON) -c '$(FIT)' || { echo "$$NO_PYTHON"; exit 1; }
	@echo "installing into $(V) with $(PYTHON) …"
	@$(PYTHON) -m venv --clear $(V)
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > $(V)/uv.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $(V)/uv.txt

$(V)/.stamp: requirements.lock $(PACKAGES:=/pyproject.toml) | $(BIN)/uv
	@$(BIN)/uv pip sync -q --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation $(PACKAGES:%=-e ./%)
	@$(BIN)/python -m compileall -q libs services gateway embedded
	@touch $@
