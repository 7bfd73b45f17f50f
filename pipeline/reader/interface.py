"""What `pipeline.reader` exports: load models, read pictures with them, predict arrays of images, save a model."""

import hashlib
import logging
import os
import threading
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from pipeline.engine.artifacts import MANIFEST, find_artifact, require_intact
from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.store import check_outside, read_lock
from pipeline.engine.threads import count_cores, single_threaded_blas
from pipeline.model import PRETRAINED, PRETRAINED_READER
from pipeline.model.header import format_header
from pipeline.model.model import Classifier, Detector, Model, load_model
from pipeline.model.prediction import predict
from pipeline.model.safetensors import load_safetensors, save_safetensors
from pipeline.network.thread_pool import Run, ThreadPool
from pipeline.pictures.decoding import Page, PictureError, PictureSource, load_page
from pipeline.reader.pages.result import Number, Problem, Result, Row

__all__ = [
    "PRETRAINED",
    "Number",
    "PictureError",
    "PipelineError",
    "Problem",
    "Reader",
    "Result",
    "Row",
    "load",
    "save",
]

log = logging.getLogger(__name__)

TRAINED, TRAINED_READER = Path("artifacts/train"), Path("artifacts/detector")
# Until 1.1.0, the stage `detector` had the name of the package. Its result is the same but for that name.
STAGE_BEFORE = "reader"
TRAINED_BEFORE = TRAINED.with_name(STAGE_BEFORE)
SAFETENSORS = "model.safetensors"

PictureInput = str | os.PathLike[str] | BinaryIO | Image.Image | NDArray[np.uint8]

AnyModel = TypeVar("AnyModel", bound=Model)

_lock = threading.Lock()  # the limit on BLAS's threads belongs to the process


def _renew_lock() -> None:
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_renew_lock)  # the thread that held the lock does not exist there


@runtime_checkable
class Fields(Protocol):
    """Fields to read on a page, such as the form that `pipeline.desk.load_form` returns."""

    def read_fields(self, model: Detector, page: Page, run: Run, name: str) -> Result:
        """Read the fields of a page. name: of the picture, in error messages."""


@dataclass(frozen=True, eq=False)
class Reader:
    """Trained models that read images and pictures; see `load`. Calls from several threads run one after another.

    model: the model that classifies images as in the training set. detector: the model that is slid over pictures; if
    it is None, a picture shows one object, which `model` classifies.
    """

    model: Classifier
    detector: Detector | None

    @cached_property
    def digest(self) -> str:
        """SHA-256 hash of both models, in hexadecimal."""
        digest = hashlib.sha256()
        models: list[Model] = [self.model, *([self.detector, self.detector.row] if self.detector else [])]
        for model in models:
            digest.update(format_header(model.header).encode())
            for flat in model.parameters:
                digest.update(flat.data)
        return digest.hexdigest()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the classes of the digits in pictures."""
        return (self.detector or self.model).class_names

    @cached_property
    def classes_(self) -> NDArray[Any]:
        """The classes in the order of the columns of `predict_proba`; integers if all names are, otherwise strings."""
        names = self.model.class_names
        integers = all(name.isdecimal() and str(int(name)) == name for name in names)
        return np.array([int(name) for name in names] if integers else names)

    def predict_proba(self, images: ArrayLike) -> NDArray[np.float32]:
        """Return the probabilities of the classes, float32 (n, classes), of images as in the training set.

        images: uint8 (n, height, width), or one image (height, width), with light digits on black and the size of the
        training images, 28 x 28 for MNIST. The probabilities of an image sum to 1. Raises TypeError for another dtype,
        and ValueError for another shape. For pictures, use `read`.
        """
        array = _require_uint8(images)
        shape = self.model.image_shape
        if array.shape[-2:] != shape or array.ndim not in (2, 3):
            size = f"{shape[0]}, {shape[1]}"
            raise ValueError(f"images must have the shape (n, {size}) or ({size}), not {array.shape}")
        with _lock, single_threaded_blas():
            return predict(self.model, array.reshape(-1, *shape))

    def predict(self, images: ArrayLike) -> NDArray[Any]:
        """Return the most probable class of each image, (n,), one of `classes_`.

        images: as for `predict_proba`, which also says what is raised.
        """
        return np.asarray(self.classes_[self.predict_proba(images).argmax(axis=1)])

    def read(
        self,
        picture: PictureInput,
        name: str = "",
        threads: int | None = None,
        page: int = 0,
        form: Fields | None = None,
    ) -> Result:
        """Read the digits in a drawing, a scan or a photograph of any size.

        picture: the path of a file, an open binary file, a Pillow image, or an array, uint8: grey levels (height,
        width), or colours (height, width, 3) or (height, width, 4), the fourth being the opacity. An open file is read
        from its position, or from its start if that is its end, and keeps its position. name: name of the picture in
        error messages, by default its path. threads: number of threads, by default one for each core. page: page or
        frame of a file, from 0; an image or an array has only one. form: fields to read, from
        `pipeline.desk.load_form`. Raises PictureError if the picture cannot be read or a region of the form lies
        outside of it, TypeError or ValueError for an array of another dtype or shape or with masked values, ValueError
        for less than one thread, TypeError for another form, and UsageError for a form if the model reads one object
        per picture.
        """
        source = _to_source(picture)
        if not name:
            name = os.fsencode(source).decode(errors="replace") if isinstance(source, Path) else "the picture"
        return self.read_page(load_page(source, name, page), name, threads, form)

    def read_page(self, page: Page, name: str, threads: int | None = None, form: Fields | None = None) -> Result:
        """Read the digits in a picture that is decoded already; the arguments and errors are those of `read`."""
        # Imported only now, since predictions of arrays of images do not need it.
        from pipeline.reader.pages.reading import read, read_one

        if threads is not None and threads < 1:
            raise ValueError(f"threads must be at least 1, not {threads}: leave it out for one thread per core")
        if form is not None and not isinstance(form, Fields):
            raise TypeError(f"form must be a Form, not {type(form).__name__}: load its file with load_form")
        with _lock, ThreadPool(threads or count_cores()) as pool:
            if self.detector and form:
                result = form.read_fields(self.detector, page, pool.run, name)
            elif self.detector:
                result = read(self.detector, page.grey, page.size, pool.run)
            elif form:
                raise UsageError("this model reads one object per picture, so it takes no form: leave out the form")
            else:
                result = read_one(self.model, page.grey, page.size)
        return replace(result, more_pages=page.more_pages)


def load(folder: str | os.PathLike[str] | None = None, pictures: bool = True) -> Reader:
    """Load the models and log which one is used.

    folder: an artifact of the stage `train`, `export` or `detector`; or a file model.safetensors, or its folder, such
    as PRETRAINED. By default, `artifacts/train` in the current folder classifies images and `artifacts/detector` reads
    pictures; if one of them does not exist, the pretrained model takes its place. If the classes of a named classifier
    differ from the reader's, it also classifies pictures, each as a picture of one object. pictures: whether to load
    the model that reads pictures. Raises PipelineError if a model is missing or damaged, and UsageError if the model
    reads only rows, or if it reads only pictures and `pictures` is False.
    """
    path = Path(folder) if folder is not None else _choose(TRAINED, PRETRAINED)
    model = _load(path, *(("detector", "train") if pictures and path != TRAINED else ("train", "detector")))
    if pictures and isinstance(model, Detector):
        log.info("model: %s", _describe(model, path))
        beside = _choose(TRAINED, PRETRAINED)
        return Reader(_require(Classifier, _load(beside, "train"), beside), model)
    classifier = _require(Classifier, model, path)
    if pictures:
        other = _find_detector(path if folder is not None else None)
        detector = _require(Detector, _load(other, "detector"), other)
        if folder is None or path == PRETRAINED or detector.class_names == classifier.class_names:
            is_beside = other.parent == path
            why = f" reads pictures, because {folder} classifies single images" if folder and not is_beside else ""
            log.info("model: %s%s", _describe(detector, other), why)
            return Reader(classifier, detector)
    log.info("model: %s", _describe(classifier, path))
    return Reader(classifier, None)


def _find_detector(folder: Path | None) -> Path:
    """Return the detector beside the classifier in a folder that was named, as in PRETRAINED; otherwise the usual."""
    if folder is not None and (beside := folder / PRETRAINED_READER.name).exists():
        return beside
    return _choose(TRAINED_READER, TRAINED_BEFORE, PRETRAINED_READER)


def _require(kind: type[AnyModel], model: Model, path: Path) -> AnyModel:
    if not isinstance(model, kind):
        stages = "`detector`" if kind is Detector else "`train` or `export`"
        raise UsageError(f"{path} is {model.title}, not {kind.title}: name one that {stages} wrote")
    return model


def save(model: Model, path: str | os.PathLike[str]) -> None:
    """Write a model, such as that of `pipeline.training.train`, to a safetensors file, which `load` reads.

    The parameters are stored as float32. Raises UsageError if the file would lie within the result of a stage, and
    OSError if it cannot be written.
    """
    check_outside(Path(path))
    save_safetensors(Path(path), model)


def _describe(model: Classifier | Detector, path: Path) -> str:
    """Return the name of a model and, for a classifier, its accuracy and what to do if it cannot reject."""
    pretrained = {PRETRAINED: "the pretrained classifier", PRETRAINED_READER: "the pretrained reader"}
    words = [pretrained.get(path, str(path))]
    if isinstance(model, Detector):
        return words[0]
    if model.validation_accuracy:
        words.append(f"{model.validation_accuracy:.2%} correct on validation images")
    if not model.negative_class:
        words.append("without a reject class: assigns every image to one of its classes")
    return ", ".join(words)


def _choose(*paths: Path) -> Path:
    """Return the first path that exists, otherwise the last."""
    return next((path for path in paths if path.exists() or path.is_symlink()), paths[-1])


def _load(path: Path, *stages: str) -> Model:
    """Return the model in a folder or file. stages: those whose result the folder may be; messages name the first."""
    try:
        path.lstat()  # raises OSError if it does not exist
        with read_lock(path) as entry:
            file = entry if entry.is_file() else entry / SAFETENSORS
            exported = file.exists()
            if not exported or (entry / MANIFEST).exists():
                before = (STAGE_BEFORE,) if "detector" in stages else ()
                found = find_artifact(entry, *(("export",) if exported else (*stages, *before)), shown=path)
                require_intact(entry, found, shown=path)
            return load_safetensors(file) if exported else load_model(entry)
    except OSError as error:
        raise PipelineError(f"the model {path} cannot be read ({error.strerror}): check the path") from None


def _to_source(picture: Any) -> PictureSource:
    """Convert a picture to what `load_page` takes."""
    if isinstance(picture, str | os.PathLike):
        return Path(picture)
    if isinstance(picture, Image.Image) or hasattr(picture, "read"):
        source: PictureSource = picture
        return source
    array = _require_uint8(picture)
    if array.ndim != 2 and (array.ndim != 3 or array.shape[2] not in (3, 4)):
        raise ValueError(f"a picture must be (height, width), or (height, width, 3 or 4) in colours, not {array.shape}")
    return Image.fromarray(np.ascontiguousarray(array))


def _require_uint8(images: Any) -> NDArray[np.uint8]:
    array: NDArray[Any] = np.asanyarray(images)
    if type(array) is not np.ndarray:  # only now, because the import of numpy.ma takes 0.1 s
        if np.ma.is_masked(array):
            raise ValueError("images must be without masked values: fill them, for example with .filled(255)")
        array = np.asarray(array)
    if array.dtype != np.uint8:
        raise TypeError(
            f"images must be uint8, grey levels from 0 to 255, not {array.dtype}: scale them to 0..255 if necessary, "
            "then convert them with .astype(np.uint8)"
        )
    return array
