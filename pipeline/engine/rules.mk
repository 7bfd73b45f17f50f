# Rules for stages: pass make variables as options, and start the stages that are not up to date.
#
# Before including this file, a Makefile defines `stages`, and what it needs of the others:
#   stages            names of the stages, each after those that it reads
#   NAME.inputs       stages that a stage or another target reads
#   NAME.variables    variables that become options of its command
#   flags             those of the variables that are 1 or 0 and become options without a value
#   others            other variables that are allowed on the command line
#   NAME.after        command to run after a stage, also if it is up to date
#   python, ready     the interpreter, and the target that installs it
#   .DEFAULT_GOAL     what plain `make` makes

ifneq ($(filter 3.% 4.0 4.0.% 4.1 4.1.%,$(MAKE_VERSION)),)
$(error GNU Make 4.2 or newer is required, but this is $(MAKE_VERSION): install it (on macOS: brew install make, then gmake))
endif

engine := $(dir $(lastword $(MAKEFILE_LIST)))
# Clear what the environment defines under the names of this file: it belongs to another program.
$(foreach v,stages flags others python ready before,$(if $(filter environment,$(origin $v)),$(eval $v :=)))
$(if $(strip $(stages)),,$(error The Makefile defines no stages: write stages := NAMES above the include line))
$(if $(python),,$(eval python := python3))
.DEFAULT_GOAL := $(or $(.DEFAULT_GOAL),$(lastword $(stages)))

$(if $(filter status,$(stages)),$(error make status shows the state of the stages: give the stage status another name))
# Records are compared in the order of `stages`, so a stage before one that it reads would seem to be up to date.
$(foreach s,$(stages),$(foreach i,$($s.inputs),$(if $(filter $i,$(before)),,$(error $s reads $i: list $i before $s in stages)))$(eval before += $s))

# Use variables from the command line only; an EPOCHS in the environment may belong to another program.
given := $(foreach v,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $v))),$v))
goals = $(or $(MAKECMDGOALS),$(.DEFAULT_GOAL))
# A make that is called in a recipe also gets the variables of the goals of the first make.
known := $(others) $(foreach v,$(if $(filter 0,$(MAKELEVEL)),$(addsuffix .variables,$(stages) $(goals)),$(filter %.variables,$(.VARIABLES))),$($v))
unknown := $(strip $(filter-out $(known),$(given)))
ifneq ($(unknown),)
$(error Unknown variable $(unknown) for $(goals): $(if $(filter help,$(.DEFAULT_GOAL)),see `make help`,choose one of $(sort $(known))))
endif

define newline


endef
$(foreach v,$(given),$(if $(findstring $(newline),$(value $v)),$(error $v contains a line break: write its value on one line)))
$(foreach v,$(filter $(flags),$(given)),$(if $(filter -0- -1-,-$(value $v)-),,$(error $v=$(value $v): use 1 or 0)))

# Do not export the variables: make would expand $(shell ...) in their values.
unexport $(given)

# BATCH_SIZE=64 becomes --batch-size='64', with any value quoted; SEND_DATA=1 becomes --send-data, 0 --no-send-data.
quoted = '$(subst ','\'',$1)'
name = --$(shell echo $1 | tr A-Z_ a-z-)
flag = $(call name,$(if $(filter 0,$(value $1)),no-)$1)
option = $(if $(filter $1,$(flags)),$(call flag,$1),$(call name,$1)=$(call quoted,$(value $1)))
options = $(foreach v,$(filter $(given),$($1.variables)),$(call option,$v))
requests = $(foreach s,$1,$2 $(call quoted,$s $(call options,$s)))

# `stale`: the stages to start, among those that the goals need. It is evaluated once, at the first recipe of a stage: from
# the cache if at most one stage has to be started, else by the command `status`, which computes the exact keys and checks
# the options of all these stages before the first one is started. All of them if the interpreter is missing, as in a dry run
# before the installation.
# A stage that make reaches other than through .inputs is always started.
needs = $(sort $1 $(foreach s,$1,$(call needs,$($s.inputs))))
needed = $(filter $(call needs,$(goals)),$(stages))
stale = $(eval stale := $$(shell $$(find_stale)))$(if $(filter-out 0,$(.SHELLSTATUS)),$(error No stage was started))$(stale)
find_stale = command -v $(firstword $(python)) >/dev/null || { echo $(needed); exit; }; \
             start=$$($(python) -IS $(engine)cache.py artifacts $(call requests,$(needed)) 2>/dev/null) && echo $$start || $(status)
status = $(python) -m $(if $(own_status),stages,pipeline.engine).status --stale $(call requests,$(needed),--assume)
own_status := $(wildcard stages/status.py)

ifeq ($(own_status),)
.PHONY: status
status: | $(ready)
	@$(python) -m pipeline.engine.status $(call requests,$(stages),--assume)
endif

# EARLIER_STAGES lets a stage notice that another run of make, with other variables, has replaced an input.
define rule
.PHONY: $1
$1: private export EARLIER_STAGES = $$(call requests,$$(filter-out $1,$$(filter $$(call needs,$1),$$(stages))))
$1: $($1.inputs) | $(ready)
	@$$(if $$(filter $1,$$(stale) $$(filter-out $$(needed),$1)),$$(python) -m pipeline.engine.start stages.$1 $$(call options,$1))
	$$($1.after)
endef
$(foreach s,$(stages),$(eval $(call rule,$s)))
