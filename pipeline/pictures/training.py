"""Train a network on composed pictures, and calibrate the confidence of what it reads."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.data.dataset import Description
from pipeline.data.scaling import Scaling
from pipeline.engine.arrays import read_array
from pipeline.engine.threads import count_cores
from pipeline.model.files import Model
from pipeline.network.architecture import build_layers, find_window
from pipeline.network.network import view_parameters
from pipeline.pictures.calibration import Quality, calibrate
from pipeline.training.ensemble import TrainedNetwork, train_network
from pipeline.training.history import Row
from pipeline.training.positions import load_composed
from pipeline.training.recipe import Recipe
from pipeline.training.team import ThreadTeam

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainedReader:
    """A calibrated model, its training, and how well it reads the pages."""

    model: Model
    training: TrainedNetwork
    pictures: int
    quality: Quality


def train_reader(
    compose: Path,
    description: Description,
    recipe: Recipe,
    checkpoint: Path,
    on_batch: Callable[[], object] = lambda: None,
    on_epoch: Callable[[Row, bool], object] = lambda row, resumed: None,
) -> TrainedReader:
    """Train a network on pictures that the stage `compose` has written to a folder.

    Training resumes from the file `checkpoint` if it is of this recipe. Raises what `train_network` raises, and
    UsageError if a layer cannot slide or needs larger pictures.
    """
    classes = len(description.class_names)
    training, validation = (load_composed(compose, part, recipe.layers, classes) for part in ("train", "validation"))
    trained = train_network(recipe, training, validation, classes + 1, checkpoint, on_batch, on_epoch)
    window = find_window(recipe.layers)
    model = Model(
        (view_parameters(build_layers(recipe.layers, recipe.activation, window, classes + 1), trained.flat),),
        recipe.layers,
        recipe.activation,
        recipe.loss,
        Scaling(0.0, 1.0),
        window,
        description.class_names,
        description.name,
        negative_class=True,
        sliding=True,
    )
    calibrated, quality = calibrate_on_pages(model, compose)
    return TrainedReader(calibrated, trained, len(training), quality)


def calibrate_on_pages(model: Model, compose: Path) -> tuple[Model, Quality]:
    """Calibrate a model on the pages that the stage `compose` has written to a folder; see `calibrate`."""
    pages = read_array(compose / "pages-pictures.npy", np.uint8, (None, None, None))
    digits = read_array(compose / "pages-digits.npy", np.float32, (len(pages), None, None))
    log.info("reader: calibrating the confidence on %s pages", f"{len(pages):,}")
    with ThreadTeam(count_cores()) as team:
        return calibrate(model, pages, [_to_text(each) for each in digits], team.run)


def _to_text(digits: NDArray[np.float32]) -> tuple[int, ...]:
    labels = digits[:, 0].astype(int)
    return tuple(labels[labels >= 0].tolist())
