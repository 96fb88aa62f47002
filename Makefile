# The two commands: `make demo` and `make test`. Both set up what is missing first.
.DEFAULT_GOAL := help
.PHONY: help setup demo test lint run clean

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Set everything up (first time 7 to 12 minutes, later a second)
	@scripts/bootstrap

demo: setup ## A spoken conversation with a simulated car (half a minute)
	@.venv/bin/cockpit demo

test: setup lint ## Linters, types, import contracts and all tests (about a quarter of an hour)
	@.venv/bin/cockpit models pull vosk-ko-small || echo "== The tests of Vosk will be skipped."
	@echo "== Tests (twelve to fifteen minutes on two cores)"
	@.venv/bin/pytest

lint: setup
	@echo "== Linters, types and import contracts"
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

run: setup ## Talk to the car
	@.venv/bin/cockpit run

clean: ## Remove the virtual environment and build leftovers; models and map stay
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
