"""The stages, one module each, which never import each other. Other commands are in `stages.commands`."""

import _signal  # type: ignore[import-not-found]  # signal itself imports enum, which takes time
import sys

# End without a traceback on Ctrl-C during the imports. Afterwards `pipeline.engine.signals` handles signals.
_is_program = bool(sys.argv) and sys.argv[0].endswith(("-m", "/handwriting"))
if _is_program and _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)

TABLE = "handwriting"  # of pyproject.toml: defaults of options

import pipeline.engine  # noqa: E402, F401 - must precede the imports of any stage, see there
