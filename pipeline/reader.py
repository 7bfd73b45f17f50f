"""Read digits from Python. This module is the only stable interface; everything below it may change.

from pipeline.reader import load

reader = load()
reader.read("photo.jpg").text  # "90210"
reader.predict(images)  # the classes of images, uint8 (n, 28, 28)
reader.predict_proba(images)  # float32 (n, 10)
"""

import hashlib
import logging
import os
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from pipeline.engine.artifacts import MANIFEST, find_artifact, require_intact
from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.store import check_outside, read_lock
from pipeline.engine.threads import count_cores, single_threaded_blas
from pipeline.model.model import Model, load_model
from pipeline.model.prediction import predict
from pipeline.model.safetensors import load_safetensors, save_safetensors
from pipeline.pictures.files import PictureError, Source, load_picture
from pipeline.pictures.reading import Reading, find_alternatives, format_digits, format_spaced, read, read_one
from pipeline.pictures.search import MAX_DIGITS
from pipeline.training.team import ThreadTeam

__all__ = ["PRETRAINED", "PictureError", "PipelineError", "Reader", "Result", "Row", "load", "save"]

log = logging.getLogger(__name__)

PRETRAINED = Path(__file__).parent / "model" / "pretrained"
"""Folder of the pretrained models, for `load`."""
TRAINED, TRAINED_READER = Path("artifacts/train"), Path("artifacts/reader")
SAFETENSORS = "model.safetensors"
PRETRAINED_READER = PRETRAINED / "reader.safetensors"
ALTERNATIVES = 3  # of a result

Picture = str | os.PathLike[str] | BinaryIO | Image.Image | NDArray[np.uint8]

_lock = threading.Lock()  # the limit on BLAS's threads belongs to the process


def _renew_lock() -> None:
    """Replace the lock in a forked child, which has no thread that would release it."""
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_renew_lock)


@dataclass(frozen=True, eq=False)
class Row:
    """A row of digits, from left to right. Its alternatives, boxes and probabilities are as in `Result`.

    text: the classes of the digits, joined. spaced: the same text with spaces where digits are far apart, as between
    the columns of a table. confidence: probability that this row is correct.
    """

    text: str
    spaced: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...]
    boxes: NDArray[np.int64]
    probabilities: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Result:
    """The digits in a picture, in reading order.

    text: the classes of the digits, joined; empty if no digit was found. rows: the digits of each row. confidence:
    probability that all digits are correct; 0 if there are none. alternatives: the most probable texts that differ in
    one digit, each with its probability. boxes: int64 (k, 4): left, top, right and bottom of a square around each
    digit, in pixels of the picture as it is displayed; the square ends at the edge of the picture. size: (height,
    width) of the picture. probabilities: float32 (k, classes), of each class for each digit; a row sums to less than 1,
    because the ink may be no digit. possible: boxes as above, (m, 4), of what may be a digit, with a probability of at
    least 0.03, but was not read as one. more_pages: whether the file has several pages or frames, of which only one was
    read.
    """

    text: str
    rows: tuple[Row, ...]
    confidence: float
    alternatives: tuple[tuple[str, float], ...]
    boxes: NDArray[np.int64]
    size: tuple[int, int]
    probabilities: NDArray[np.float32]
    possible: NDArray[np.int64]
    more_pages: bool


@dataclass(frozen=True, eq=False)
class Reader:
    """Trained models that read images and pictures; see `load`. Calls from several threads run one after another.

    model: the model that classifies images as in the training set. finder: the model that is slid over pictures; if it
    is None, a picture shows one object, which `model` classifies. digest: SHA-256 hash of both models, in hexadecimal.
    """

    model: Model
    finder: Model | None
    digest: str

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the classes of the digits in pictures."""
        return (self.finder or self.model).class_names

    @cached_property
    def classes_(self) -> NDArray[Any]:
        """The classes in the order of the columns of `predict_proba`; integers if all names are, otherwise strings."""
        names = self.model.class_names
        return np.array([int(name) for name in names] if all(map(_is_integer, names)) else names)

    def predict_proba(self, images: ArrayLike) -> NDArray[np.float32]:
        """Return the probabilities of the classes, float32 (n, classes), of images as in the training set.

        images: uint8 (n, height, width), or one image (height, width); light digits on black, as in MNIST, where the
        size is 28 x 28. Raises TypeError for another dtype or a masked array, ValueError for another shape. `read`
        accepts pictures.
        """
        array = _require_uint8(images)
        shape = self.model.image_shape
        if array.shape[-2:] != shape or array.ndim not in (2, 3):
            size = f"{shape[0]}, {shape[1]}"
            raise ValueError(f"images must have the shape (n, {size}) or ({size}), not {array.shape}")
        with _lock, single_threaded_blas():
            return predict(self.model, array.reshape(-1, *shape))

    def predict(self, images: ArrayLike) -> NDArray[Any]:
        """Return the most probable class of each image, (n,), from `classes_`; `images` is as in `predict_proba`."""
        return np.asarray(self.classes_[self.predict_proba(images).argmax(axis=1)])

    def read(self, picture: Picture, name: str = "", threads: int | None = None, page: int = 0) -> Result:
        """Read the digits in a drawing, a scan or a photograph of any size.

        picture: the path of a file, an open binary file, a Pillow image, or an array, uint8: grey levels (height,
        width), or colours (height, width, 3) or (height, width, 4), the fourth being the opacity. name: name of the
        picture in error messages, by default its path. threads: number of threads, by default one for each core. page:
        page or frame of a file, from 0; an image or an array has only one. Raises PictureError if the picture cannot be
        read, TypeError or ValueError for another kind of array.
        """
        source = _to_source(picture)
        if not name:
            name = os.fsencode(source).decode(errors="replace") if isinstance(source, Path) else "the picture"
        with _lock, ThreadTeam(threads or count_cores()) as team:
            grey, size, more_pages = load_picture(source, name, page)
            reading = read(self.finder, grey, team.run) if self.finder else read_one(self.model, grey)
        if len(reading.labels) >= MAX_DIGITS:
            raise PictureError(f"{name} shows {MAX_DIGITS} digits or more: cut it into several pictures")
        enlarged = replace(reading, boxes=_enlarge(reading.boxes, grey.shape, size))
        return Result(
            format_digits(reading.labels, self.names),
            tuple(self._to_row(row) for row in enlarged.split()),
            reading.confidence if reading.labels else 0.0,
            self._to_texts(find_alternatives(reading, ALTERNATIVES)),
            enlarged.boxes,
            size,
            reading.probabilities,
            _enlarge(reading.possible, grey.shape, size),
            more_pages,
        )

    def _to_row(self, row: Reading) -> Row:
        return Row(
            format_digits(row.labels, self.names),
            format_spaced(row, self.names),
            row.confidence,
            self._to_texts(find_alternatives(row, ALTERNATIVES)),
            row.boxes,
            row.probabilities,
        )

    def _to_texts(self, alternatives: Iterable[tuple[Sequence[int], float]]) -> tuple[tuple[str, float], ...]:
        return tuple((format_digits(labels, self.names), probability) for labels, probability in alternatives)


def load(folder: str | os.PathLike[str] | None = None, pictures: bool = True) -> Reader:
    """Load the models and log which one is used.

    folder: an artifact of the stage `train`, `export` or `reader`, or a file model.safetensors that `export` wrote, or
    its folder, such as PRETRAINED. By default images are classified by `artifacts/train` and pictures read by
    `artifacts/reader` in the current folder if these exist, otherwise by the pretrained models. If you have trained a
    classifier whose classes differ from those of the reader, it classifies pictures itself, as pictures of one object.
    pictures: whether to load the model that reads pictures. Raises PipelineError if a model is missing or damaged,
    UsageError if `pictures` is False and the model reads only pictures.
    """
    given = _load(Path(folder)) if folder is not None else None
    slides = given is not None and given.model.sliding
    if slides and not pictures:
        raise UsageError(f"{folder} is a model that reads pictures: name one that `train` or `export` wrote")
    model = given if given and not slides else _load(_choose(TRAINED, PRETRAINED))
    used = [model]
    if pictures:
        beside = model.path / PRETRAINED_READER.name  # as in PRETRAINED
        finder = (
            given
            if given and slides
            else _load(beside if given and beside.exists() else _choose(TRAINED_READER, PRETRAINED_READER))
        )
        knows = finder.model.class_names == model.model.class_names
        used += [finder] if slides or knows or model.path == PRETRAINED else []
    log.info("model: %s", _describe(used[-1]))
    digest = hashlib.sha256("".join(each.digest for each in used).encode()).hexdigest()
    return Reader(model.model, used[1].model if len(used) > 1 else None, digest)


def save(model: Model, path: str | os.PathLike[str]) -> None:
    """Write a model, such as `pipeline.training.train` returns, to a safetensors file, which `load` reads.

    Raises UsageError if the file would lie within the result of a stage.
    """
    check_outside(Path(path))
    save_safetensors(Path(path), model)


@dataclass(frozen=True, eq=False)
class _Loaded:
    """A model, the path that it was loaded from, and its digest."""

    model: Model
    path: Path
    digest: str


def _describe(loaded: _Loaded) -> str:
    """Return the name of a model, its accuracy in classifying images, and what to do if it cannot reject."""
    model = loaded.model
    words = ["the pretrained one" if loaded.path in (PRETRAINED, PRETRAINED_READER) else str(loaded.path)]
    if model.validation_accuracy and not model.sliding:  # that of a reader, on difficult pages, means little to a user
        words.append(f"{model.validation_accuracy:.2%} correct on validation images")
    if not model.negative_class:
        words.append("takes everything for one of its classes: show it nothing else")
    return ", ".join(words)


def _choose(trained: Path, pretrained: Path) -> Path:
    return trained if trained.exists() or trained.is_symlink() else pretrained


def _load(path: Path) -> _Loaded:
    try:
        path.lstat()  # raises OSError if it does not exist
        with read_lock(path) as entry:
            file = entry if entry.is_file() else entry / SAFETENSORS
            if file.exists():
                if (entry / MANIFEST).exists():
                    require_intact(entry, find_artifact(entry, "export", shown=path), shown=path)
                return _Loaded(load_safetensors(file), path, hashlib.sha256(file.read_bytes()).hexdigest())
            manifest = find_artifact(entry, "train", "reader", shown=path)
            require_intact(entry, manifest, shown=path)
            return _Loaded(load_model(entry), path, manifest.digest)
    except OSError as error:
        raise PipelineError(f"the model {path} cannot be read: {error.strerror}") from None


def _to_source(picture: Any) -> Source:
    """Convert a picture to what `load_picture` takes."""
    if isinstance(picture, str | os.PathLike):
        return Path(picture)
    if isinstance(picture, Image.Image) or hasattr(picture, "read"):
        source: Source = picture
        return source
    if not hasattr(picture, "__array__"):
        kind = type(picture).__name__
        raise TypeError(f"a picture must be a path, a binary file, a Pillow image or an array, not {kind}")
    array = _require_uint8(picture)
    if array.ndim != 2 and (array.ndim != 3 or array.shape[2] not in (3, 4)):
        raise ValueError(f"a picture must be (height, width), or (height, width, 3 or 4) in colours, not {array.shape}")
    return Image.fromarray(np.ascontiguousarray(array))


def _require_uint8(images: Any) -> NDArray[np.uint8]:
    if isinstance(images, np.ma.MaskedArray):
        raise TypeError("a masked array has no grey levels where it is masked: fill it with .filled(level)")
    array = np.asarray(images)
    if array.dtype != np.uint8:
        raise TypeError(
            f"images must be uint8, grey levels from 0 to 255, not {array.dtype}: scale them to 0..255 if necessary, "
            "then convert them with .astype(np.uint8)"
        )
    return array


def _enlarge(boxes: NDArray[np.integer[Any]], shape: tuple[int, ...], size: tuple[int, int]) -> NDArray[np.int64]:
    """Map boxes from a grey picture of `shape` to the picture of `size`, both (height, width)."""
    (height, width), factors = size, [size[1] / shape[1], size[0] / shape[0]]
    mapped = np.hstack([np.floor(boxes[:, :2] * factors), np.ceil(boxes[:, 2:] * factors)])
    return np.asarray(np.clip(mapped, 0, [width, height, width, height]), np.int64)


def _is_integer(name: str) -> bool:
    return name.isdecimal() and str(int(name)) == name
