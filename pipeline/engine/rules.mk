# Rules for stages: start those that are not up to date, with the variables of the command line as options.
#
# Before including this file, a Makefile defines `stages`, and what it needs of the others:
#   stages            names of the stages, each after those that it reads
#   NAME.inputs       stages that a stage or another target reads
#   NAME.after        command to run after a stage, also if it is up to date
#   others            variables that are allowed on the command line, but are no options of stages
#   python, ready     the interpreter, and the target that installs it
#   .DEFAULT_GOAL     what plain `make` makes

ifneq ($(filter 3.% 4.0 4.0.% 4.1 4.1.%,$(MAKE_VERSION)),)
$(error GNU Make 4.2 or newer is required, but this is $(MAKE_VERSION): install it (on macOS: brew install make, then gmake))
endif

# Clear what the environment defines under the names of this file: it belongs to another program.
$(foreach v,stages others python ready before,$(if $(filter environment,$(origin $v)),$(eval $v :=)))
$(if $(strip $(stages)),,$(error The Makefile defines no stages: write stages := NAMES above the include line))
$(if $(python),,$(eval python := python3))
$(if $(findstring =,$(firstword $(python))),$(error python begins with an assignment, $(firstword $(python)): begin it with the command, and export the variable))
.DEFAULT_GOAL := $(or $(.DEFAULT_GOAL),$(lastword $(stages)))

$(if $(filter status,$(stages)),$(error make status shows the state of the stages: give the stage status another name))
$(foreach s,$(stages),$(foreach i,$($s.inputs),$(if $(filter $i,$(before)),,$(error $s reads $i: list $i before $s in stages)))$(eval before += $s))

# Use variables from the command line only; an EPOCHS in the environment may belong to another program.
given := $(foreach v,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $v))),$v))
goals = $(or $(MAKECMDGOALS),$(.DEFAULT_GOAL))

define newline


endef
$(foreach v,$(given),$(if $(findstring $(newline),$(value $v)),$(error $v contains a line break: write its value on one line)))

# Do not export the variables: make would expand $(shell ...) in their values.
unexport $(given)

# BATCH_SIZE=64 is passed on as 'BATCH_SIZE=64', with any value quoted; as an option it is --batch-size='64'.
quoted = '$(subst ','\'',$1)'
options = $(foreach v,$(filter $1,$(given)),--$(shell echo $v | tr A-Z_ a-z-)=$(call quoted,$(value $v)))
variables = $(foreach v,$(sort $(filter-out $(others),$(given))),$(call quoted,$v=$(value $v)))

# `stale`: the stages to start, among those that the goals need. It is asked for once, at the first recipe of a stage. All
# of them if the interpreter is missing, as in a dry run before the installation.
# A stage that make reaches other than through .inputs is always started.
needs = $(sort $1 $(foreach s,$1,$(call needs,$($s.inputs))))
needed = $(filter $(call needs,$(goals)),$(stages))
stale = $(eval stale := $$(shell $$(find_stale)))$(if $(filter-out 0,$(.SHELLSTATUS)),$(error No stage was started))$(stale)
find_stale = command -v $(firstword $(python)) >/dev/null || { echo $(needed); exit; }; \
             $(python) -m pipeline.engine.make stale $(foreach s,$(needed),'$(strip $s $($s.inputs))') $(variables)
ifeq ($(needed)$(filter status,$(goals)),)
$(if $(variables),$(error Unknown variable $(variables) for $(goals): choose one of $(others)))
endif

define rule
$1: $($1.inputs) | $(ready)
	@$$(if $$(filter $1,$$(stale) $$(filter-out $$(needed),$1)),$$(python) -m pipeline.engine.make run $1 $$(variables))
	$$($1.after)
endef
$(foreach s,$(stages),$(eval $(call rule,$s)))

.PHONY: status $(stages)
status: | $(ready)
	@$(python) -m pipeline.engine.make status $(variables)
