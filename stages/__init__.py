"""The commands: paths, options, progress. One module a stage; stages never import each other."""

import sys

sys.dont_write_bytecode = True  # why: see pipeline/__init__.py
