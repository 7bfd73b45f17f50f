# Rules for stages: start those that are not up to date, with the variables of the command line as options.
#
# Before including this file, a Makefile defines `stages`, and what it needs of the others:
#   stages            names of the stages, each after those that it reads
#   NAME.inputs       stages that a stage or another target reads
#   NAME.after        command to run after a stage, also if it is up to date
#   others            variables that are allowed on the command line, but are no options of stages
#   targets           other targets
#   python, ready     the interpreter, and the target that installs it
#   NAME.ready        the target that installs what a stage needs beyond `ready`
#   .DEFAULT_GOAL     what plain `make` makes

ifneq ($(filter 3.% 4.0 4.0.% 4.1 4.1.%,$(MAKE_VERSION)),)
$(error GNU Make 4.2 or newer is required, but this is $(MAKE_VERSION): install it (on macOS: brew install make, then gmake))
endif

# Clear what the environment defines under the names of this file: it belongs to another program.
$(foreach v,stages others targets python ready before answer,$(if $(filter environment,$(origin $v)),$(eval $v :=)))
# Use variables from the command line only; an EPOCHS in the environment may belong to another program.
override given := $(foreach v,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $v))),$v))
letters = a b c d e f g h i j k l m n o p q r s t u v w x y z
has_small_letter = $(strip $(foreach l,$(letters),$(findstring $l,$1)))
$(foreach v,$(filter-out $(others),$(given)),$(if $(call has_small_letter,$v),$(error Unknown variable $v: variables of stages are in capitals)))

$(if $(strip $(stages)),,$(error The Makefile defines no stages: write stages := NAMES above the include line))
$(if $(python),,$(eval python := python3))
$(if $(findstring =,$(firstword $(python))),$(error python begins with an assignment, $(firstword $(python)): begin it with the command, and export the variable))
.DEFAULT_GOAL := $(or $(.DEFAULT_GOAL),$(lastword $(stages)))

$(if $(filter status,$(stages)),$(error make status shows the state of the stages: give the stage status another name))
$(foreach s,$(stages),$(foreach i,$($s.inputs),$(if $(filter $i,$(before)),,$(error $s reads $i: list $i before $s in stages)))$(eval before += $s))

goals = $(or $(MAKECMDGOALS),$(.DEFAULT_GOAL))

define newline


endef
$(foreach v,$(given),$(if $(findstring $(newline),$(value $v)),$(error $v contains a line break: write its value on one line)))

# Do not export the variables: make would expand $(shell ...) in their values.
unexport $(given)

# BATCH_SIZE=64 is passed on as 'BATCH_SIZE=64', with any value quoted; as an option it is --batch-size='64'.
quoted = '$(subst ','\'',$1)'
options = $(foreach v,$(filter $1,$(given)),--$(shell echo $v | tr A-Z_ a-z-)=$(call quoted,$(value $v)))
variables = $(foreach v,$(sort $(filter-out FORCE $(others),$(given))),$(call quoted,$v=$(value $v)))

# What to do about a goal that does not exist.
advice = see $(if $(filter help,$(targets)),`make help`,the Makefile)

# `needed`: the stages that the goals need. `stale`: those of them to start. The first recipe of a stage asks for them, and
# the others take its answer; it is all of them if the interpreter is missing, as in a dry run before the installation.
needs = $(sort $1 $(foreach s,$1,$(call needs,$($s.inputs))))
needed = $(filter $(call needs,$(goals)),$(stages))
find_stale = command -v $(firstword $(python)) >/dev/null || { echo stale: $(needed); exit; }; \
             PYTHONSAFEPATH= $(python) -m pipeline.engine.make stale $(foreach s,$(needed),'$(strip $s $($s.inputs))') $(variables)
ask_once = $(if $(answer),,$(eval answer := $$(shell $$(find_stale))))
stale = $(ask_once)$(if $(filter stale:,$(answer)),$(answer),$(error nothing was started: see the line above))
# `forced`: stages that FORCE=1 runs even if they are up to date, those that are goals or that a goal names in its .inputs;
# then all others decide by themselves. A stage that make reaches other than through .inputs is always started.
forced = $(if $(filter FORCE,$(given)),$(filter $(goals) $(foreach g,$(filter-out $(stages),$(goals)),$($g.inputs)),$(stages)))
ifneq ($(filter FORCE,$(given)),)
$(if $(filter 1,$(value FORCE)),,$(error FORCE=$(value FORCE): use 1, which runs the stages that are goals again))
$(if $(forced),,$(error FORCE=1 is not for $(goals): name stages, as in make $(lastword $(stages)) FORCE=1))
endif
ifeq ($(needed)$(filter status,$(goals)),)
$(if $(variables),$(error $(variables) is not for $(goals): $(if $(filter $(targets),$(goals)),choose one of $(others),$(advice))))
else
$(if $(findstring B,$(firstword -$(MAKEFLAGS))),$(error make --always-make is not supported: FORCE=1 runs the stages that are goals again))
endif

define rule
$1: $($1.inputs) | $(ready) $($1.ready)
	@$$(if $$(filter $1,$$(stale) $$(if $$(forced),$1) $$(filter-out $$(needed),$1)),\
	    $$(python) -m pipeline.engine.make run $1 $$(if $$(filter $1,$$(forced)),--force )$$(variables))
	$$($1.after)
endef
$(foreach s,$(stages),$(eval $(call rule,$s)))

# Look for each goal that `targets` does not name before any recipe runs.
$(stages) status $(filter $(targets),$(MAKECMDGOALS)): | $(if $(targets),$(filter-out $(stages) $(targets) status,$(MAKECMDGOALS)))
ifneq ($(filter-out $(stages) status,$(MAKECMDGOALS)),)
.DEFAULT: # also asked for missing files
	@$(if $(filter $@,$(MAKECMDGOALS)),$(error There is no target $@: $(advice)),exit 1)
endif

export PYTHONSAFEPATH := # Python would not find the project in the working directory

.PHONY: status $(stages)
status: | $(ready)
	@$(python) -m pipeline.engine.make status $(variables)
