"""What tests synthesise line images of."""

import functools
from pathlib import Path

from pipeline.reader.rows import labels
from pipeline.reader_training.synthesis.lettering import list_fonts
from pipeline.reader_training.synthesis.signs import SourceImages
from tests.drawings import sample_digits

CLASSES = 10
SPACE, OTHER = CLASSES + labels.SPACE, CLASSES + labels.OTHER_WRITING
DIGIT_NAMES = tuple("0123456789")


def source(names: tuple[str, ...] = DIGIT_NAMES) -> SourceImages:
    return SourceImages(*sample_digits(), names)


@functools.cache
def fonts() -> tuple[Path, ...]:
    return list_fonts("script")
