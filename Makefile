# Two commands are enough on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# Extra arguments for pytest: make test ARGS="-k wire"
ARGS   ?=
# Files of tests run at once: auto is one more than there are processors; 0 is one process, for a debugger.
WORKERS ?= auto

.PHONY: demo test console console-if-possible check format parity kill-test bench screenshots clean help

help:            ## What there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

# Only Python, its venv module and the package index are needed; the stamp makes repeats free.
$(VENV)/.stamp: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed (make PYTHON=python3.12 ...)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	TRIPTYCH_CONSOLE=skip $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@touch $@

console: $(VENV)/.stamp ## The web console, into src/triptych/_console (Node from PATH or from the package index)
	$(BIN)/python web/build.py --fetch-node

console-if-possible: $(VENV)/.stamp
	@test "$$TRIPTYCH_CONSOLE" = skip || $(BIN)/python web/build.py --fetch-node --optional

demo: console-if-possible ## The closed loop, once, on a server of its own
	$(BIN)/triptych demo

test: console-if-possible ## Every test
	$(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

check: console         ## ruff, strict types, import contracts, tidiness; the console's own checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/tidy
	$(BIN)/python web/build.py --run check
	$(BIN)/python web/build.py --run test
	$(BIN)/python web/build.py --run budget

format: $(VENV)/.stamp ## Let ruff lay the code out
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

parity: $(VENV)/.stamp ## Regenerate docs/parity.md
	$(BIN)/python -m triptych.parity > docs/parity.md

kill-test: $(VENV)/.stamp ## kill -9 under load, 50 rounds: every acknowledged call has exactly one record
	$(BIN)/python -m pytest tests/sim/test_kill9.py -s --rounds 50 -o faulthandler_timeout=3600

bench: $(VENV)/.stamp  ## What the front door costs and how much it carries
	$(BIN)/python bench/front_door.py

screenshots: console   ## The pictures of docs/console.md, on a server of their own (Debian's chromium is needed)
	$(BIN)/python docs/screenshots

clean:           ## Remove what make and the tests left here
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist src/triptych/_console web/node_modules
