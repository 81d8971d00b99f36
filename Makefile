# What there is to do here. `make` alone prints the list.
PYTHON ?= python3
export PYTHONPATH := ./
run := .venv/bin/python
everything := tensorflow fast cluster app class lab dev

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Set up .venv and run the walk-through on a generated street
	@$(PYTHON) tools/set_up.py
	@$(run) src/main.py --config confs/demo.yml

test: lint ## Set up .venv and pass the checks of style and the tests
	@$(run) -m pytest -n auto --maxprocesses 4 --dist loadfile

lint: ## Style, types, and floors (which folder may import which)
	@$(PYTHON) tools/set_up.py $(everything)
	@$(run) -m ruff check .
	@$(run) -m mypy
	@.venv/bin/lint-imports

lab: ## Open the lessons in JupyterLab
	@$(PYTHON) tools/set_up.py lab fast class
	@.venv/bin/jupyter lab

weights: ## Train the embedded weights again (hours; resumes where it stopped)
	@$(PYTHON) tools/set_up.py
	@$(run) src/main.py weights

bench: ## Print every speed claim beside its peer
	@$(PYTHON) tools/set_up.py $(everything)
	@for script in $(wildcard benchmarks/*.py); do echo "$$script"; $(run) $$script || exit 1; done

notebooks: ## Build every lesson from its source, and the tables that list them
	@$(PYTHON) tools/set_up.py fast dev
	@$(run) tools/notebooks.py

exercises: ## Build the exercises of a class: for students, for marking, solutions
	@$(PYTHON) tools/set_up.py class dev
	@$(run) tools/exercises.py

mark: ## Mark a class: make mark SUBMISSIONS=folder
	@$(PYTHON) tools/set_up.py class dev
	@$(run) tools/mark.py "$(SUBMISSIONS)" $(ARGS)

offline: ## Gather what a room without network needs, for a USB stick
	@$(PYTHON) tools/set_up.py class lab fast dev
	@$(run) tools/offline.py $(ARGS)

lock: ## Write requirements.lock again (needs uv)
	@tools/lock.sh

.PHONY: help demo test lint lab weights bench notebooks exercises mark offline lock
