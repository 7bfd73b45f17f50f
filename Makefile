# Handwriting recognition from scratch. `make help` lists the targets. This file defines the pipeline; pipeline/engine/rules.mk
# runs its stages.

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DEFAULT_GOAL := start

PYTHON = python3
VENV = .venv
python := $(VENV)/bin/python
ready := $(VENV)/.ready

##  Pipeline (stages that are up to date are skipped)

stages := download parse normalize train evaluate export report fonts lines rows detector

# For each stage, those that it reads, and its help.
download.inputs := ## Fetch the four IDX files of a data set and verify their hashes
parse.inputs := download ## Convert the IDX files to .npy arrays
normalize.inputs := parse ## Scale the pixels and hold out images for validation
train.inputs := normalize ## Train a network with the hyperparameters of a recipe
evaluate.inputs := normalize train ## Classify the test images in parallel and compute the metrics
export.inputs := normalize train evaluate ## Export the model as ONNX and safetensors, with a lesson on it
report.inputs := normalize train evaluate ## Write a report with metrics, errors and other runs
##  For the reader
fonts.inputs := ## Fetch and verify handwriting fonts
lines.inputs := normalize fonts ## Synthesise line images, with their texts
rows.inputs := lines ## Train the recogniser, which reads a row as a whole
detector.inputs := lines rows ## Train the detector, and save it with the network of rows

# What a stage needs beyond requirements.txt; pictures of one's own are fitted with SciPy.
report.ready := $(VENV)/.ready-report
$(foreach s,lines rows detector $(if $(filter custom,$(value DATASET)),download),$(eval $s.ready := $(VENV)/.ready-reader))
all.inputs := evaluate export report
pictures.inputs := export report
others := KEEP TESTS ONLY YES PYTHON VENV SHELL
targets := all prune test test-all lint pictures notebook docs pretrained benchmarks format lock clean distclean start help

include pipeline/engine/rules.mk

##  All stages and their results

status: ## Show which stages are up to date, which are not, and why
all: $(all.inputs) ## Run all stages up to report (not those of the reader)

prune: | $(ready) ## Delete old results and what killed runs left (KEEP=3)
	@$(python) -m stages.commands.prune $(call options,KEEP)

##  Development

.PHONY: FORCE $(targets)
# Keep bytecode, also where the environment forbids it: each process would compile all tests again.
pytest = PYTHONDONTWRITEBYTECODE= $(python) -m pytest --numprocesses logical --maxprocesses 8 --dist loadfile --no-loadscope-reorder
test: $(VENV)/.ready-dev ## Run the fast tests (two minutes, offline; TESTS=FOLDER)
	$(pytest) -m 'not slow' $(TESTS)

test-all: $(VENV)/.ready-dev ## Run all tests, also the slow ones (TESTS=FOLDER)
	$(pytest) $(TESTS)

lint: $(VENV)/.ready-dev ## Check style, types, imports, known vulnerabilities
	$(python) -m ruff format --check
	$(python) -m ruff check
	$(python) -m mypy
	$(VENV)/bin/lint-imports
	$(python) -m tests.tools.audit

pictures: $(VENV)/.ready-dev $(pictures.inputs) ## Regenerate the pictures of README and docs
	$(python) -m tests.tools.pictures

notebook: $(VENV)/.ready-dev ## Run the tutorial; write its outputs, pictures and notebook
	$(python) -m tests.docs.tutorial

docs: $(VENV)/.ready-dev ## Make the site of the documentation, artifacts/site
	@[ ! -L artifacts/site ] || { echo 'artifacts/site is a link to a result: give this link another name first' >&2; exit 1; }
	rm -rf artifacts/site
	$(python) -m sphinx --quiet --fail-on-warning --keep-going --fresh-env \
	    --conf-dir docs --doctree-dir artifacts/.cache/site . artifacts/site

record.options := RECIPE=record LAYERS=conv24x4,conv48x3/1,conv96x4,160 EPOCHS=30 ENSEMBLE_SIZE=1 NEGATIVES=0.4 STYLES=0.05
pretrained: $(VENV)/.ready-dev ## Train the models in pipeline/model/pretrained
	$(MAKE) train DATASET=mnist $(record.options)
	$(python) -m tests.tools.pretrained
	$(MAKE) detector DATASET=mnist
	$(python) -m tests.tools.pretrained --reader

benchmarks: $(VENV)/.ready-peers .venv-peers/.ready .venv-ocr/.ready ## Measure the tables of the docs again (ONLY=training for one)
	$(MAKE) all
	$(python) -m tests.tools.figures $(ONLY)

format: $(VENV)/.ready-dev ## Format the code
	$(python) -m ruff format
	$(python) -m ruff check --fix

compile = $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
    --generate-hashes --no-emit-index-url --upgrade --custom-compile-command "make lock, $$(date -u +%F)"
# Prints what an extra requires, a line each.
extra = $(python) -c 'import sys, tomllib; [print(each) for each in tomllib.load(sys.stdin.buffer)["project"]["optional-dependencies"][sys.argv[1]]]' <pyproject.toml
lock: $(VENV)/.ready-dev ## Pin the newest versions that pyproject.toml allows
	$(compile) pyproject.toml --group build --output-file requirements.txt
	$(extra) reader | $(compile) - --constraints requirements.txt --output-file requirements-reader.txt
	$(extra) report | $(compile) - --constraints requirements.txt --output-file requirements-report.txt
	$(compile) pyproject.toml --extra all --group dev --output-file requirements-dev.txt \
	    $(foreach l,requirements requirements-reader requirements-report,--constraints $l.txt)

clean: ## Remove generated files except the result store and .venv
	@[ -L artifacts/site ] || rm -rf artifacts/site # a link is a result of this name
	rm -rf $(stages:%=artifacts/%) artifacts/.cache .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache

distclean: ## Like clean, but also remove the store (requires YES=1)
	@[ -n "$(filter 1,$(YES))" ] || [ ! -e artifacts/.store ] || { echo 'artifacts/.store contains results: to delete them, run make distclean YES=1' >&2; exit 1; }
	@$(MAKE) clean
	rm -rf artifacts .venv-peers .venv-ocr

# Targets are cyan, as in the output of commands, on a terminal with colours.
coloured := $(if $(MAKE_TERMOUT),$(if $(NO_COLOR)$(filter dumb,$(TERM)),,-v on='\033[36m' -v off='\033[m'))
list = @awk $(coloured) -F '([.]inputs )?:.*\#\# ' '/^\#\#  / {heading = "\n" substr($$0, 5) ":\n"} \
    /^($1)([.]inputs )?:.*\#\# / {printf "%s  make %s%-10s%s %s\n", heading, on, $$1, off, $$2; heading = ""}' Makefile
start:
	$(call list,train|export|report|all|status|test|help)

help: ## Show all targets, and variables
	$(call list,[a-z_-]+)
	@printf '%s\n' '' 'Variables, as in make train RECIPE=quick EPOCHS=3:' \
	    '  FORCE=1         Run the stages that are goals even if they are up to date' \
	    '  KEEP=3: old results of each stage that prune keeps (5 by default)' \
	    '  TESTS=tests/make, ONLY=training, YES=1: see their targets above' \
	    '  PYTHON=python3.12, VENV=.venv: the interpreter, the environment' \
	    '  All others are options of a stage: $(VENV)/bin/handwriting train --help'

install := $(python) -m pip install --quiet --disable-pip-version-check
# .venv/.ready is a copy of the installed lock file: make reinstalls only if the content of the lock file differs.
if_differs = $(shell cmp -s $1 $2 || echo FORCE)

$(VENV)/.ready: $(call if_differs,requirements.txt,$(VENV)/.ready)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo 'Python 3.11 or newer is required, but $(PYTHON) is older or missing: try make train PYTHON=python3.12'; exit 1; }
	@echo 'Installing requirements.txt into $(VENV) (once, 0.2 GB)'
	@$(PYTHON) -m venv $(VENV)
	@$(install) --require-hashes --no-deps -r requirements.txt
	@$(install) --no-deps --no-build-isolation --editable .
	@cp requirements.txt $@

$(foreach l,reader report dev,$(eval $(VENV)/.ready-$l: $(call if_differs,requirements-$l.txt,$(VENV)/.ready-$l)))
$(VENV)/.ready-reader $(VENV)/.ready-report $(VENV)/.ready-dev: $(VENV)/.ready-%: $(VENV)/.ready
	@echo 'Installing requirements-$*.txt into $(VENV)'
	@$(install) --require-hashes --no-deps -r requirements-$*.txt
	@cp requirements-$*.txt $@

$(VENV)/.ready-peers: $(VENV)/.ready-dev
	@echo 'Installing PyTorch into $(VENV)'
	@$(install) --no-build-isolation --editable '.[benchmark]'
	@touch $@

peers.packages := dvc snakemake
ocr.packages := rapidocr onnxruntime
.venv-%/.ready:
	@echo 'Installing $($*.packages) into .venv-$*'
	@$(PYTHON) -m venv .venv-$*
	@.venv-$*/bin/python -m pip install --quiet --disable-pip-version-check $($*.packages)
	@touch $@
