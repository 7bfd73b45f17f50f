"""The library: everything that works on arrays and files, without a command line."""

import pipeline.engine  # noqa: F401 - before anything else of it is read, see there
