"""Errors that end a command, with their exit statuses.

    PipelineError                   exit status 1: the command failed
    ├── UsageError                  exit status 2: the command is not valid
    ├── ArrayError                  a `.npy` file is missing, damaged or of another shape  (engine/arrays.py)
    ├── DatasetError                images and labels do not make a data set  (data/dataset.py)
    ├── IdxError                    bytes are not one IDX file  (data/idx.py)
    ├── FetchError                  a file cannot be downloaded  (data/sources/npm.py)
    ├── PictureError                a picture cannot be decoded or read  (pictures/decoding.py)
    ├── TrainingError               training diverged  (training/epochs.py)
    └── JobInterruptedError         workers or a scheduler are gone; the same command can resume  (scheduling/jobs.py)

Whoever calls the library catches PipelineError. A ValueError or TypeError is a mistake of the caller.
"""


class PipelineError(Exception):
    """The command failed. The message is one line: what is wrong, then what to do."""

    exit_status = 1
    resumable = False  # whether to keep the checkpoint: set where a second run may succeed


class UsageError(PipelineError):
    """The command is not valid: a value is out of range, or a name is unknown."""

    exit_status = 2
