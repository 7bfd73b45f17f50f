"""Too little memory, which shows in many ways, is told in one."""

import resource

from pipeline.engine.errors import PipelineError

# Of addresses, in bytes: what Python and the libraries take before any work, and of which they fill a tenth. With less
# OpenBLAS ends the process in its own words, interrupts it, or tries for ever.
LEAST = 1 << 30
MB = 1 << 20

SIGNS = ("failed to map segment", "cannot allocate memory", "can't start new thread")


def check_addresses() -> None:
    """Raise PipelineError if this process may not even have the addresses that it takes to begin (`ulimit -v`)."""
    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    if most != resource.RLIM_INFINITY and most < LEAST:
        raise PipelineError(
            f"not enough memory: `ulimit -v` leaves this process {most // MB:,} MB of addresses, and {LEAST // MB:,} "
            "MB are needed to begin with"
        )


def is_lack_of_memory(error: BaseException | None) -> bool:
    """Whether an error, or one behind it, comes of too little memory, whatever it calls itself."""
    while error:
        if isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in SIGNS):
            return True
        error = error.__cause__ or error.__context__
    return False
