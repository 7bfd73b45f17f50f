"""Train the two networks that read pictures, and calibrate the confidence of what they read."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.data.dataset import Description
from pipeline.data.scaling import Scaling
from pipeline.engine.arrays import read_array
from pipeline.engine.threads import count_cores
from pipeline.model.model import Model
from pipeline.network.architecture import build_layers, find_window
from pipeline.network.network import view_parameters
from pipeline.pictures.calibration import Quality, calibrate
from pipeline.pictures.candidates import Windows
from pipeline.training.ensemble import TrainedNetwork, train_network
from pipeline.training.history import Row
from pipeline.training.positions import load_composed
from pipeline.training.recipe import Recipe
from pipeline.training.team import ThreadTeam

log = logging.getLogger(__name__)

OnBatch = Callable[[], object]
OnEpoch = Callable[[Row, bool], object]


def train_slider(
    compose: Path, description: Description, recipe: Recipe, checkpoint: Path, on_batch: OnBatch, on_epoch: OnEpoch
) -> tuple[Model, TrainedNetwork]:
    """Train a network to slide over pictures, on those that the stage `compose` has written to a folder.

    Training resumes from the file `checkpoint` if it is of this recipe. Raises what `train_network` raises, and
    UsageError if a layer cannot slide or needs larger pictures.
    """
    classes = len(description.class_names)
    training, validation = (load_composed(compose, part, recipe.layers, classes) for part in ("train", "validation"))
    trained = train_network(recipe, training, validation, classes + 1, checkpoint, on_batch, on_epoch)
    return replace(_to_model(recipe, find_window(recipe.layers), description, trained), sliding=True), trained


def train_context(
    model: Model,
    recipe: Recipe,
    training: Windows,
    validation: Windows,
    checkpoint: Path,
    on_batch: OnBatch,
    on_epoch: OnEpoch,
) -> tuple[Model, TrainedNetwork]:
    """Train the second network, which sees the candidates of a model among their neighbours; return both as a model.

    training, validation: from `collect`. Training resumes from the file `checkpoint` if it is of this recipe.
    """
    classes = len(model.class_names)
    trained = train_network(recipe, training, validation, classes + 1, checkpoint, on_batch, on_epoch)
    description = Description(model.dataset, model.class_names)
    return replace(model, context=_to_model(recipe, training.image_shape, description, trained)), trained


def _to_model(recipe: Recipe, shape: tuple[int, int], description: Description, trained: TrainedNetwork) -> Model:
    layers = build_layers(recipe.layers, recipe.activation, shape, len(description.class_names) + 1)
    return Model(
        (view_parameters(layers, trained.flat),),
        layers=recipe.layers,
        activation=recipe.activation,
        loss=recipe.loss,
        scaling=Scaling(0.0, 1.0),
        image_shape=shape,
        class_names=description.class_names,
        dataset=description.name,
        negative_class=True,
    )


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
