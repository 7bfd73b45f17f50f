"""Pipeline engine: decides when a stage runs, and publishes its result atomically. Independent of the task."""

import time
from pathlib import Path

STAGES = "stages"  # the package of the stages, a module each
ARTIFACTS = Path("artifacts")  # where make publishes the results
STORE = ".store"  # in the folder of all artifacts
CHECKPOINT = "checkpoint"  # subfolder of an output folder: the state from which an interrupted run resumes
# Start of this process, or earlier: it may have loaded another version of files that changed since.
STARTED = time.time_ns() - time.process_time_ns()
