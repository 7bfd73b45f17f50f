# Handwriting recognition from scratch. `make` alone lists what there is to make.
#
# Each stage has one target, the manifest.json that it writes last. make is the quick half: it starts a stage when
# something that the stage stands on is younger than the manifest or is not what it was, too often rather than too
# seldom. The stage is the exact half: it compares contents, and works only if the result would differ.

ifneq ($(filter 3.% 4.0 4.0.% 4.1 4.1.%,$(MAKE_VERSION)),)
$(error GNU Make 4.2 or newer is needed, this is $(MAKE_VERSION): install it (on macOS: brew install make, then gmake))
endif

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:

stages := download parse normalize train evaluate export report

# A manifest comes with its whole folder or not at all, so an interrupted make has nothing to delete.
.PRECIOUS: $(foreach s,$(stages),artifacts/$s/manifest.json)
.DEFAULT_GOAL := help

PYTHON = python3
VENV = .venv
python := $(VENV)/bin/python

# --- Variables -------------------------------------------------------------------------------------------------

download.variables := DATASET FROM
normalize.variables := VALIDATION
train.variables := RECIPE SIZES ACTIVATION INITIALISATION BIAS_DEVIATION MEMBERS \
                   COST SMOOTHING OPTIMIZER LEARNING_RATE SCHEDULE WARMUP MOMENTUM WEIGHT_DECAY AVERAGING BATCH_SIZE \
                   SHARDS EPOCHS SEED BENT SHIFT ROTATION SCALE SHEAR ELASTIC SMOOTHNESS THICKNESS \
                   SCHEDULER SCHEDULER_FILE WORKERS
evaluate.variables := SCHEDULER SCHEDULER_FILE WORKERS BLOCK_SIZE SHIP_DATA
ladder.variables := SEEDS
prune.variables := KEEP
torture.variables := SECONDS

# Those that say where a stage works, not what comes out; and those of options without a value, as SHIP_DATA=1.
places := SCHEDULER SCHEDULER_FILE WORKERS BLOCK_SIZE SHIP_DATA
flags := SHIP_DATA

# Only what stands on make's command line counts; an EPOCHS in the environment may mean anything.
given := $(foreach v,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $v))),$v))
unknown := $(filter-out PYTHON VENV $(foreach s,$(stages) ladder prune torture,$($s.variables)),$(given))
ifneq ($(strip $(unknown)),)
$(error No variable is called $(strip $(unknown)): see `make help`)
endif

# Nobody needs them in the environment, for which make would carry out a $(shell) that stands in a value.
unexport $(given)

# BATCH_SIZE=64 becomes --batch-size '64', whatever stands in the value; SHIP_DATA=1 becomes --ship-data.
quoted = '$(subst ','\'',$1)'
name = --$(shell echo $1 | tr A-Z_ a-z-)
flag = $(if $(filter-out 0,$(value $1)),$(call name,$1))
option = $(if $(filter $1,$(flags)),$(call flag,$1),$(call name,$1) $(call quoted,$(value $1)))
options_of = $(foreach v,$(filter $(given),$1),$(call option,$v))
options = $(call options_of,$($1.variables))

# .venv/.ready is a copy of the lock that was installed, so that a lock which is only younger installs nothing.
unlike = $(shell cmp -s $1 $2 || echo FORCE)
new_lock := $(call unlike,requirements.txt,$(VENV)/.ready)

# --- What each stage stands on ---------------------------------------------------------------------------------

# The manifests of the stages before it.
manifests_of = $(patsubst %,artifacts/%/manifest.json,$1)
parse.inputs := $(call manifests_of,download)
normalize.inputs := $(call manifests_of,parse)
train.inputs := $(call manifests_of,normalize)
evaluate.inputs := $(call manifests_of,normalize train)
export.inputs := $(call manifests_of,train evaluate)
report.inputs := $(call manifests_of,parse normalize train evaluate)

# Its source: every floor of the library counts for the stages that stand on it; what is on no such floor, for all.
modules := $(wildcard *.py) $(shell find pipeline stages -name '*.py' | sort)
templates := $(wildcard pipeline/pages/templates/*)
floor = $(filter pipeline/$1/%,$(modules))
upper := $(foreach f,network evaluation export pages,$(call floor,$f)) $(stages:%=stages/%.py)
base := pyproject.toml $(filter-out $(upper),$(modules))
network := $(base) $(call floor,network)
download.sources := stages/download.py $(base)
parse.sources := stages/parse.py $(base)
normalize.sources := stages/normalize.py $(base)
train.sources := stages/train.py $(network)
evaluate.sources := stages/evaluate.py $(network) $(call floor,evaluation)
export.sources := stages/export.py $(network) $(foreach f,export evaluation pages,$(call floor,$f)) $(templates)
report.sources := stages/report.py $(network) $(foreach f,evaluation pages,$(call floor,$f)) $(templates)

# What the manifests tell: outputs/train/model.json, and code/train/pipeline/network/mlp.py for the modules that train's
# result was really made by. One that was edited or deleted is a reason to look at the stage.
manifests := $(wildcard $(call manifests_of,$(stages)))
told := $(shell awk -F '"' 'FNR == 1 {split(FILENAME, path, "/")} /^  "/ {table = $$2} \
    /^    "dataset": "custom"/ {print "custom"} \
    /^    "[A-Za-z0-9._\/-]+": ["{]/ && table ~ /^(code|outputs)$$/ {print table "/" path[2] "/" $$2}' \
    $(manifests) /dev/null 2>/dev/null)
recorded = $(patsubst code/$1/%,%,$(filter code/$1/%,$(told))) \
           $(patsubst outputs/%,artifacts/%,$(filter outputs/$1/%,$(told)))
$(sort $(foreach s,$(stages),$(call recorded,$s))):

# The folder of one's own data: the names, sizes and times of the files in it. Where it is declared in some way that is
# not seen here, download is looked at in any case.
from := $(if $(filter FROM,$(given)),$(value FROM),$(shell awk -F '["\047]' '/^\[/ {table = $$0} \
    table ~ /^\[tool.handwriting.download\]/ && /^ *from *=/ {print $$2}' pyproject.toml))
download.files := $(if $(from),$(shell f=$(call quoted,$(from)); \
    { ls -lnLc --full-time -- "$$f" || ls -lnLcT -- "$$f"; } 2>/dev/null | cksum))
# The report tells of all trainings in the store. Looked at anew whenever it is asked for, since there may be another by
# then.
report.files = $(shell cat artifacts/.store/train-*/manifest.json artifacts/.store/evaluate-*/manifest.json \
    2>/dev/null | cksum)

unseen := $(if $(from),,$(filter custom,$(told)))

# Times alone would miss a file that was restored with its old time, a stage run by hand with other options, a clock
# that was set back. So artifacts/.make/train tells what train was last run for: its options, the checksums of its
# sources, of its inputs as they then were and of its own manifest, and the versions of the packages that compute, which
# are those that some @stage names. Where it has worked is no matter.
sums := $(shell cksum $(modules) $(templates) pyproject.toml $(manifests) 2>/dev/null | tr ' ' :)
sums_of = $(sort $(filter $(addprefix %:,$1),$(sums)))
packages := ls -d $(foreach p,numpy scipy onnx protobuf safetensors matplotlib pillow jinja2 pyyaml, \
    $(VENV)/lib/python3*/site-packages/$p-*.dist-info) 2>/dev/null | xargs
installed := $(shell $(packages))
asked = $1 $(call options_of,$(filter-out $(places),$($1.variables))) $($1.files)
state = $(call asked,$1) $(call sums_of,$($1.sources) $($1.inputs)) $(call sums_of,artifacts/$1/manifest.json) $(installed)
differ = $(subst x$1,,x$2)$(subst x$2,,x$1)
again = $(if $(new_lock)$(if $(filter download,$1),$(unseen))$(call differ,$(call state,$1),$(file <artifacts/.make/$1)),FORCE)
.PHONY: FORCE

# What a manifest depends on, and how it is made. The checksums are taken before the stage starts, so that what changes
# while it runs is noticed; and nothing is noted of a result that is no longer the one which the stage has left. Where
# nothing can be written, make will only look again.
mine := artifacts/.make/$(shell echo $$PPID)
export HANDWRITING_NOTES := $(mine)
needs = $($1.inputs) $(sort $($1.sources) $(call recorded,$1)) $(call again,$1) | $(VENV)/.ready
sum = cksum $1 2>/dev/null | tr ' ' : | LC_ALL=C sort | xargs
begin = mkdir -p $(mine) && $(call sum,$($1.sources) $($1.inputs)) >$(mine)/$1.sums
note = $$(cat $(mine)/$1.sums) $$($(call sum,artifacts/$1/manifest.json)) $$($(packages))
left = "$$(cat $(mine)/$1.entry)" = "$$(basename "$$(readlink artifacts/$1 || echo $1)")"
end = note="$(note)"; ! grep -q 'changed while it ran' artifacts/$1/manifest.json && [ $(left) ] && \
    printf '%s %s\n' $(call quoted,$(call asked,$1)) "$$note" >artifacts/.make/$1 || rm -f artifacts/.make/$1; \
    rm -f $(mine)/$1.*; rmdir $(mine)
define run
@{ $(begin); } 2>/dev/null || true
$(python) -m stages.$1 $(call options,$1)
@{ $(end); } 2>/dev/null || true
endef

# --- The pipeline ----------------------------------------------------------------------------------------------

##  The pipeline; what has not changed is not run again

.PHONY: download parse normalize train evaluate export report all
download: artifacts/download/manifest.json ## Bring the data set's files here
parse: artifacts/parse/manifest.json ## Turn the IDX files into arrays
normalize: artifacts/normalize/manifest.json ## Standardise the pixels, set a validation part aside
train: artifacts/train/manifest.json ## Train the network
evaluate: artifacts/evaluate/manifest.json ## Measure it on the test images
export: artifacts/export/manifest.json ## Write it as ONNX, safetensors and a page to draw on
report: artifacts/report/manifest.json ## Show in a page how well it reads, where it errs, how it came about
all: evaluate export report ## All of these

artifacts/download/manifest.json: $(call needs,download)
	$(call run,download)

artifacts/parse/manifest.json: $(call needs,parse)
	$(call run,parse)

artifacts/normalize/manifest.json: $(call needs,normalize)
	$(call run,normalize)

artifacts/train/manifest.json: $(call needs,train)
	$(call run,train)

artifacts/evaluate/manifest.json: $(call needs,evaluate)
	$(call run,evaluate)

artifacts/export/manifest.json: $(call needs,export)
	$(call run,export)

artifacts/report/manifest.json: $(call needs,report)
	$(call run,report)

.PHONY: ladder status prune
ladder: artifacts/normalize/manifest.json ## Climb from the first script to the recipe standard, one idea at a time
	@$(python) -m stages.ladder $(call options,ladder)

status: | $(VENV)/.ready ## Say what is up to date, what is not, and why
	@$(python) -m stages.status --explain $(foreach s,$(stages),--assume $(call quoted,$s $(call options,$s)))

prune: | $(VENV)/.ready ## Give back the room of earlier results, but the last KEEP of each stage
	@$(python) -m stages.prune $(call options,prune)

# --- Its surroundings ------------------------------------------------------------------------------------------

##  Working on it

.PHONY: test torture lint pictures bench format lock clean help
test: $(VENV)/.ready-dev ## Run the tests; they need no network
	$(python) -m pytest --numprocesses logical --maxprocesses 8 --dist loadfile

torture: $(VENV)/.ready-dev ## Let everything go wrong that can, for over half an hour: damaged files, faults, killed workers and makes
	$(python) -m tests.torture.fuzz $(call options,torture)
	$(python) -m tests.torture.faults
	$(python) -m tests.torture.cluster
	$(python) -m pytest tests/make/test_kills.py -k any_moment --kills 50 --timeout 3600

lint: $(VENV)/.ready-dev ## Look for mistakes of style, types and layers, and for vulnerable packages
	$(python) -m ruff format --check
	$(python) -m ruff check
	$(python) -m mypy
	$(VENV)/bin/lint-imports
	$(python) -m tests.audit

pictures: $(VENV)/.ready-dev artifacts/export/manifest.json artifacts/report/manifest.json ## Take the README's pictures anew
	$(python) -m tests.pictures

bench: $(VENV)/.ready-peers .venv-peers/.ready ## Measure it beside its peers, which it installs: an hour, better alone
	$(MAKE) all
	$(python) -m tests.benchmarks.rerun .venv-peers/bin
	$(python) -m tests.benchmarks.training
	$(python) -m tests.benchmarks.recipes
	$(python) -m tests.benchmarks.pictures
	$(python) -m tests.benchmarks.page
	$(python) -m tests.benchmarks.scale
	$(python) -m tests.benchmarks.predict

format: $(VENV)/.ready-dev ## Bring the code into its form
	$(python) -m ruff format
	$(python) -m ruff check --fix

lock: $(VENV)/.ready-dev ## Pin the newest versions that pyproject.toml allows
	$(compile) --group build --output-file requirements.txt
	$(compile) --group dev --constraints requirements.txt --output-file requirements-dev.txt

clean: ## Remove everything that was made, but .venv
	rm -rf artifacts .pytest_cache .ruff_cache .mypy_cache .torture_cache .hypothesis .import_linter_cache

help: ## This list
	@awk -F ':.*## ' '/^##  / {printf "\n%s:\n", substr($$0, 5)} /^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' \
	    Makefile
	@printf '\n%s\n' 'Variables, as in: make train RECIPE=quick EPOCHS=3'
	@printf '  %-10s %s\n' $(foreach s,$(stages),$(if $($s.variables),$s '$(strip $($s.variables))'))
	@printf '%s\n' '  Their values: $(VENV)/bin/handwriting train --help, and so on.'

compile = $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
    --generate-hashes --no-emit-index-url --upgrade --custom-compile-command "make lock, $$(date -u +%F)" pyproject.toml
install := $(python) -m pip install --quiet --disable-pip-version-check

$(VENV)/.ready: $(new_lock)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	    { echo 'Python 3.11 or newer is needed, $(PYTHON) is not: make train PYTHON=python3.12, for instance'; exit 1; }
	@echo 'Installing what requirements.txt pins into $(VENV)'
	@$(PYTHON) -m venv $(VENV)
	@$(install) --require-hashes --no-deps -r requirements.txt
	@$(install) --no-deps --no-build-isolation --editable .
	@cp requirements.txt $@

.venv-peers/.ready:
	@echo 'Installing DVC and Snakemake into .venv-peers'
	@$(PYTHON) -m venv .venv-peers
	@.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check dvc snakemake
	@touch $@

$(VENV)/.ready-peers: $(VENV)/.ready-dev
	@echo 'Installing PyTorch into $(VENV)'
	@$(install) --no-build-isolation --editable '.[benchmark]'
	@touch $@

$(VENV)/.ready-dev: $(call unlike,requirements-dev.txt,$(VENV)/.ready-dev) $(VENV)/.ready
	@echo 'Installing what requirements-dev.txt pins into $(VENV)'
	@$(install) --require-hashes --no-deps -r requirements-dev.txt
	@cp requirements-dev.txt $@
