# The engine's half of a Makefile: variables become options, one process finds the stages to start, one rule serves all.
#
# The Makefile that includes this file defines before:
#   stages            their names, each after those whose artifacts it reads
#   NAME.inputs       the stages that a stage or another target reads
#   NAME.variables    the make variables that become the options of its command
#   flags             those of the variables that are options without a value
#   others            variables of the Makefile itself, which may stand on the command line too
#   python, ready     the interpreter, and the target that installs it

# Only variables on make's command line count; an EPOCHS in the environment may mean anything.
given := $(foreach v,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $v))),$v))
unknown := $(filter-out $(others) $(foreach v,$(filter %.variables,$(.VARIABLES)),$($v)),$(given))
ifneq ($(strip $(unknown)),)
$(error No variable is called $(strip $(unknown)): see `make help`)
endif

# In the environment, make would expand a $(shell) in a value.
unexport $(given)

# BATCH_SIZE=64 becomes --batch-size '64', whatever the value holds; SHIP_DATA=1 becomes --ship-data.
quoted = '$(subst ','\'',$1)'
name = --$(shell echo $1 | tr A-Z_ a-z-)
flag = $(if $(filter-out 0,$(value $1)),$(call name,$1))
option = $(if $(filter $1,$(flags)),$(call flag,$1),$(call name,$1) $(call quoted,$(value $1)))
options = $(foreach v,$(filter $(given),$($1.variables)),$(call option,$v))
requests = $(foreach s,$1,$2 $(call quoted,$s $(call options,$s)))

# The stages to start, of those that the goals need by their .inputs. Computed once, when make comes to the first recipe of
# a stage: by comparing notes if these can tell, by the exact keys otherwise. If neither works, all are started, and the
# first says what is wrong. A stage that make comes to in another way is started as well.
needs = $(sort $1 $(foreach s,$1,$(call needs,$($s.inputs))))
needed = $(filter $(call needs,$(MAKECMDGOALS)),$(stages))
look = $(eval look := $$(shell $$(find_stale)))$(look)
find_stale = { $(python) -IS pipeline/engine/look.py artifacts $(call requests,$(needed)) || \
    $(python) -m stages.status --stale $(call requests,$(needed),--assume); } 2>/dev/null || \
    echo $(stages)

define rule
.PHONY: $1
$1: $($1.inputs) | $(ready)
	$$(if $$(filter $1,$$(look) $$(filter-out $$(needed),$1)),$$(python) -m stages.$1 $$(call options,$1))
endef
$(foreach s,$(stages),$(eval $(call rule,$s)))
