"""Pipeline engine: decides when a stage runs, and publishes its result atomically. Independent of the task."""

import sys
import time

if sys.version_info < (3, 11):  # noqa: UP036  (a copy of the engine has no metadata that pip could check)
    sys.exit(f"Python 3.11 or newer is required, but {sys.executable} is {sys.version_info[0]}.{sys.version_info[1]}")

CHECKPOINT = "checkpoint"  # subfolder of an output folder: the state from which an interrupted run resumes
STARTED = time.time_ns()  # start of this process: it may have loaded another version of files that changed since
