"""The two ways in which work ends badly, each with the exit status that a shell sees."""


class PipelineError(Exception):
    """The work failed. The message is one line: what is wrong, and what to do next."""

    exit_status = 1
    resumable = False  # whether what was done until then is worth keeping, as it would not only fail again


class UsageError(PipelineError):
    """The work was asked for wrongly: a value out of its range, a name that nobody knows."""

    exit_status = 2
