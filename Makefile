PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed-

.PHONY: demo test check format models performance dist clean

demo: $(STAMP)core ## install and run the main job on the embedded model
	$(BIN)/tts demo

test: $(STAMP)dev ## run the tests
	$(BIN)/pytest -q

check: $(STAMP)dev ## format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy tests
	$(BIN)/pyright

format: $(STAMP)dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

models: $(STAMP)train ## retrain the embedded models from their seeds
	$(BIN)/python -m tts.training.family

performance: $(STAMP)dev ## regenerate docs/performance.md
	$(BIN)/tts bench --all --markdown > docs/performance.md

dist: $(STAMP)dev ## build sdist and wheel
	$(BIN)/python -m build

clean:
	rm -rf $(VENV) build dist out *.egg-info

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=")'
	$(PYTHON) -m venv $(VENV)

$(STAMP)core: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(STAMP)dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@ $(STAMP)core

$(STAMP)train: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[train]'
	touch $@
