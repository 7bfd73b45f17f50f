"""The commands: paths, options, progress. One module a stage; stages never import each other."""

import pipeline.engine  # noqa: F401 - before anything of a stage is read, see there
