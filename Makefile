# Every recipe uses relative paths only, so that a space in the folder's name never reaches a shell.
# `make help` lists the targets.

SHELL := /bin/sh
.SHELLFLAGS := -eu -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
STAMP := $(VENV)/.complete
UNIT ?=
CLASS ?=
PYTEST_ARGS ?=

# nbgrader starts the program `alembic`: it must be found on PATH.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PYTHONUNBUFFERED := 1
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test test-full lab formgrader build lock nbval nbval-gpu bench bench-data bench-grader gallery format clean

help:  ## list the targets
	@echo "cvcourse: an executable computer-vision course. Targets:"
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'

setup: $(STAMP)  ## make the virtual environment .venv (the other targets call this first)

$(STAMP): requirements.lock pyproject.toml tools/set_up.py
	@command -v "$(PYTHON)" >/dev/null 2>&1 || { echo "setup: no program '$(PYTHON)' here: install Python 3.11 or newer, or name it: make setup PYTHON=/path/to/python3" >&2; exit 2; }
	@"$(PYTHON)" tools/set_up.py

demo: setup  ## make, grade and report a class of 24 before your eyes (into class/demo)
	@$(RUN) -m cvcourse.cli demo

test: setup  ## run the tests
	@$(RUN) -m pytest $(PYTEST_ARGS)

test-full: setup  ## run all tests, those that take long included, and print a dated table
	@$(RUN) -m pytest -m "full or not full" --dated-table $(PYTEST_ARGS)

lab: setup  ## open the course in JupyterLab, on your own copy in workspace/
	@$(RUN) -m cvcourse.cli lab

formgrader: setup  ## open nbgrader's formgrader on a class (CLASS=folder; default class/, else the demo's)
	@$(RUN) -m cvcourse.cli formgrader $(if $(CLASS),--class "$(CLASS)")

build: setup  ## build solutions/ and course/ from source/ (UNIT=name for one)
	@$(RUN) -m cvcourse.cli build $(UNIT)

lock: setup  ## make requirements.lock anew from pyproject.toml
	@$(RUN) -m uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --upgrade \
	    --generate-hashes --no-emit-index-url --no-header --no-emit-package cvcourse --quiet -o requirements.lock
	@echo "lock: requirements.lock is new; the next make target installs it"

nbval: setup  ## run every notebook and compare its deterministic outputs (cpu budget)
	@$(RUN) -m cvcourse.build.nbval --budget cpu

nbval-gpu: setup  ## the same on the GPU kernel, which demands CUDA (gpu budget)
	@$(RUN) -m cvcourse.build.nbval --budget gpu --kernel cvcourse-gpu

bench: setup  ## run every benchmark; each prints a table (hours: grading is among them)
	@for script in benchmarks/*.py; do echo "== $$script"; $(RUN) "$$script"; done

bench-data: setup  ## measure the rendered data and write the tables into RESULTS.md (about 15 minutes)
	@$(RUN) benchmarks/data.py | $(RUN) tools/record.py data

bench-grader: setup  ## compare grading with plain nbgrader and write the tables into RESULTS.md (about an hour)
	@$(RUN) benchmarks/grader.py | $(RUN) tools/record.py grader

gallery: setup  ## draw docs/gallery.md anew, from the sets that are on this machine
	@$(RUN) tools/gallery.py

format: setup  ## format and lint
	@$(RUN) -m ruff format . && $(RUN) -m ruff check --fix .

clean:  ## remove the environment, caches and the demo's class; never a class, a workspace or a notebook
	@rm -rf $(VENV) .pytest_cache .ruff_cache dist class/demo
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
