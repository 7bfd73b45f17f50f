"""The reader: finds the numbers in pictures and reads them. This package is the only stable interface for Python.

    from pipeline.reader import load

    reader = load()
    reader.read("photo.jpg").text  # "90210"
    reader.predict(images)  # the classes of images, uint8 (n, 28, 28)
    reader.predict_proba(images)  # float32 (n, 10)

Its names are imported on first use, so a stage that needs one module of the reader does not depend on all of them.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.reader.interface import *  # noqa: F403


def __getattr__(name: str) -> Any:
    interface = importlib.import_module("pipeline.reader.interface")
    if name in interface.__all__:
        return getattr(interface, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
