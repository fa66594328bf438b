# make demo      diagnose a failing network and say where the report is
# make test      everything that CI runs: lint, types, imports, doctests, the claims of the lab, tests
# make test-all  the same with the slow tests
# make lab       every claim of the theory as an experiment: a table of verdicts
# make lint      lint, format, types, imports
# make docs      the documentation: pages of the findings from their rules, then the site under site/
# make bench     every benchmark
# make faults    how often the diagnosis is right, on programs with known faults (PART=tuning for the other part)
# make clean     remove what these targets made
#
# Needs Python 3.11 or newer with venv: make test PYTHON=/path/to/python3

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PART   ?= test
JOBS   ?= 2
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input -c constraints.txt
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest
# Prose with examples that run; these three describe the house and hold none.
DOCS   := $(filter-out docs/design.md docs/style.md docs/findings.md,$(wildcard README.md docs/*.md))

# The first two take seconds to import, Keras a process of its own: tests/integrations runs their examples. The third
# needs Triton to be imported, and holds none.
HEAVY  := $(addprefix --ignore=src/rhobar/,integrations/lightning.py integrations/keras.py watch/fused.py)

# Stamps: an install runs again only when pyproject.toml or constraints.txt changes.
VENV_STAMP  := $(VENV)/.stamp-venv
TORCH_STAMP := $(VENV)/.stamp-torch
DATA_STAMP  := $(VENV)/.stamp-data
DEV_STAMP   := $(VENV)/.stamp-dev
DOCS_STAMP  := $(VENV)/.stamp-docs

.DELETE_ON_ERROR:
.PHONY: help demo test test-all check lint doctest lab format docs bench faults clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

$(VENV_STAMP):
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("rhobar needs Python 3.11 or newer, got " + sys.version.split()[0] + "; name another one: make PYTHON=/path/to/python3")'
	$(PYTHON) -m venv $(VENV)
	@touch $@

# torch comes first and alone: once the pinned release is there, nothing else asks for another one.
$(TORCH_STAMP): constraints.txt $(VENV_STAMP)
	$(PIP) torch
	@touch $@

# The examples train on scikit-learn's digits and on MNIST-1D.
$(DATA_STAMP): pyproject.toml constraints.txt $(TORCH_STAMP)
	$(PIP) -e '.[data]'
	@touch $@

$(DEV_STAMP): pyproject.toml constraints.txt $(TORCH_STAMP)
	$(PIP) -e '.[dev,data,search,topology,transport,export,integrations]'
	@touch $@

$(DOCS_STAMP): $(DEV_STAMP)
	$(PIP) -e '.[docs]'
	@touch $@

demo: $(DATA_STAMP)
	$(BIN)/rhobar run examples/deep_sigmoid.py
	@report=$$(find .rhobar -type f -name '*.html' -exec ls -t {} + 2>/dev/null | head -n 1); \
	if [ -z "$$report" ]; then echo "make demo: no report under .rhobar" >&2; exit 1; fi; \
	echo "The report, to open in a browser: $(CURDIR)/$$report"

test check: lint doctest lab
	$(PYTEST) -n 2

test-all: lint doctest lab
	$(PYTEST) -n 2 -m ""

lint: $(DEV_STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

# After lint, also under make -j: what is fast fails first.
doctest: $(DEV_STAMP) | lint
	$(PYTEST) --doctest-modules --doctest-glob='*.md' src/rhobar $(HEAVY) $(DOCS)

# Ends with an error if a claim does not hold.
lab: $(DEV_STAMP) | doctest
	OMP_NUM_THREADS=1 $(BIN)/rhobar lab all

format: $(DEV_STAMP)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Runs every experiment in its small form; `python -m scripts.gallery --keep` reuses what was measured.
docs: $(DOCS_STAMP)
	$(BIN)/python scripts/build_findings_docs.py
	OMP_NUM_THREADS=1 $(BIN)/python -m scripts.gallery
	$(BIN)/python -m scripts.gallery.check

bench: $(DEV_STAMP)
	@set -e; for file in benchmarks/[!_]*.py; do \
		if [ ! -e "$$file" ]; then echo "no benchmarks yet"; exit 0; fi; \
		echo "== $$file"; OMP_NUM_THREADS=1 $(BIN)/python "$$file"; \
	done

# Answers are kept under .rhobar/faults, so that an interrupted call goes on.
faults: $(DATA_STAMP)
	OMP_NUM_THREADS=1 $(BIN)/rhobar faults --part $(PART) --jobs $(JOBS)

clean:
	rm -rf $(VENV) .rhobar dist build site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests examples benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
