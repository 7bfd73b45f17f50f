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
.DELETE_ON_ERROR:
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
unknown := $(filter-out PYTHON VENV $(foreach s,download normalize train evaluate,$($s.variables)),$(given))
ifneq ($(strip $(unknown)),)
$(error No variable is called $(strip $(unknown)): see `make help`)
endif

# BATCH_SIZE=64 becomes --batch-size "64".
option = $(if $($1),--$(shell echo $1 | tr A-Z_ a-z-) "$($1)")
options = $(strip $(foreach v,$(filter $($1.variables),$(given)),$(call option,$v)))

# Rewritten only where the options differ from last time's, so that its age tells when they changed.
define remember
$1.options := $$(call options,$1)
ifneq '$$(file <artifacts/.make/$1)' '$1 $$($1.options)'
$$(shell mkdir -p artifacts/.make)
$$(file >artifacts/.make/$1,$1 $$($1.options))
endif
endef
$(foreach s,download normalize train,$(eval $(call remember,$s)))

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

artifacts/download/manifest.json: stages/download.py $(base) artifacts/.make/download
	$(python) -m stages.download $(download.options)

artifacts/parse/manifest.json: artifacts/download/manifest.json stages/parse.py $(base)
	$(python) -m stages.parse

artifacts/normalize/manifest.json: artifacts/parse/manifest.json stages/normalize.py $(base) \
    artifacts/.make/normalize
	$(python) -m stages.normalize $(normalize.options)

artifacts/train/manifest.json: artifacts/normalize/manifest.json stages/train.py $(base) $(network) \
    artifacts/.make/train
	$(python) -m stages.train $(train.options)

artifacts/evaluate/manifest.json: artifacts/train/manifest.json artifacts/normalize/manifest.json \
    stages/evaluate.py $(base) $(network) $(wildcard pipeline/evaluation/*.py)
	$(python) -m stages.evaluate $(call options,evaluate)

artifacts/export/manifest.json: artifacts/evaluate/manifest.json artifacts/train/manifest.json \
    stages/export.py $(base) $(network) $(wildcard pipeline/export/*.py)
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
	@sed -n -e 's/^##  \(.*\)/\n\1:/p' -e 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | \
	    awk -F '|' 'NF == 2 {printf "%-18s %s\n", $$1, $$2; next} {print}'
	@printf '\n%s\n' 'Variables, as in: make train RECIPE=quick EPOCHS=3'
	@printf '  %-10s %s\n' $(foreach s,download normalize train evaluate,$s '$($s.variables)')
	@printf '%s\n' '  Their values: $(VENV)/bin/handwriting train --help, and so on.'

compile = $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
    --generate-hashes --no-emit-index-url --upgrade --custom-compile-command 'make lock' pyproject.toml
install := $(python) -m pip install --quiet --disable-pip-version-check

$(VENV)/.ready: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
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
