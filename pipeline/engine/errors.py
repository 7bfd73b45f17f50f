"""The two ways in which work ends badly, each with the exit status that a shell sees."""


class PipelineError(Exception):
    """The work failed. The message is one line: what is wrong, and what to do next."""

    exit_status = 1


class UsageError(PipelineError):
    """The work was asked for wrongly: a value out of its range, a name that nobody knows."""

    exit_status = 2
