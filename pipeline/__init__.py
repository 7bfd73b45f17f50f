"""The library: everything that works on arrays and files, without a command line.

All errors that it raises on purpose are subclasses of PipelineError:

PipelineError                   exit status 1: the command failed  (engine/errors.py)
├── UsageError                  exit status 2: the command is not valid  (engine/errors.py)
├── ArrayError                  a `.npy` file is missing, damaged or of another shape  (engine/arrays.py)
├── DatasetError                images and labels do not make a data set  (data/dataset.py)
├── IdxError                    bytes are not one IDX file  (data/idx.py)
├── FetchError                  a file cannot be downloaded  (data/sources/npm.py)
├── PictureError                a picture cannot be decoded or read  (pictures/decoding.py)
├── TrainingError               training diverged  (training/epochs.py)
└── JobInterruptedError         workers or a scheduler are gone; the same command can resume  (scheduling/jobs.py)
"""

import pipeline.engine  # noqa: F401 - before anything else of it is read, see there
