"""Export the model as ONNX, safetensors, lesson and model card."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from typer import Option

from pipeline.engine.command import main
from pipeline.engine.stage import Input, Output, stage


@stage(
    packages=("handwriting",),
    extra_files=(
        *(f"pipeline/html/lesson/**/*.{kind}" for kind in ("js", "css", "html")),
        *("pipeline/html/page.html", "pipeline/html/tokens.css", "pipeline/html/model_card.md"),
    ),
)
def export(
    normalize: Annotated[Input, Option(help="Divided data, written by normalize.")] = Path("artifacts/normalize"),
    train: Annotated[Input, Option(help="Model folder, written by train.")] = Path("artifacts/train"),
    evaluate: Annotated[Input, Option(help="Metrics, written by evaluate.")] = Path("artifacts/evaluate"),
    output: Annotated[Output, Option(help="Output folder.")] = Path("artifacts/export"),
) -> str:
    """Export the model as ONNX and safetensors, with a lesson on it and a model card.

    The files are model.onnx, model.safetensors, index.html (the lesson) and MODEL_CARD.md. Each contains the class
    names and the test accuracy.

    Examples:
        handwriting export
        handwriting export --output my-model
    """
    from pipeline.data.split import load_split
    from pipeline.html.lesson.lessons import choose_lessons
    from pipeline.html.lesson.page import save_lesson
    from pipeline.html.lesson.pictures import choose_pictures
    from pipeline.html.model_card import make_model_card
    from pipeline.model.metrics import load_confusion, load_metrics
    from pipeline.model.model import load_model, load_training
    from pipeline.model.onnx import save_onnx
    from pipeline.model.safetensors import save_safetensors

    model = load_model(train)
    metrics = load_metrics(evaluate, model.class_names)
    model = replace(model, test_accuracy=metrics.accuracy, test_images=metrics.images)
    files = [output / "model.onnx", output / "model.safetensors", output / "index.html"]
    save_onnx(files[0], model)
    save_safetensors(files[1], model)
    classes = len(model.class_names)
    split = load_split(normalize)
    lessons = choose_lessons(split.training.pixels, split.training.labels)
    pictures = choose_pictures(model, split.test.pixels, split.test.labels, lessons)
    reduction = save_lesson(files[2], model, pictures, lessons)
    confusion = load_confusion(evaluate, classes)
    card = make_model_card(model, load_training(train), metrics, confusion, split.description.preparation)
    (output / "MODEL_CARD.md").write_text(card, encoding="utf-8")
    sizes = ", ".join(f"{file.name} {file.stat().st_size / 1e6:.2f} MB" for file in files)
    return f"{sizes} ({reduction})" if reduction else sizes


if __name__ == "__main__":
    main(export)
