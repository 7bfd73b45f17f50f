# Handwriting recognition from scratch. `make` alone lists what there is to make.
#
# Each stage has one target, the manifest.json that it writes last. Its prerequisites are the manifests that it
# reads, the source it runs, and a small file in artifacts/.make that changes when the variables given to make
# do: so `make train EPOCHS=20` trains again, and parses nothing again.

ifneq ($(filter 3.% 4.0 4.0.% 4.1 4.1.%,$(MAKE_VERSION)),)
$(error GNU Make 4.2 or newer is needed, this is $(MAKE_VERSION): install it (on macOS: brew install make, then gmake))
endif

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:

stages := download parse normalize train evaluate export
# Those whose options decide what comes out, not only where the work is done.
remembered := download normalize train

# A manifest comes with its whole folder or not at all, so an interrupted make has nothing to delete.
.PRECIOUS: $(foreach s,$(stages),artifacts/$s/manifest.json)
.DEFAULT_GOAL := help

PYTHON = python3
VENV = .venv
python := $(VENV)/bin/python

# --- Variables -------------------------------------------------------------------------------------------------

download.variables := DATASET FROM
normalize.variables := VALIDATION
train.variables := RECIPE SIZES ACTIVATION COST INITIALISATION BIAS_DEVIATION OPTIMIZER LEARNING_RATE SCHEDULE \
                   MOMENTUM BATCH_SIZE EPOCHS SEED
evaluate.variables := SCHEDULER WORKERS BLOCK_SIZE # where the work is done: no reason to do it again

# Only what stands on make's command line counts; an EPOCHS in the environment may mean anything.
given := $(foreach v,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $v))),$v))
unknown := $(filter-out PYTHON VENV $(foreach s,$(stages),$($s.variables)),$(given))
ifneq ($(strip $(unknown)),)
$(error No variable is called $(strip $(unknown)): see `make help`)
endif

# BATCH_SIZE=64 becomes --batch-size '64', whatever stands in the value.
quoted = '$(subst ','\'',$1)'
option = --$(shell echo $1 | tr A-Z_ a-z-) $(call quoted,$($1))
options = $(foreach v,$(filter $($1.variables),$(given)),$(call option,$v))

# artifacts/.make/train holds train's options; it is written when it is missing or they differ from last time's.
differ = $(subst x$1,,x$2)$(subst x$2,,x$1)
define remember
$1.options := $$(call options,$1)
artifacts/.make/$1: $$(if $$(call differ,$1 $$($1.options),$$(file <artifacts/.make/$1)),FORCE)
	@mkdir -p $$(@D) && printf '%s\n' $$(call quoted,$1 $$($1.options)) > $$@
endef
$(foreach s,$(remembered),$(eval $(call remember,$s)))

# Every output that a manifest lists; one of them that was deleted is a reason to run its stage.
outputs := $(shell awk -F '"' '/^    ".*": \{$$/ {file = FILENAME; sub("manifest.json", $$2, file); print file}' \
    $(wildcard artifacts/*/manifest.json) /dev/null)
missing = $(if $(filter-out $(wildcard $(outputs)),$(filter artifacts/$1/%,$(outputs))),FORCE)
.PHONY: FORCE

# --- The pipeline ----------------------------------------------------------------------------------------------

##  The pipeline; what has not changed is not run again

.PHONY: download parse normalize train evaluate export all
download: artifacts/download/manifest.json ## Bring the data set's files here
parse: artifacts/parse/manifest.json ## Turn the IDX files into arrays
normalize: artifacts/normalize/manifest.json ## Standardise the pixels, set a validation part aside
train: artifacts/train/manifest.json ## Train the network
evaluate: artifacts/evaluate/manifest.json ## Measure it on the test images
export: artifacts/export/manifest.json ## Write it as ONNX and safetensors
all: evaluate export ## All of these

# Every floor of the library counts for the stages that stand on it.
base := $(VENV)/.ready pyproject.toml stages/console.py $(wildcard pipeline/engine/*.py pipeline/data/*.py)
network := $(wildcard pipeline/network/*.py)

artifacts/download/manifest.json: stages/download.py $(base) artifacts/.make/download $(call missing,download)
	$(python) -m stages.download $(download.options)

artifacts/parse/manifest.json: artifacts/download/manifest.json stages/parse.py $(base) $(call missing,parse)
	$(python) -m stages.parse

artifacts/normalize/manifest.json: artifacts/parse/manifest.json stages/normalize.py $(base) \
    artifacts/.make/normalize $(call missing,normalize)
	$(python) -m stages.normalize $(normalize.options)

artifacts/train/manifest.json: artifacts/normalize/manifest.json stages/train.py $(base) $(network) \
    artifacts/.make/train $(call missing,train)
	$(python) -m stages.train $(train.options)

artifacts/evaluate/manifest.json: artifacts/train/manifest.json artifacts/normalize/manifest.json \
    stages/evaluate.py $(base) $(network) $(wildcard pipeline/evaluation/*.py) $(call missing,evaluate)
	$(python) -m stages.evaluate $(call options,evaluate)

artifacts/export/manifest.json: artifacts/evaluate/manifest.json artifacts/train/manifest.json \
    stages/export.py $(base) $(network) $(wildcard pipeline/export/*.py) $(call missing,export)
	$(python) -m stages.export

# --- Its surroundings ------------------------------------------------------------------------------------------

##  Working on it

.PHONY: test lint format lock clean help
test: $(VENV)/.ready-dev ## Run the tests; they need no network
	$(python) -m pytest

lint: $(VENV)/.ready-dev ## Look for mistakes of style, types and layers
	$(python) -m ruff format --check
	$(python) -m ruff check
	$(python) -m mypy
	$(VENV)/bin/lint-imports

format: $(VENV)/.ready-dev ## Bring the code into its form
	$(python) -m ruff format
	$(python) -m ruff check --fix

lock: $(VENV)/.ready-dev ## Pin the newest versions that pyproject.toml allows
	$(compile) --group build --output-file requirements.lock
	$(compile) --group dev --constraints requirements.lock --output-file requirements-dev.lock

clean: ## Remove everything that was made, but .venv
	rm -rf artifacts .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache

help: ## This list
	@awk -F ':.*## ' '/^##  / {printf "\n%s:\n", substr($$0, 5)} /^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' \
	    Makefile
	@printf '\n%s\n' 'Variables, as in: make train RECIPE=quick EPOCHS=3'
	@printf '  %-10s %s\n' $(foreach s,$(stages),$(if $($s.variables),$s '$(strip $($s.variables))'))
	@printf '%s\n' '  Their values: $(VENV)/bin/handwriting train --help, and so on.'

compile = $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
    --generate-hashes --no-emit-index-url --upgrade --custom-compile-command 'make lock' pyproject.toml
install := $(python) -m pip install --quiet --disable-pip-version-check

$(VENV)/.ready: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	    { echo 'Python 3.11 or newer is needed, $(PYTHON) is not: make train PYTHON=python3.12, for instance'; exit 1; }
	@echo 'Installing what requirements.lock pins into $(VENV)'
	@$(PYTHON) -m venv $(VENV)
	@$(install) --require-hashes --no-deps -r requirements.lock
	@$(install) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.ready-dev: requirements-dev.lock $(VENV)/.ready
	@echo 'Installing what requirements-dev.lock pins into $(VENV)'
	@$(install) --require-hashes --no-deps -r requirements-dev.lock
	@touch $@
