# Everything that people do with a checkout. `make help` lists it.
#
# Needs Python 3.11 or newer, make and git. The tests also use PostgreSQL, Chromium and
# node when they are there, and say how to install them when they are not.

HOST ?= 127.0.0.1
PORT ?= 8000
# How many test processes: `make test WORKERS=1` keeps them in one.
WORKERS ?= 2
# Further words for pytest: `make test ARGS="-k feeds"`.
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
# What belongs to this installation: database, keys. PORTAL_INSTANCE moves it.
INSTANCE := $(if $(PORTAL_INSTANCE),$(PORTAL_INSTANCE),instance)
MO := $(patsubst %.po,%.mo,$(wildcard translations/*/LC_MESSAGES/*.po))
MIGRATIONS := $(wildcard migrations/versions/*.py)
SOURCES := portal tests bench tools migrations
# Errors only: a machine's own pip settings may warn of things that are no concern here.
PIP := $(PY) -m pip install -qq --disable-pip-version-check

export HOST PORT

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test check bench storm audit messages compile lock clean setup setup-dev

help: ## what can be made
	@echo "make run       set up everything and serve a demonstration on http://$(HOST):$(PORT)"
	@echo "make test      set up everything and run all tests"
	@echo "make check     lint, types, templates, architecture, migrations, translations"
	@echo "make bench     measure speed beside the floor and the goal"
	@echo "make storm     long races, ten thousand lives of events"
	@echo "make audit     every page in a browser: accessibility, weight, languages"
	@echo "make messages  collect the texts to translate and update the catalogues"
	@echo "make lock      lock the newest libraries that the .in files allow (needs uv and npm)"
	@echo "make clean     remove what was made; the data in $(INSTANCE)/ stays"

# --- running ----------------------------------------------------------------------------

run: setup $(INSTANCE)/.demo $(INSTANCE)/.schema ## demonstration on HOST:PORT
	@exec $(BIN)/portal serve

# Filled once; the data is kept from then on.
$(INSTANCE)/.demo: | setup
	@mkdir -p $(INSTANCE)
	$(BIN)/portal demo
	@touch $@

# New migrations after an update are carried out before serving.
$(INSTANCE)/.schema: $(MIGRATIONS) | $(INSTANCE)/.demo
	$(BIN)/portal db upgrade
	@touch $@

# --- setting up -------------------------------------------------------------------------

setup: $(VENV)/.runtime compile
setup-dev: $(VENV)/.dev compile node_modules/.stamp

$(PY):
	@set -e; \
	newest='import sys; sys.exit(sys.version_info < (3, 11))'; \
	for python in $(PYTHON) python3.11 python3 python3.12 python3.13 python3.14 python; do \
	    if command -v "$$python" >/dev/null 2>&1 && "$$python" -c "$$newest" >/dev/null 2>&1; then \
	        found=$$python; break; \
	    fi; \
	done; \
	if [ -z "$${found:-}" ]; then \
	    echo "Python 3.11 or newer is needed, and none was found." >&2; \
	    echo "On Debian or Ubuntu: apt-get install python3 python3-venv" >&2; \
	    echo "Or say where it is: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; \
	    exit 1; \
	fi; \
	echo "Setting up $(VENV) with $$($$found --version)"; \
	if ! "$$found" -m venv $(VENV); then \
	    rm -rf $(VENV); \
	    echo "$$found cannot make a virtual environment." >&2; \
	    echo "On Debian or Ubuntu: apt-get install python3-venv" >&2; \
	    exit 1; \
	fi

$(VENV)/.runtime: requirements.txt pyproject.toml | $(PY)
	@echo "Installing what the portal needs (a minute the first time)"
	@$(PIP) --require-hashes -r requirements.txt
	@$(PIP) --no-build-isolation --no-deps -e .
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	@echo "Installing what the tests need (a minute the first time)"
	@$(PIP) --require-hashes -r requirements-dev.txt
	@touch $@

# Without node the tests that need it say so and are skipped.
node_modules/.stamp: package-lock.json
	@if command -v npm >/dev/null 2>&1; then \
	    echo "Installing what the browser and calendar tests need"; \
	    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && touch $@; \
	fi

compile: $(MO)

%.mo: %.po | $(VENV)/.runtime
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@

# --- testing ----------------------------------------------------------------------------

test: setup-dev ## all tests
	@$(PY) -m pytest -n $(WORKERS) $(ARGS)

storm: setup-dev ## long races, ten thousand lives of events
	@$(PY) -m pytest -m storm -n $(WORKERS) $(ARGS)

bench: setup-dev ## figures beside floor and goal
	@$(PY) -m bench $(ARGS)

audit: setup-dev ## every page in a browser
	@bash tools/audit.sh $(ARGS)

check: setup-dev ## everything that can be judged without running the tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/djlint templates --lint --quiet
	$(PY) -m pytest --quiet tests/test_architecture.py
	@echo "portal db check"; empty=$$(mktemp -d); trap 'rm -rf "$$empty"' EXIT; \
	export PORTAL_INSTANCE="$$empty" PORTAL_DATABASE_URL=; \
	$(BIN)/portal db upgrade && $(BIN)/portal db check
	$(PY) -m tools.messages check

# --- keeping ----------------------------------------------------------------------------

messages: setup ## collect texts, update the catalogues
	$(PY) -m tools.messages update
	@$(MAKE) --no-print-directory compile

# Keeps hashes and leaves out every address, so that it installs from any mirror.
UV_LOCK := uv pip compile --quiet --upgrade --universal --python-version 3.11 \
    --generate-hashes --no-emit-index-url --no-header

lock:
	$(UV_LOCK) requirements.in --output-file requirements.txt
	$(UV_LOCK) requirements-dev.in --output-file requirements-dev.txt
	npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund

clean:
	rm -rf $(VENV) node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis dist build *.egg-info
	rm -f $(MO)
	find portal tests bench tools migrations -name __pycache__ -type d -prune -exec rm -rf {} +
