"""SciPy's filters and measures of pictures: the one place from which this project imports them.

Raises MissingExtraError at its import, with the command that installs them, if they are missing or too old.
"""

from pipeline.engine.extras import require

require("handwriting", "reader")

from scipy import ndimage as ndimage  # noqa: E402
