"""The library: arrays in, arrays out; knows no command line."""

import pipeline.engine  # noqa: F401 - before anything else of it is read, see there
