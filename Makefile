# make run, make test, make demo: each does all of its own set-up, in .venv.
# Needs Python 3.11 or newer with venv; PYTHON=/path/to/python names another one.

PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install --no-input --require-hashes
ARGS ?=

.PHONY: run test demo install lock lint clean

run: install
	@$(BIN)/aggregator run $(ARGS)

demo: install
	@$(BIN)/aggregator demo $(ARGS)

test: $(VENV)/.test-installed
	@$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.test-installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

install: $(VENV)/.installed

# The stamps are newer than the locks once everything in them is installed; an
# installation that was interrupted left no stamp, and is done again.
$(VENV)/.installed: requirements/build.txt requirements/run.txt pyproject.toml | $(VENV)/bin/pip
	@echo "installing what aggregator needs into $(VENV)"
	@$(PIP) -r requirements/build.txt
	@$(PIP) --no-build-isolation -r requirements/run.txt
	@$(BIN)/python -m pip --quiet --disable-pip-version-check install --no-deps --no-index --no-build-isolation --editable .
	@touch $@

$(VENV)/.test-installed: requirements/test.txt $(VENV)/.installed
	@echo "installing what the tests need into $(VENV)"
	@$(PIP) --no-build-isolation -r requirements/test.txt
	@touch $@

$(VENV)/bin/pip:
	@if [ -z "$(PYTHON)" ] || ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		echo "aggregator needs Python 3.11 or newer; install it, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 2; fi
	@if ! $(PYTHON) -c 'import venv, ensurepip' 2>/dev/null; then \
		echo "this Python lacks venv; install it (on Debian and Ubuntu: apt install python3-venv)" >&2; exit 2; fi
	@$(PYTHON) -m venv $(VENV)

# Needs uv. Exact versions with hashes, for every platform, and no addresses.
LOCK := uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-annotate
lock:
	$(LOCK) requirements/build.in -o requirements/build.txt
	$(LOCK) pyproject.toml requirements/build.in -o requirements/run.txt
	$(LOCK) pyproject.toml requirements/build.in --group test -o requirements/test.txt

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
