# Needs Python 3.11 or newer and nothing else: every target sets up .venv from the locked, hashed requirements first.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: help setup demo test check audit fuzz harness format bench lock sbom wheel clean

help:
	@echo "make demo     plan, apply and drift on audiences.yaml against the local TikTok"
	@echo "make test     all tests"
	@echo "make check    format, lint, types, import contracts, the form of audiences.yaml"
	@echo "make audit    known vulnerabilities, licences, a wheel that builds the same twice, a bill of materials"
	@echo "make fuzz     10,000 hostile inputs of each kind (CASES=100000 for more)"
	@echo "make harness  an apply killed at every point, and at 1,000 pairs of points (PAIRS=10000 for more)"
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

# Needs the network: known vulnerabilities are looked up, and one that cannot be looked up fails.
audit: $(READY) wheel sbom
	$(BIN)/pip-licenses --from=mixed --partial-match --allow-only="$(LICENCES)" --packages $(LOCKED) --summary
	$(BIN)/pip-audit --strict --disable-pip --require-hashes --progress-spinner off -r requirements/runtime.lock
	$(BIN)/pip-audit --strict --disable-pip --require-hashes --progress-spinner off -r requirements/dev.lock

LICENCES := 0BSD;Apache;BSD;ISC;MIT;MPL-2.0;Mozilla Public License 2.0;PSF;Python Software Foundation;Zlib
LOCKED = $(shell sed -n 's/^\([A-Za-z0-9][A-Za-z0-9._-]*\)==.*/\1/p' requirements/runtime.lock)

# Twice, in places of their own: whoever builds from the same files gets the same bytes.
wheel: $(READY)
	rm -rf dist/wheel dist/again
	$(BIN)/hatchling build --target wheel --directory dist/wheel
	$(BIN)/hatchling build --target wheel --directory dist/again
	cmp dist/wheel/*.whl dist/again/*.whl
	rm -r dist/again

sbom: $(READY)
	@mkdir -p dist
	$(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
		--output-file dist/reconciler.cdx.json requirements/runtime.lock

CASES := 10000

fuzz: $(READY)
	FUZZ_CASES=$(CASES) $(BIN)/python -m pytest -m fuzz $(ARGS)

PAIRS := 1000

harness: $(READY)
	HARNESS_PAIRS=$(PAIRS) $(BIN)/python -m pytest tests/harness $(ARGS)

format: $(READY)
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: $(READY)
	$(BIN)/python tests/benchmarks/run.py $(ARGS)

# What the tests install beside the project's own requirements: every extra whose database or engine they can run.
EXTRAS := spark postgres sqlite snowflake bigquery trino mysql delta iceberg s3 gcs azure http otel

# What an image holds beside: a team keeps its state in a bucket.
STORES := s3 gcs azure

COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

lock:
	$(COMPILE) $(addprefix --extra ,$(EXTRAS)) --group pyproject.toml:dev pyproject.toml --output-file requirements/dev.lock
	$(COMPILE) --constraint requirements/dev.lock $(addprefix --extra ,$(STORES)) pyproject.toml --output-file requirements/runtime.lock
	$(COMPILE) --constraint requirements/dev.lock --group pyproject.toml:build --output-file requirements/build.lock

clean:
	rm -rf $(VENV) .reconciler build dist
