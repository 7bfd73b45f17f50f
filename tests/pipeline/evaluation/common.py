"""A model's answers to the sample's test images."""

from pathlib import Path

import numpy as np

from pipeline.engine.arrays import open_rows, read_rows
from pipeline.evaluation.predictions import PROBABILITIES, fill, open_answers
from pipeline.model.files import load_model
from pipeline.scheduling.backends import Place


def answer(built: Path, folder: Path, place: Place, block_size: int) -> np.ndarray:
    """The probabilities of the test images, which are kept in a folder."""
    model = load_model(built / "train")
    images = open_rows(built / "normalize" / "test-images.npy", np.float32, (None, *model.image_shape))
    answers = open_answers(folder, [PROBABILITIES], len(images), len(model.class_names), "test")
    fill(answers, model, [images], block_size, place)
    return read_rows(answers.files[PROBABILITIES], 0, len(images))
