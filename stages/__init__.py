"""The commands: paths, options, progress. One module a stage; stages never import each other."""

import _signal  # type: ignore[import-not-found]  # signal itself would load enum first
import sys

# Ctrl-C while the program loads ends it without a traceback. `stages.cli.signals` takes over from here.
_begins = bool(sys.argv) and sys.argv[0].endswith(("-m", "/handwriting"))
if _begins and _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)

import pipeline.engine  # noqa: E402, F401 - before anything of a stage is read, see there
