"""The lesson with the included model, for which nothing has to be trained."""

from pathlib import Path

from pipeline.data import idx
from pipeline.html.lesson.lessons import choose_lessons
from pipeline.html.lesson.page import render_lesson
from pipeline.html.lesson.pictures import choose_pictures
from pipeline.model import PRETRAINED_MODEL
from pipeline.model.safetensors import load_safetensors

SAMPLE_FOLDER = Path(__file__).parents[2] / "data" / "sample"


def render_included_lesson() -> str:
    """Return the lesson of the included model, with pictures of the sample of MNIST."""
    model = load_safetensors(PRETRAINED_MODEL)
    (images, labels), (training, truths) = (
        [idx.load(next(SAMPLE_FOLDER.glob(f"{part}-{kind}-*"))) for kind in ("images", "labels")]
        for part in ("t10k", "train")
    )
    lessons = choose_lessons(training, truths)
    pictures = choose_pictures(model, images, labels, lessons)
    return render_lesson(model, pictures, lessons)[0]
