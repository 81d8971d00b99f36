# Targets of this repository. `make` alone prints the list.
PYTHON ?= python3
run := .venv/bin/python
extras := tensorflow fast cluster app class lab dev dev-tensorflow
pytest := $(run) -m pytest -n auto --maxprocesses 4 --dist loadfile

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Set up .venv and run the pipeline on a synthetic street
	@$(PYTHON) tools/set_up.py
	@$(run) src/main.py --config confs/demo.yml

test: lint ## Set up .venv, check style and types, run all tests with coverage
	@$(pytest) -m "not matrix" --cov --cov-report=term:skip-covered

test-fast: ## Run the tests that are not marked slow (under 2 minutes)
	@$(PYTHON) tools/set_up.py $(extras)
	@$(pytest) -m "not slow and not matrix"

test-matrix: ## Run the tests over every third-party network (an hour)
	@$(PYTHON) tools/set_up.py $(extras)
	@$(pytest) -m matrix

lint: ## Check style, types, and which package may import which
	@$(PYTHON) tools/set_up.py $(extras)
	@$(run) -m ruff check .
	@$(run) -m ruff format --check src tests tools benchmarks
	@$(run) -m mypy
	@.venv/bin/lint-imports

lab: ## Open the lessons in JupyterLab
	@$(PYTHON) tools/set_up.py lab fast class
	@.venv/bin/jupyter lab

weights: ## Train the shipped weights again (hours; resumes where it stopped)
	@$(PYTHON) tools/set_up.py
	@$(run) -m tools.weights $(ARGS)

bench: ## Print every speed claim beside its peer
	@$(PYTHON) tools/set_up.py $(extras)
	@for script in $(wildcard benchmarks/*.py); do echo "$$script"; $(run) $$script || exit 1; done

notebooks: ## Build every lesson from its source, and the tables that list them
	@$(PYTHON) tools/set_up.py fast dev
	@$(run) -m tools.notebooks

exercises: ## Build the exercises: for students, for grading, solutions
	@$(PYTHON) tools/set_up.py class dev
	@$(run) -m tools.exercises

grade: ## Grade a class: make grade SUBMISSIONS=folder
	@$(PYTHON) tools/set_up.py class dev
	@$(run) -m tools.grade "$(SUBMISSIONS)" $(ARGS)

mark: grade # the earlier name

offline: ## Gather what a classroom without a network needs, for a USB stick
	@$(PYTHON) tools/set_up.py class lab fast dev
	@$(run) -m tools.offline $(ARGS)

lock: ## Write requirements.lock again (needs uv)
	@tools/lock.sh $(ARGS)

.PHONY: help demo test test-fast test-matrix lint lab weights bench notebooks exercises grade mark offline lock
