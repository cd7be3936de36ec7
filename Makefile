# make demo   set everything up and render the quickstart notebook for real, with no key
# make test   set everything up and run every test
# make check  lint, types, front-end unit tests and tests/unit: a minute on two cores
# make bench  the benchmark table      make soak  crash and load tests at full size
# make lab    JupyterLab on notebooks/ make help  this list
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

export PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
UNINSTALL := -m pip uninstall --quiet --yes --disable-pip-version-check
# One more than two cores: tests also wait for renders, kernels and pages.
JOBS ?= 3
# An editable install copies the front end's extension; what is built from js/ is to be seen at once.
EXTENSION := .venv/share/jupyter/labextensions/kodisc-jupyter
COPY := mkdir -p $(EXTENSION) && cp -r kodisc_jupyter/static/labextension/. $(EXTENSION)
SAY := @printf '[%s] %s\n'

# No key and no other server of the surrounding shell reaches the demo, the tests or the benchmark;
# what was compiled is kept.
CLEAN := env -u KODISC_KEY -u KODISC_BASE_URL -u KODISC_WAIT -u PYTHONDONTWRITEBYTECODE

.PHONY: help demo check test bench soak lab lint unit js colab contract-live clean

help:
	@sed -n 's/^# //p' Makefile | head -5

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "[setup] Python 3.10 or newer is needed; say which: make demo PYTHON=python3.12"; exit 1; }
	$(SAY) setup "making a virtual environment in .venv"
	@$(PYTHON) -m venv .venv

build/.setup-render: pyproject.toml scripts/system-packages.sh
	@bash scripts/system-packages.sh render
	@$(MAKE) $(BIN)/python
	$(SAY) setup "installing Manim, JupyterLab and kodisc-jupyter into .venv (a minute or two)"
	@$(PIP) -e '.[local]' jupyterlab nbconvert
	@mkdir -p build && touch $@

# It builds 38 grammars when jsonschema is imported, two seconds in each process, for a kind of
# address that nobody checks here; jsonschema does without it.
SLOW := rfc3987-syntax

# Kodisc's plug-in goes where only its own test finds it: every `import manim` would load it.
build/.setup-test: build/.setup-render pyproject.toml Makefile
	@bash scripts/system-packages.sh test
	$(SAY) setup "installing the test tools into .venv"
	@$(PIP) -e '.[dev]'
	@$(BIN)/python $(UNINSTALL) $(SLOW)
	@rm -rf build/plugin
	@$(PIP) --no-deps --target build/plugin "manim-kodisc; python_version >= '3.11'"
	@mkdir -p build && touch $@

# What Colab ships, where many teachers are; it goes without the jedi that its IPython asks for.
# And an older Manim, with the PyAV of its time.
COLAB := ipython==7.34.0 ipykernel==6.17.1 ipywidgets==7.7.1 traitlets==5.7.1 anywidget==0.9.21 manim==0.19.0

build/.setup-colab: build/.setup-test pyproject.toml Makefile
	$(SAY) setup "installing a second environment, with Colab's versions, into .venv-colab"
	@$(PYTHON) -m venv .venv-colab
	@.venv-colab/bin/python -m pip install --quiet --disable-pip-version-check -e '.[local,keyring]' $(COLAB)
	@.venv-colab/bin/python $(UNINSTALL) jedi $(SLOW)
	@touch $@

# Server extensions that only their own tests' servers have: installed, every JupyterLab would load them.
DOCUMENTS := jupyter-collaboration-ui jupyter-docprovider jupyter-ydoc pycrdt jupyter-server-fileid
COLLABORATION := jupyter-collaboration jupyter-server-ydoc pycrdt-store pycrdt-websocket sqlite-anyio

build/.setup-shared-documents: build/.setup-test pyproject.toml Makefile
	$(SAY) setup "installing jupyter-collaboration and jupyter-server-documents into build/"
	@rm -rf build/shared-documents
	@$(PIP) --no-deps --target build/shared-documents/collaboration $(DOCUMENTS) $(COLLABORATION)
	@$(PIP) --no-deps --target build/shared-documents/server-documents $(DOCUMENTS) jupyter-server-documents
	@touch $@

js/node_modules/.package-lock.json: js/package.json js/package-lock.json
	$(SAY) setup "installing the front end's build tools (npm)"
	@cd js && npm ci --silent --no-audit --no-fund
	@touch $@

demo: build/.setup-render
	$(SAY) demo "rendering notebooks/01_quickstart.ipynb on this machine, with no key"
	@$(CLEAN) KODISC_HOME="$(CURDIR)/build/demo/home" $(BIN)/python scripts/demo.py

test: build/.setup-test build/.setup-colab build/.setup-shared-documents js/node_modules/.package-lock.json
	@$(MAKE) -j3 lint js colab
	$(SAY) test "every test (pytest, $(JOBS) at a time)"
	@$(CLEAN) $(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m 'not live'

check: build/.setup-test js/node_modules/.package-lock.json
	@$(MAKE) -j3 lint js unit

# Plugins that tests/unit does not use; importing them takes each of its processes most of a second.
UNUSED := -p no:schemathesis -p no:anyio

unit: build/.setup-test
	$(SAY) test "tests/unit (pytest, $(JOBS) at a time)"
	@$(CLEAN) $(BIN)/python -m pytest -q $(UNUSED) -n $(JOBS) --dist worksteal tests/unit

colab: build/.setup-colab
	$(SAY) test "the kernel tests with Colab's versions of IPython, ipykernel and ipywidgets, and Manim 0.19"
	@$(CLEAN) KODISC_TEST_PYTHON=$(CURDIR)/.venv-colab/bin/python $(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal tests/kernel

lint: build/.setup-test
	$(SAY) test "ruff and mypy"
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --check --quiet . && $(BIN)/mypy

js: js/node_modules/.package-lock.json
	$(SAY) test "front end: types, unit tests, and whether the committed bundle is the source's"
	@cd js && npm run --silent check && npm run --silent test
	@rm -rf build/static && cd js && npm run --silent build -- ../build/static && cd .. && \
	diff -r build/static kodisc_jupyter/static || \
	{ echo "[test] the bundle in kodisc_jupyter/static was not built from js/: cd js && npm run build, and commit it"; exit 1; }

bench: build/.setup-test
	@$(CLEAN) $(BIN)/python -m tests.bench

soak: build/.setup-test
	@$(CLEAN) KODISC_SOAK=1 $(BIN)/python -m pytest -m soak -n $(JOBS) --dist worksteal --timeout 3600

contract-live: build/.setup-test
	@KODISC_CONTRACT_LIVE=1 $(BIN)/python -m pytest tests/contract -m live -s

lab: build/.setup-render
	@$(COPY)
	@$(BIN)/jupyter lab notebooks

clean:
	@rm -rf build js/node_modules .venv .venv-colab
