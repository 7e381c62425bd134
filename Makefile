# make run     set everything up and run the first case
# make test    set everything up, then lint, types and the quick tests
SHELL := /bin/sh
BIN := .venv/bin
CASE ?= strip-void
export OMP_NUM_THREADS ?= 1
# Two tests at a time: a file stays in one process, so that its runs are shared; long files first (tests/conftest.py).
WORKERS ?= 2
PYTEST := $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: help setup run test test-all lint clean
help:
	@echo "make run | test | test-all | setup | lint | clean"

setup: .venv/.ready
	@:

.venv/.ready: requirements.lock pyproject.toml .python-version scripts/setup.sh
	@sh scripts/setup.sh
	@touch $@

run: setup
	@$(BIN)/cellfem run cases/$(CASE) --out results/$(CASE)
	@$(BIN)/cellfem report results/$(CASE)

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/mypy

test: lint
	@$(PYTEST) -m "not slow"

test-all: lint
	@$(PYTEST)

clean:
	rm -rf .venv .tools .mypy_cache .pytest_cache .ruff_cache *.egg-info build
