from pathlib import Path

import numpy as np

from pipeline.engine.arrays import open_rows, read_rows
from pipeline.evaluation.predictions import PROBABILITIES, open_predictions, predict_missing
from pipeline.model.model import load_model
from pipeline.scheduling.backends import Backend


def predict_test_images(built: Path, folder: Path, backend: Backend, block_size: int) -> np.ndarray:
    model = load_model(built / "train")
    images = open_rows(built / "normalize" / "test-images.npy", np.float32, (None, *model.image_shape))
    predictions = open_predictions(folder, [PROBABILITIES], len(images), len(model.class_names), "test")
    predict_missing(predictions, model, [images], block_size, backend)
    return read_rows(predictions.files[PROBABILITIES], 0, len(images))
