"""What tests compose strips of."""

import functools
from pathlib import Path

from pipeline.reader.composition.lettering import list_faces
from pipeline.reader.composition.signs import SourceImages
from pipeline.reader.rows import marks
from tests.drawings import sample_digits

CLASSES = 10
SPACE, OTHER = CLASSES + marks.SPACE, CLASSES + marks.OTHER
DIGIT_NAMES = tuple("0123456789")


def source(names: tuple[str, ...] = DIGIT_NAMES) -> SourceImages:
    return SourceImages(*sample_digits(), names)


@functools.cache
def faces() -> tuple[Path, ...]:
    return list_faces("script")
