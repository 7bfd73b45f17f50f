"""Errors that end a command, with their exit statuses.

Callers of the library catch PipelineError. A ValueError or TypeError is a programming error of the caller.
"""


class PipelineError(Exception):
    """The command failed. The message is one line: what is wrong, then what to do."""

    exit_status = 1
    resumable = False  # whether to keep the checkpoint: set where a second run may succeed


class UsageError(PipelineError):
    """The command is not valid: a value is out of range, or a name is unknown."""

    exit_status = 2
