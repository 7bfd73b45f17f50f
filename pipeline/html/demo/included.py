"""The drawing demo of the included model, for which nothing has to be trained."""

from pathlib import Path

from pipeline.data import idx
from pipeline.html.demo.drawing_page import render_demo
from pipeline.html.demo.examples import choose_examples
from pipeline.html.demo.lessons import choose_lessons
from pipeline.model import PRETRAINED_MODEL
from pipeline.model.prediction import predict
from pipeline.model.safetensors import load_safetensors

SAMPLE = Path(__file__).parents[2] / "data" / "sample"


def render_included_demo() -> str:
    """Return the demo of the included model, with images of the sample of MNIST to choose and to learn from."""
    model = load_safetensors(PRETRAINED_MODEL)
    (images, labels), (training, truths) = (
        [idx.load(next(SAMPLE.glob(f"{part}-{kind}-*"))) for kind in ("images", "labels")] for part in ("t10k", "train")
    )
    return render_demo(
        model,
        model.test_accuracy or 0,
        model.test_images,
        choose_examples(images, labels, predict(model, images)),
        choose_lessons(training, truths),
    )[0]
