# make demo: the whole story on an invented person.   make test: everything that has to hold.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: help setup demo test wheel clean

help:
	@sed -n 's/^## //p' Makefile

## setup   .venv with ipse and its tools; nothing to do while pyproject and constraints are unchanged
setup: $(READY)

$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@

## demo    learn an invented person and ask about them
demo: setup
	$(BIN)/python examples/demo.py

## test    lint, format, types, import directions, tests
test: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest

## wheel   dist/ipse-*.whl
wheel: setup
	$(BIN)/python -m build --wheel

## clean   what the tools left behind; .venv stays
clean:
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
