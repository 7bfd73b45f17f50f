"""The stages, one module each, which never import each other. Other commands are in `stages.commands`."""

import signal
import sys

# End without a traceback on Ctrl-C during the imports. Afterwards `pipeline.engine.signals` handles signals.
_is_program = bool(sys.argv) and sys.argv[0].endswith(("-m", "/handwriting"))
if _is_program and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
