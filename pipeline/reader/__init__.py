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
    from pipeline.engine.errors import PipelineError as PipelineError
    from pipeline.model import PRETRAINED as PRETRAINED
    from pipeline.pictures.decoding import PictureError as PictureError
    from pipeline.reader.interface import Reader as Reader
    from pipeline.reader.interface import load as load
    from pipeline.reader.interface import save as save
    from pipeline.reader.pages.result import Number as Number
    from pipeline.reader.pages.result import Problem as Problem
    from pipeline.reader.pages.result import Result as Result
    from pipeline.reader.pages.result import Row as Row

MODULES = {
    "PRETRAINED": "pipeline.model",
    "Number": "pipeline.reader.pages.result",
    "PictureError": "pipeline.pictures.decoding",
    "Problem": "pipeline.reader.pages.result",
    "PipelineError": "pipeline.engine.errors",
    "Reader": "pipeline.reader.interface",
    "Result": "pipeline.reader.pages.result",
    "Row": "pipeline.reader.pages.result",
    "load": "pipeline.reader.interface",
    "save": "pipeline.reader.interface",
}


def __getattr__(name: str) -> Any:
    if name in MODULES:
        return getattr(importlib.import_module(MODULES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
