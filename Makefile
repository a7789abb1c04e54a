# `make` alone lists what there is.

BIN := .venv/bin
PROMTOOL := $(shell command -v promtool 2>/dev/null)

# Without compiled files, each process that is started would compile again what it imports.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup replay test tests test-all lint types alerts lab exercises notebooks book slides bench lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: .venv/.installed ## build .venv from the lock, when the lock or pyproject.toml changed

replay: setup ## replay the incident before and after the fix; the report goes to build/
	@$(BIN)/ghosts replay

test: setup ## run everything: lint, types, unit tests and every notebook, outputs compared
	@$(MAKE) --no-print-directory --keep-going --jobs=2 lint types $(if $(PROMTOOL),alerts) tests; failed=$$?; \
	if [ $$failed -ne 0 ]; then echo "make test: failed, see above: make names each part that did, after ***" >&2; fi; \
	$(if $(PROMTOOL),,echo "make test: no promtool on the PATH, so the alert rules were run on ghosts.alerts only";) \
	exit $$failed

# The order of the files is kept, the longest first: so both workers have something to do to the end.
WORKERS := -n 2 --dist loadfile --no-loadscope-reorder

# Begins when the other checks are over or mypy, which leaves one core idle, is the only one left.
# A test that calls make must not find the jobs of the make that has called it: so no MAKEFLAGS.
tests: setup
	@MAKEFLAGS= $(BIN)/pytest $(WORKERS)

test-all: test ## run what takes longer, too: the history of the fix, both matrices, random schedules
	@$(BIN)/pytest $(WORKERS) -m slow tests
	@$(BIN)/pytest $(WORKERS) --hypothesis-profile=soak tests/slow

lint: setup ## check formatting and style, of notebooks too, and who may import whom
	@$(BIN)/ruff format --check && $(BIN)/ruff check && $(BIN)/lint-imports

types: setup ## check the types of lib/
	@$(BIN)/mypy

alerts: setup ## check the alert rules with Prometheus' promtool
	@if [ -z "$(PROMTOOL)" ]; then echo "make alerts: no promtool on the PATH; it comes with Prometheus:" \
		"apt install prometheus on Debian, or the release archive elsewhere" >&2; exit 1; fi
	@$(PROMTOOL) check rules data/alerts/ghosts.rules.yml
	@$(BIN)/python tools/alerts_from_a_replay.py
	@$(PROMTOOL) test rules data/alerts/ghosts.test.yml tests/ghosts/alerts/promql.test.yml \
		build/alerts/replays.test.yml

LAB := $(BIN)/jupyter lab --LabApp.news_url=None \
	--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate

lab: setup ## open JupyterLab in notebooks/, which fetches nothing
	@$(LAB) notebooks

exercises: setup ## copy the exercises to notebooks/my_exercises/, which is yours, and open them
	@$(BIN)/python tools/copy_exercises.py
	@$(LAB) --ServerApp.root_dir="$(CURDIR)" \
		--LabApp.default_url=/lab/tree/notebooks/my_exercises/00_exercises.ipynb

notebooks: setup ## run the notebooks again and store their outputs; some only: NAMES="02 04"
	@$(BIN)/python tools/refresh_notebooks.py $(NAMES) && $(BIN)/python tools/draw_pictures.py

slides: setup ## build the slides of the talk, for 20 and for 45 minutes, in build/slides/
	@$(BIN)/python tools/build_slides.py

BOOK := build/book

book: setup ## build the book, which needs no network: notebooks as stored, docs, API of the utilities
	@$(BIN)/sphinx-build -q -W --keep-going -c book -d $(BOOK).doctrees . $(BOOK)
	@echo "The book is at $(BOOK)/index.html"

bench: setup .venv/.peers ## measure speed and memory, beside other libraries; the results go to build/bench/
	@$(BIN)/pytest -s tests/bench

COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --quiet --custom-compile-command "make lock"

lock: .venv/.locked ## resolve the dependencies of pyproject.toml again; to newer versions: UPGRADE=--upgrade
	@$(BIN)/$(COMPILE) $(UPGRADE) pyproject.toml --all-extras -o requirements.lock
	@$(BIN)/$(COMPILE) $(UPGRADE) tests/bench/requirements.in -c requirements.lock \
		-o tests/bench/requirements.lock
	@$(BIN)/python tools/write_environment.py

clean: ## remove what the other targets made, but not .venv
	@rm -rf build .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find lib tests tools notebooks -name __pycache__ -o -name .ipynb_checkpoints | \
		while read -r folder; do rm -rf "$$folder"; done

# Two stamps, each written last: an interrupted set-up is started again, and a change of
# pyproject.toml alone costs a second. Nothing is compiled: what is imported is, once.
.venv/.locked: requirements.lock tools/set-up
	@python=$$(sh tools/find-python $(PYTHON)) && \
	echo "Setting up .venv with $$python: some seconds." && \
	sh tools/set-up "$$python" && \
	touch $@

INSTALL := sh tools/install

# What the benchmarks compare with; nothing else needs it.
.venv/.peers: .venv/.locked tests/bench/requirements.lock
	@$(INSTALL) --require-hashes -r tests/bench/requirements.lock && \
	touch $@

.venv/.installed: .venv/.locked pyproject.toml
	@$(INSTALL) --no-build-isolation --editable . && \
	touch $@
