# Puhui. Every target sets up what it needs inside the checkout (.venv); `make` alone lists them.
#
# Needs Python 3.11 or newer and nothing else. Another one than the first found: make setup PYTHON=python3.13

BIN := .venv/bin
PYTHON ?= first
PYTHONS := python3 python3.14 python3.13 python3.12 python3.11 python

.DEFAULT_GOAL := help
.PHONY: help setup run test tidy types contracts bench peers mutants docs lock postgres postgres-stop clean

help: ## list the targets
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: ## create or refresh .venv, after which .venv/bin/puhui works
	@python="$(PYTHON)"; \
	if [ "$$python" = first ]; then \
	  for python in $(PYTHONS) none; do \
	    "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && break; \
	  done; \
	fi; \
	if [ "$$python" = none ]; then \
	  echo "Puhui needs Python 3.11 or newer, and none of these is: $(PYTHONS)."; \
	  echo "Install it (Debian, Ubuntu: apt-get install python3 python3-venv), or name yours: make setup PYTHON=/path/to/python3"; \
	  exit 1; \
	fi; \
	"$$python" tools/set_up.py

run: setup ## the main job on a simulated county; make run DATA=folder for real data; ARGS=--no-serve to stop at the end
	@PUHUI_HOME="$${PUHUI_HOME:-build/demo}" $(BIN)/puhui demo $(if $(DATA),--data "$(DATA)") $(ARGS)

test: setup ## all tests, on SQLite and (where it is installed) on PostgreSQL
	@$(BIN)/python tools/postgres.py start --if-installed
	@echo "Running the tests on two processes ..."
	@$(BIN)/pytest -n 2

tidy: setup ## style, format and the house rules
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/python tools/tidy.py

types: setup ## types, strictly
	@$(BIN)/mypy

contracts: setup ## imports go only downward
	@$(BIN)/lint-imports --no-logo

bench: setup ## every benchmark
	@set -e; for file in benchmarks/[a-z]*.py; do \
	  echo; echo "== $$file"; $(BIN)/python "$$file"; \
	done

peers: setup ## install the large peers of benchmarks/credit.py (CatBoost, interpret, toad)
	@$(BIN)/python -m pip install -q --require-hashes -r requirements/peers.txt

mutants: setup ## each small wrong edit of tools/mutants.txt must turn the tests red
	@$(BIN)/python tools/mutants.py

docs: setup ## write docs/reference and the READMEs' tours anew
	@$(BIN)/python tools/make_docs.py
	@$(BIN)/python tools/make_tour.py

lock: setup ## pin the dependencies of pyproject.toml, with hashes (downloads uv into build/)
	@test -x build/uv/bin/uv || { $(BIN)/python -m venv build/uv && build/uv/bin/python -m pip install -q uv; }
	@echo "Pinning requirements/base.txt, dev.txt and peers.txt ..."
	@build/uv/bin/uv pip compile pyproject.toml -q --universal --python-version 3.11 --generate-hashes --no-header \
	  -o requirements/base.txt
	@build/uv/bin/uv pip compile pyproject.toml -q --universal --python-version 3.11 --generate-hashes --no-header \
	  --extra dev --extra bench --extra ray -o requirements/dev.txt
	@build/uv/bin/uv pip compile pyproject.toml -q --universal --python-version 3.11 --generate-hashes --no-header \
	  --extra dev --extra bench --extra ray --extra peers -o requirements/peers.txt

postgres: setup ## start a PostgreSQL on loopback for tests and benchmarks
	@$(BIN)/python tools/postgres.py start

postgres-stop: setup ## stop and remove it
	@$(BIN)/python tools/postgres.py stop

clean: ## remove all that make has made
	@rm -rf .venv build dist .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find src tests tools benchmarks -name __pycache__ -prune -exec rm -rf {} +
