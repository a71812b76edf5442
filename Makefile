# One set of verbs for everyone; `make help` lists them. Needs Python 3.11 or newer, nothing
# else: each verb installs what it needs into .venv first.

VENV := .venv
BIN := $(VENV)/bin
DEMO := demo-output/bookshop

# The first interpreter that is new enough, or the one that the caller names: make PYTHON=...
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { command -v "$$name"; break; }; done)

.DEFAULT_GOAL := help
.PHONY: help demo test coverage lint types docs check clean

help: ## list the verbs
	@sed -n 's/^\([a-z]*\):[^#]*## /  make \1: /p' $(MAKEFILE_LIST) | sed 's/: /\t/'

demo: export TEMPLATE_CREATE_HOME := $(CURDIR)/demo-output/home
demo: $(VENV)/.demo ## turn examples/bookshop into a template package and show it
	@rm -rf demo-output
	$(BIN)/template-create --name bookshop --path examples/bookshop --output $(DEMO)
	@printf '\nThe package:\n'
	@find $(DEMO) -type f | LC_ALL=C sort | sed 's|^|  |'
	@printf '\nIts agent for the API, to the first example:\n\n'
	@sed -n '1,/^```/p' $(DEMO)/agents/api-specialist.md | sed -e '$$d' -e 's|^|  |'
	@printf '\nIt validates, every count and byte against the code:\n'
	$(BIN)/template-create validate $(DEMO) --codebase examples/bookshop
	@printf '\nAnd it writes new code:\n'
	$(BIN)/template-create render $(DEMO) demo-output/new --set entity="gift card"
	@printf '\nOf that, the repository:\n\n'
	@sed 's|^|  |' demo-output/new/src/bookshop/repositories/gift_card_repository.py

test: $(VENV)/.test ## run the tests
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

coverage: $(VENV)/.test ## run the tests and measure them; fails below what is asked for
	@mkdir -p build
	$(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report= --cov-report=json:build/coverage.json $(ARGS)
	$(BIN)/python tests/coverage_gate.py build/coverage.json

lint: $(VENV)/.dev ## style, format and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.dev ## strict types
	$(BIN)/mypy

docs: $(VENV)/.test ## write what the documents take from the code, then test every document
	$(BIN)/python docs/generate.py
	$(BIN)/python -m pytest -q tests/unit/test_docs.py tests/unit/test_house.py

check: lint types coverage ## everything that a change has to pass

clean: ## remove what the other verbs made
	rm -rf $(VENV) build dist demo-output .coverage .mypy_cache .ruff_cache .pytest_cache

# Each stamp is one install; it is made again when pyproject.toml changes.
$(VENV)/.venv:
	@test -n '$(PYTHON)' || { echo 'No Python 3.11 or newer found. Install one, or name it:' \
		'make PYTHON=/path/to/python3.11' >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo 'This Python cannot make a virtual' \
		'environment. On Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }
	@touch $@

$(VENV)/.demo: pyproject.toml $(VENV)/.venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.test: pyproject.toml $(VENV)/.venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@ $(VENV)/.demo

$(VENV)/.dev: pyproject.toml $(VENV)/.venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,dev]'
	@touch $@ $(VENV)/.demo $(VENV)/.test
