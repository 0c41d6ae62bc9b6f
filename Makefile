# Each target works alone from a fresh clone with Python 3.11 or newer; what is done already is skipped.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test install check format lint types floors slow optional docs clean

demo: install  ## train, evaluate and use a small network on the digits
	$(BIN)/alexnet demo

test: install  ## the default test suite, under three minutes on two cores
	$(BIN)/python -m pytest

install: .venv/.installed  ## .venv with the package and everything that tests need

.venv/.installed: pyproject.toml constraints.txt setup.py $(wildcard src/alexnet/kernels/*.[ch])
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "alexnet needs Python 3.11 or newer, and $(PYTHON) is older: say make PYTHON=python3.12"; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet "pip>=25.1"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[fast,parquet,serve]" --group dev
	touch $@

check: lint types floors test slow optional  ## everything that continuous integration runs

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

types: install
	$(BIN)/mypy

floors: install
	$(BIN)/lint-imports

slow: install  ## tests on real pictures: found through ALEXNET_TEST_DATA or ../shared/data
	$(BIN)/python -m pytest -m slow

optional: install  ## tests with the libraries of the extras hub, sklearn, timm, search and bench, databases, and the clients of the service, half a gigabyte, which this installs
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[hub,sklearn,search,bench]" --group oracles --group clients --group databases
	$(BIN)/python -m pip install --quiet --no-deps --constraint constraints.txt axe-playwright-python  # for axe.min.js alone
	$(BIN)/python -m pytest -m "slow or not slow" tests/data/sources/test_hub.py tests/bench tests/networks/test_onnx.py tests/inspection tests/evaluation tests/page tests/search tests/serving/test_clients.py tests/serving/test_deploy.py tests/serving/test_openapi.py tests/sharing tests/test_sklearn.py
	$(BIN)/python -m pip install --quiet --no-deps --constraint constraints.txt --upgrade --target build/timm timm torchvision  # built for another torch: its Python alone, and where no other library finds it
	PYTHONPATH=build/timm $(BIN)/python -m pytest -m "slow or not slow" tests/test_timm.py

docs: install  ## docs/commands.md, as the commands say themselves
	$(BIN)/python -m alexnet.cli.reference > docs/commands.md

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache src/*.egg-info
