# Needs Python 3.11 or newer and nothing else: every target sets up .venv from the locked, hashed requirements first.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: help setup demo test check format bench lock clean

help:
	@echo "make demo     plan, apply and drift on audiences.yaml against the local TikTok"
	@echo "make test     all tests"
	@echo "make check    format, lint, types, import contracts, the form of audiences.yaml"
	@echo "make format   put the code into its format"
	@echo "make bench    measure, as ratios in one run"
	@echo "make lock     resolve the requirements anew"

setup: $(READY)

$(READY): pyproject.toml requirements/dev.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

demo: $(READY)
	$(BIN)/reconciler demo

test: $(READY)
	$(BIN)/python -m pytest $(ARGS)

check: $(READY)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/reconciler fmt --check audiences.yaml

format: $(READY)
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: $(READY)
	$(BIN)/python tests/benchmarks/run.py $(ARGS)

# What the tests install beside the project's own requirements: every extra whose database or engine they can run.
EXTRAS := spark postgres sqlite snowflake bigquery trino mysql delta iceberg s3 gcs azure http

COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

lock:
	$(COMPILE) $(addprefix --extra ,$(EXTRAS)) --group pyproject.toml:dev pyproject.toml --output-file requirements/dev.lock
	$(COMPILE) --constraint requirements/dev.lock pyproject.toml --output-file requirements/runtime.lock
	$(COMPILE) --constraint requirements/dev.lock --group pyproject.toml:build --output-file requirements/build.lock

clean:
	rm -rf $(VENV) .reconciler build dist
