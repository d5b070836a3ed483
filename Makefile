# make run, make test, make demo: each does all of its own set-up, in .venv.
# Needs Python 3.11 or newer with venv. PYTHON=/path/to/python names one (when .venv
# is made; make clean first to change it); ARGS="..." goes to the command.

BIN := .venv/bin
ARGS ?= $(AGGREGATOR_ARGS)
export PYTHON

.PHONY: run demo test lint install install-test lock clean

run: install
	@exec $(BIN)/aggregator run $(ARGS)

demo: install
	@exec $(BIN)/aggregator demo $(ARGS)

test: install-test
	@exec $(BIN)/python -m pytest $(ARGS)

lint: install-test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# Does nothing where all is installed already; says so in a line where it is not.
install:
	@requirements/install.sh run

install-test:
	@requirements/install.sh test

# Needs uv. Exact versions with hashes, for every platform, and no addresses.
# Versions that are locked stay as they are; make lock UPGRADE=--upgrade takes new ones.
LOCK = uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-annotate $(UPGRADE)
lock:
	$(LOCK) requirements/build.in -o requirements/build.txt
	$(LOCK) pyproject.toml requirements/build.in -c requirements/build.txt -o requirements/run.txt
	$(LOCK) pyproject.toml requirements/build.in -c requirements/run.txt --group test -o requirements/test.txt

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
