.DEFAULT_GOAL := help
.PHONY: help start test slow check lint format

help:  ## Say what can be made
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

start:  ## Install what is missing and serve the map
	bash scripts/start

check:  ## Exactly what CI runs: every check and every test that is not slow
	bash .ci/run

test:  ## The same with arguments for pytest: make test ARGS="-k near"
	bash scripts/test $(ARGS)

slow:  ## Every check and every test, slow ones too
	bash scripts/test --slow

lint:  ## The checks alone: style, types, floors, spelling (after scripts/install test)
	.venv/bin/python -m ruff check
	.venv/bin/python -m ruff format --check
	.venv/bin/python -m mypy
	.venv/bin/python -m codespell_lib
	.venv/bin/lint-imports

format:  ## Put the code into the one format
	.venv/bin/python -m ruff check --fix
	.venv/bin/python -m ruff format
