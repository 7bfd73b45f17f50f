"""The commands: paths, options, progress. One module a stage; stages never import each other."""

import signal
import sys

import pipeline.engine  # noqa: F401 - before anything of a stage is read, see there

# Who stops the program while it still loads sees no traceback. `stages.console` takes over from here.
_begins = bool(sys.argv) and sys.argv[0].endswith(("-m", "/handwriting"))
if _begins and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
