"""Ordinary and unusual findings for the tests of the report."""

from pathlib import Path

import numpy as np

from pipeline.data.augmentation import Augmentation
from pipeline.engine.artifacts import Manifest
from pipeline.engine.provenance import Provenance
from pipeline.html.report.report_page import Findings
from pipeline.model.metrics import compute_metrics
from pipeline.training.history import Epoch
from pipeline.training.recipe import Recipe, to_dict
from pipeline.training.recipes import find_changes
from pipeline.training.stored_runs import TrainingRun
from tests.pipeline.models import make_model

NASTY = "<script>alert(1)</script>"
AUGMENTATION = Augmentation(shift=1.0, rotation=10.0)


def findings(
    classes: int = 3,
    images: int = 90,
    shape: tuple[int, int] = (5, 4),
    networks: int = 1,
    layers: str = "6",
    correct: bool = False,
    augmentation: Augmentation = AUGMENTATION,
    names: tuple[str, ...] = (),
) -> Findings:
    """Return random findings; correct: every prediction is."""
    generator = np.random.default_rng(1)
    labels = (np.arange(images) % classes).astype(np.uint8)
    probabilities = generator.dirichlet([0.5] * classes, images).astype(np.float32)
    if correct:
        probabilities = np.eye(classes, dtype=np.float32)[labels]
    names = names or tuple(map(str, range(classes)))
    metrics, confusion = compute_metrics(probabilities, labels, names)
    recipe = Recipe(layers=layers, epochs=3, ensemble_size=networks, augmentation=augmentation)
    parameters = {"recipe": "standard", **to_dict(recipe)}
    provenance = Provenance("train", parameters, {"normalize": "ab" * 32}, {}, {"python": "3.11", "numpy": "2.4.6"})
    manifest = Manifest(provenance, {}, "2026-01-02T03:04:05.678+00:00", 12.3, "")
    rows = [Epoch(n, 1 / n, 0.5, 0.6, 0.01, 2.0) for n in (1, 2, 3)]
    training = TrainingRun(
        id=manifest.provenance.key[:16],
        entry=Path("artifacts/train"),
        manifest=manifest,
        names=(),
        published=True,
        recipe="standard",
        changes=find_changes("standard", to_dict(recipe)),
        dataset="custom",
        data="ab" * 32,
        validation_accuracy=0.6,
        test_accuracy=None,
        expected_calibration_error=None,
        negative_log_likelihood=None,
        history=[rows] * networks,
    )
    model = make_model(layers, networks, shape, class_names=names, dataset="custom")
    return Findings(
        model=model,
        runs=[training],
        key=provenance.key,
        counts={"training": 30, "validation": 3, "test": images},
        images=generator.integers(0, 256, (images, *shape), dtype=np.uint8),
        labels=labels,
        metrics=metrics,
        confusion=confusion,
        probabilities=probabilities,
        samples=generator.integers(0, 256, (min(classes, 10), *shape), dtype=np.uint8),
    )


UNUSUAL = {
    "a single pixel": findings(2, shape=(1, 1)),
    "256 classes": findings(256, images=600),
    "30 classes with long names": findings(30, names=tuple(f"a class with the name {n}" for n in range(30))),
    "no error, hidden layer or augmentation": findings(correct=True, layers="", augmentation=Augmentation()),
    "one error": findings(4, images=1),
    "an ensemble": findings(networks=3),
    "convolutions": findings(layers="conv3x3/1,conv70x2/1"),
    "more kernels than shown": findings(layers="conv70x2/1,6", networks=2),
    "ten classes": findings(10, shape=(13, 13), layers="conv8,conv20x3/1,12"),
    "large images": findings(shape=(60, 120)),
    "names with markup": findings(2, names=(NASTY, "\"'&amp;")),
}
