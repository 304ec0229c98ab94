PYTHON ?= python3
BIN := .venv/bin
# The system's certificates, so that it works behind a company's proxy as pip does.
UV := VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/python -m uv --quiet --system-certs pip

.PHONY: setup demo test check bench clean
setup: .venv/ready

.venv/ready: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep -o '^uv==[0-9.]*' requirements.lock)"
	@$(UV) sync requirements.lock
	@$(UV) install --no-deps --editable .
	@touch $@

demo: setup   ## charge, derive, invoice, verify, replay: two to three minutes
	@$(BIN)/wattproof demo --data demo

test: setup check   ## style, types, tests
	@$(BIN)/python -m pytest -q -n auto --dist loadfile

check: setup
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: setup   ## every figure beside its limit
	@$(BIN)/python -m tests.bench

clean:
	@rm -rf .venv demo data .pytest_cache .mypy_cache .ruff_cache
