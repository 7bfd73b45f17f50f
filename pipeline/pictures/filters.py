"""SciPy's filters and measures of pictures, `ndimage`: the one place from which this project imports them.

They are imported when they are first used, because this takes a fifth of a second, and a picture is read without them.
Raises MissingExtraError then, with the command that installs them, if they are missing or too old.
"""

from typing import Any

from pipeline.engine.extras import require


def __getattr__(name: str) -> Any:
    if name != "ndimage":
        raise AttributeError(name)
    require("handwriting", "reader")
    from scipy import ndimage

    return ndimage
